import { relative } from "node:path";
import { gzipSync } from "node:zlib";
import { type ReadOptions, readRows } from "@preflab/data";
import type { CompressionCodec, SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { collect } from "../chunks.ts";
import { fileOf, folderOf } from "./temporary-folder.ts";

/** `row value`, or `row@line !code`. */
async function read(path: string, options: ReadOptions = {}): Promise<string[]> {
  return (await collect(readRows(path, options))).map((item) =>
    item.kind === "row"
      ? `${item.row} ${JSON.stringify(item.value)}`
      : `${item.row}@${item.line} !${item.code}`,
  );
}

const TWO = ['0 {"a":1}', '1 {"a":2}'];

describe("io/read-rows: text files", () => {
  test.each([
    ["x.jsonl", '{"a":1}\n{"a":2}\n'],
    ["x.json", '[{"a":1},{"a":2}]'],
    ["lines.json", '{"a":1}\n{"a":2}'],
    ["array.jsonl", '\n [{"a":1},\n{"a":2}]'],
    ["x.jsonl.gz", gzipSync('{"a":1}\n{"a":2}\n')],
    ["named-otherwise.jsonl", gzipSync('[{"a":1},{"a":2}]')],
    ["two-members.jsonl.gz", Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')])],
  ])("%s is read by what it holds", async (name, content) => {
    expect(await read(await fileOf(name, content))).toEqual(TWO);
  });

  test("CSV and TSV are told by their names", async () => {
    const rows = ['0 {"a":"1"}', '1 {"a":"2"}'];
    expect(await read(await fileOf("x.csv", "a\n1\n2\n"))).toEqual(rows);
    expect(await read(await fileOf("x.tsv.gz", gzipSync("a\n1\n2\n")))).toEqual(rows);
  });

  test("an empty file has no rows", async () => {
    expect(await read(await fileOf("x.jsonl", ""))).toEqual([]);
  });

  test("gzip that breaks off gives what came before, and says so", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => JSON.stringify({ i, x: Math.sin(i) }));
    const whole = gzipSync(lines.join("\n"));
    const items = await read(await fileOf("x.jsonl.gz", whole.subarray(0, whole.length / 2)));
    expect(items.length).toBeGreaterThan(1000);
    const rows = items.length - 1;
    expect(items.slice(0, -1)).toEqual(lines.slice(0, rows).map((line, i) => `${i} ${line}`));
    expect(items.at(-1)).toBe(`${rows}@${rows + 1} !truncated_file`);
    const early = await read(await fileOf("y.jsonl.gz", whole.subarray(0, 15)));
    expect(early).toEqual(["0@1 !truncated_file"]);
  });

  test("damaged gzip is a problem", async () => {
    const bytes = gzipSync("x".repeat(1000));
    bytes.fill(255, 12, 20);
    expect(await read(await fileOf("x.jsonl.gz", bytes))).toEqual(["0@1 !corrupt_file"]);
  });

  test("a path with nothing there, or no data, is an error", async () => {
    await expect(read("missing.jsonl")).rejects.toThrow("got nothing there");
    await expect(read(await folderOf({ "README.md": "x" }))).rejects.toThrow("got none");
  });
});

describe("io/read-rows: folders", () => {
  test("rows are numbered through all files, by name; parts are told by names", async () => {
    const folder = await folderOf({
      "data/train-00000-of-00002.jsonl": '{"a":1}\nbad\n',
      "data/train-00001-of-00002.jsonl": "\ufeff{}\n",
      "data/test.jsonl": '{"a":0}\n',
      "README.md": "no data",
      ".cache/hidden.jsonl": "{}",
    });
    const items = await collect(readRows(folder));
    expect(
      items.map((item) => [
        item.row,
        relative(folder, item.file),
        item.kind === "row" ? item.split : item.code,
      ]),
    ).toEqual([
      [0, "data/test.jsonl", "test"],
      [1, "data/train-00000-of-00002.jsonl", "train"],
      [2, "data/train-00000-of-00002.jsonl", "invalid_json"],
      [3, "data/train-00001-of-00002.jsonl", "byte_order_mark"],
      [3, "data/train-00001-of-00002.jsonl", "train"],
    ]);
    expect(await read(folder, { split: "test" })).toEqual(['0 {"a":0}']);
    await expect(read(folder, { split: "validation" })).rejects.toThrow("got parts test, train");
  });

  test("IMDb's folders are read by class and number, other files passed over", async () => {
    const folder = await folderOf({
      "train/pos/10_9.txt": "good",
      "train/pos/2_7.txt": "fine",
      "train/neg/0_3.txt": "bad",
      "train/unsup/0_0.txt": "unlabelled",
      "train/urls_pos.txt": "url",
      "test/pos/0_10.txt": "great",
      "test/neg/0_1.txt": Uint8Array.of(0xff),
    });
    const rows = await read(folder);
    expect(rows).toEqual([
      '0 {"id":0,"text":"bad","label":0,"rating":3}',
      '1 {"id":2,"text":"fine","label":1,"rating":7}',
      '2 {"id":10,"text":"good","label":1,"rating":9}',
      "3@1 !invalid_utf8",
      '4 {"id":0,"text":"great","label":1,"rating":10}',
    ]);
    expect(await read(`${folder}/train`)).toEqual(rows.slice(0, 3));
    expect(await read(folder, { split: "test" })).toHaveLength(2);
  });
});

describe("io/read-rows: parquet", () => {
  const columnData = [
    { name: "text", data: ["one", "zwei ä", "three"], type: "STRING" as const },
    { name: "label", data: [0n, 1n, 0n], type: "INT64" as const },
  ];
  const rows = [
    '0 {"text":"one","label":0}',
    '1 {"text":"zwei ä","label":1}',
    '2 {"text":"three","label":0}',
  ];

  test.each(["SNAPPY", "UNCOMPRESSED", "GZIP"] as const)("%s is read", async (codec) => {
    const compressors: { [Codec in CompressionCodec]?: (bytes: Uint8Array) => Uint8Array } =
      codec === "GZIP" ? { GZIP: (bytes) => gzipSync(bytes) } : {};
    const buffer = parquetWriteBuffer({ columnData, codec, compressors });
    expect(await read(await fileOf("x.parquet", new Uint8Array(buffer)))).toEqual(rows);
  });

  test("row groups follow each other", async () => {
    const buffer = parquetWriteBuffer({ columnData, rowGroupSize: 2 });
    expect(await read(await fileOf("x.parquet", new Uint8Array(buffer)))).toEqual(rows);
  });

  test("lists of messages are read", async () => {
    const schema: SchemaElement[] = [
      { name: "root", num_children: 1 },
      { name: "chosen", repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "OPTIONAL", num_children: 2 },
      text("content"),
      text("role"),
    ];
    const turns = [
      { content: "q", role: "user" },
      { content: "a", role: "assistant" },
    ];
    const chosen = { name: "chosen", data: [turns, turns.slice(0, 1)] };
    const buffer = parquetWriteBuffer({ columnData: [chosen], schema });
    expect(await read(await fileOf("x.parquet", new Uint8Array(buffer)))).toEqual([
      `0 ${JSON.stringify({ chosen: turns })}`,
      `1 ${JSON.stringify({ chosen: turns.slice(0, 1) })}`,
    ]);

    function text(name: string): SchemaElement {
      return { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" };
    }
  });

  test("text that is no UTF-8 spoils its row", async () => {
    const schema: SchemaElement[] = [
      { name: "root", num_children: 1 },
      { name: "a", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
    ];
    const data = [Uint8Array.of(0x62), Uint8Array.of(0xff)];
    const buffer = parquetWriteBuffer({ columnData: [{ name: "a", data }], schema });
    expect(await read(await fileOf("x.parquet", new Uint8Array(buffer)))).toEqual([
      '0 {"a":"b"}',
      "1@undefined !invalid_utf8",
    ]);
  });

  test("a file that breaks off is a problem", async () => {
    const buffer = new Uint8Array(parquetWriteBuffer({ columnData }));
    expect(await read(await fileOf("x.parquet", buffer.subarray(0, buffer.length - 9)))).toEqual([
      "0@undefined !truncated_file",
    ]);
  });
});
