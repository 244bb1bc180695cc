import { csvRows, type JsonOptions } from "@preflab/data";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunksOf, collect } from "../chunks.ts";

async function read(
  content: string | Uint8Array,
  options: JsonOptions & { readonly delimiter?: "," | "\t"; readonly chunk?: number } = {},
): Promise<unknown[]> {
  const { delimiter = ",", chunk = 3, ...rest } = options;
  const items = await collect(csvRows("f", chunksOf(content, chunk), delimiter, rest));
  return items.map((item) =>
    item.kind === "row" ? [item.line, item.value] : `${item.row}@${item.line} ${item.code}`,
  );
}

describe("sources/csv", () => {
  test("fields are named by the header and keep line ends, quotes and delimiters", async () => {
    expect(await read('a,b\r\n1,"x\ny ""q"", z"\r\n,\n')).toEqual([
      [2, { a: "1", b: 'x\ny "q", z' }],
      [4, { a: "", b: "" }],
    ]);
  });

  test("tabs separate where they are asked to", async () => {
    expect(await read("a\tb\n1,2\t3\n", { delimiter: "\t" })).toEqual([[2, { a: "1,2", b: "3" }]]);
  });

  test("each bad record costs one row", async () => {
    const content = 'a,b\n1\n"x" y,2\n5" z,2\n1,2,3\n7,8\n';
    expect(await read(content)).toEqual([
      "0@2 invalid_csv",
      "1@3 invalid_csv",
      "2@4 invalid_csv",
      "3@5 invalid_csv",
      [6, { a: "7", b: "8" }],
    ]);
  });

  test("a record that is too long or not UTF-8 costs one row", async () => {
    expect(await read(`a,b\n${"x".repeat(50)},1\n2,3\n`, { maxLineBytes: 40 })).toEqual([
      "0@2 line_too_long",
      [3, { a: "2", b: "3" }],
    ]);
    const bytes = Uint8Array.from([...Buffer.from("a\n"), 0xc3, ...Buffer.from("\nb\n")]);
    expect(await read(bytes)).toEqual(["0@2 invalid_utf8", [3, { a: "b" }]]);
  });

  test("a quote that stays open is a problem where it opens", async () => {
    expect(await read('a,b\n1,2\n"x,3\n4,5\n')).toEqual([
      [2, { a: "1", b: "2" }],
      "1@3 invalid_csv",
    ]);
  });

  test("a bad header ends the file, a byte order mark is no part of it", async () => {
    expect(await read('"a,b\n1,2\n')).toEqual(["0@1 invalid_csv"]);
    expect(await read("\ufeffa\n1\n")).toEqual([[2, { a: "1" }]]);
  });

  test("random records come back, whatever the chunks are", async () => {
    const field = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r\n", "ä", " ") });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        async (records, chunk) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const lines = records.map(([a, b]) => `${quoted(a)},${quoted(b)}`);
          const rows = await read(`a,b\n${lines.join("\n")}\n`, { chunk });
          expect(rows.map((row) => (row as [number, unknown])[1])).toEqual(
            records.map(([a, b]) => ({ a, b })),
          );
        },
      ),
    );
  });
});
