import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonlRow, readJsonl } from "../src/jsonl.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "preflab-jsonl-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(content: string | Uint8Array): Promise<JsonlRow[]> {
  const path = join(folder, "rows.jsonl");
  writeFileSync(path, content);
  const rows: JsonlRow[] = [];
  for await (const row of readJsonl(path)) rows.push(row);
  return rows;
}

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

describe("jsonl", () => {
  test("rows carry their line, which counts empty ones", async () => {
    const rows = await read('{"a":1}\n\n  \n{"a":2}');
    expect(rows.map(({ value }) => value)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(rows.map(({ where }) => where.replace(/.*:/, ""))).toEqual(["1", "4"]);
  });

  test("CRLF and a byte order mark are no part of a row", async () => {
    const rows = await read(bytes([0xef, 0xbb, 0xbf], '{"a":1}\r\n{"a":2}\r\n'));
    expect(rows.map(({ value }) => value)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test("an empty file has no rows", async () => {
    expect(await read("")).toEqual([]);
  });

  test("lines longer than what is read at once stay whole, characters of several bytes too", async () => {
    const texts = ["é".repeat(100_001), "short", "漢".repeat(70_000)];
    const rows = await read(texts.map((text) => `${JSON.stringify({ text })}\n`).join(""));
    expect(rows.map(({ value }) => value["text"])).toEqual(texts);
  });

  test("a malformed row is an error that names its line", async () => {
    await expect(read('{"a":1}\n{"a":\n')).rejects.toThrow(/rows\.jsonl:2: .*got "{"a":"/);
    await expect(read('{"a":1}\n[1]\n')).rejects.toThrow(/rows\.jsonl:2: .*object, got \[1\]/);
    await expect(read("null")).rejects.toThrow(/rows\.jsonl:1: .*object, got null/);
  });

  test("text that is not UTF-8 is an error that names its line", async () => {
    const latin1 = bytes('{"a":1}\n{"a":"', [0xe9], '"}\n');
    await expect(read(latin1)).rejects.toThrow(/rows\.jsonl:2: expected UTF-8/);
  });

  test("a missing file is an error that names it", async () => {
    const rows = readJsonl(join(folder, "none.jsonl"));
    await expect(rows.next()).rejects.toThrow(/ENOENT.*none\.jsonl/);
  });
});
