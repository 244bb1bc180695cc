import { type JsonOptions, jsonArray, jsonLines, type SourceItem } from "@preflab/data";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunksOf, collect } from "../chunks.ts";

type Reader = typeof jsonLines;

async function read(
  reader: Reader,
  content: string | Uint8Array,
  options: JsonOptions = {},
  chunk = 7,
): Promise<string[]> {
  return (await collect(reader("f", chunksOf(content, chunk), options))).map(short);
}

/** `row@line value`, or `row@line !code`. */
function short(item: SourceItem): string {
  const place = `${item.row}@${item.line}`;
  return item.kind === "row"
    ? `${place} ${JSON.stringify(item.value)}`
    : `${place} !${item.code} ${item.severity}`;
}

describe("sources/json-rows: lines", () => {
  test("every line is a row, the last one without a newline too, blank ones are none", async () => {
    expect(await read(jsonLines, '{"a":1}\n\n  \n[2]\n"c"')).toEqual([
      '0@1 {"a":1}',
      "1@4 [2]",
      '2@5 "c"',
    ]);
  });

  test("chunks of any size give the same rows", async () => {
    const content = '{"a":"ä\u{1F600}"}\n{"b":\n}\n{"c":3}\r\n';
    const whole = await read(jsonLines, content, {}, 1000);
    for (const size of [1, 2, 3, 5, 11]) {
      expect(await read(jsonLines, content, {}, size)).toEqual(whole);
    }
  });

  test("a bad row is a problem with its line, and the next rows are read", async () => {
    expect(await read(jsonLines, '{"a":1}\n{"a":\n{"a":3}\n')).toEqual([
      '0@1 {"a":1}',
      "1@2 !invalid_json error",
      '2@3 {"a":3}',
    ]);
  });

  test("bytes that are no UTF-8 spoil one row", async () => {
    const bytes = Uint8Array.from([...Buffer.from('{"a":"x'), 0xff, ...Buffer.from('"}\n{}\n')]);
    expect(await read(jsonLines, bytes)).toEqual(["0@1 !invalid_utf8 error", "1@2 {}"]);
  });

  test("a line longer than allowed is a problem, as long as allowed is none", async () => {
    const line = JSON.stringify({ a: "x".repeat(92) });
    expect(line).toHaveLength(100);
    expect(await read(jsonLines, `${line}\n{}\n`, { maxLineBytes: 100 })).toHaveLength(2);
    expect(await read(jsonLines, `${line}\n{}\n`, { maxLineBytes: 99 })).toEqual([
      "0@1 !line_too_long error",
      "1@2 {}",
    ]);
  });

  test("a line of 10 MB is too long by default and is not held", async () => {
    async function* long(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 10; i++) yield new Uint8Array(1e6).fill(120);
      yield* chunksOf("\n{}");
    }
    expect((await collect(jsonLines("f", long()))).map(short)).toEqual([
      "0@1 !line_too_long error",
      "1@2 {}",
    ]);
  });

  test("a byte order mark and CR LF are warned about once and do no harm", async () => {
    expect(await read(jsonLines, '\ufeff{"a":1}\r\n{"a":2}\r\n')).toEqual([
      "0@1 !byte_order_mark warning",
      "0@1 !crlf warning",
      '0@1 {"a":1}',
      '1@2 {"a":2}',
    ]);
  });
});

describe("sources/json-rows: array", () => {
  test("every element is a row with the line where it begins", async () => {
    const content = '[\n {"a": [1, {"b": "],}\\""}]},\n\n {"a":\n 2}\n]\n';
    expect(await read(jsonArray, content)).toEqual(['0@2 {"a":[1,{"b":"],}\\""}]}', '1@4 {"a":2}']);
  });

  test("an empty array has no rows", async () => {
    expect(await read(jsonArray, " [ ] ")).toEqual([]);
  });

  test("random arrays come back, whatever the chunks are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue()),
        fc.nat({ max: 2 }),
        fc.integer({ min: 1, max: 9 }),
        async (values, indent, size) => {
          const text = JSON.stringify(values, null, indent);
          const items = await collect(jsonArray("f", chunksOf(text, size)));
          const rows = items.map((item) => (item.kind === "row" ? item.value : item));
          expect(rows).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  test("a bad element is a problem, a missing end too", async () => {
    expect(await read(jsonArray, "[1, nope,\n3,,4]")).toEqual([
      "0@1 1",
      "1@1 !invalid_json error",
      "2@2 3",
      "3@2 !invalid_json error",
      "4@2 4",
    ]);
    expect(await read(jsonArray, '[{"a":1},\n{"a":2')).toEqual([
      '0@1 {"a":1}',
      "1@1 !truncated_file error",
    ]);
    expect(await read(jsonArray, "")).toEqual(["0@1 !truncated_file error"]);
    expect(await read(jsonArray, "[1] x")).toEqual(["0@1 1", "1@1 !corrupt_file error"]);
  });

  test("an element longer than allowed is a problem", async () => {
    expect(await read(jsonArray, '["xxxxxxxxxx",1]', { maxLineBytes: 5 })).toEqual([
      "0@1 !line_too_long error",
      "1@1 1",
    ]);
  });

  test("a byte order mark is warned about", async () => {
    expect(await read(jsonArray, "\ufeff[1]")).toEqual(["0@1 !byte_order_mark warning", "0@1 1"]);
  });
});
