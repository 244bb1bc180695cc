import { join } from "node:path";
import { DataError, readRows } from "@preflab/data";
import { fakeHub } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { collect } from "../chunks.ts";
import { folderOf } from "./temporary-folder.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const FILES = {
  "README.md": "# Data",
  "helpful/train.jsonl": '{"text":"a"}\n',
  "helpful/test.jsonl": '{"text":"b"}\n',
  "harmless/train.jsonl": '{"text":"c"}\n',
};

/** A hub with one data set, and texts of what is read from it. */
async function setUp() {
  const files = Object.fromEntries(
    Object.entries(FILES).map(([path, text]) => [path, new TextEncoder().encode(text)]),
  );
  const revisions = { main: COMMIT, old: COMMIT };
  const hub = await fakeHub({ repo: "someone/hh", kind: "dataset", files, revisions });
  const cacheDir = await folderOf({});
  const read = async (name: string) => {
    const rows = await collect(readRows(name, { hub: { hubUrl: hub.url, cacheDir } }));
    return rows.map((item) => (item.kind === "row" ? JSON.stringify(item.value) : item.code));
  };
  return { hub, read };
}

describe("io/locate", () => {
  test("a name on the Hub is fetched, a folder of it and a part too", async () => {
    const { hub, read } = await setUp();
    expect(await read("someone/hh/helpful:train")).toEqual(['{"text":"a"}']);
    expect(hub.requests).toEqual(["helpful/train.jsonl", "helpful/test.jsonl"]);
    expect(await read("someone/hh/harmless@old")).toEqual(['{"text":"c"}']);
    expect(await read("someone/hh:test")).toEqual(['{"text":"b"}']);
    // Nothing was fetched twice.
    expect(hub.requests).toHaveLength(3);
  });

  test("without network the cache serves", async () => {
    const { hub, read } = await setUp();
    await read("someone/hh/helpful");
    await hub.close();
    expect(await read("someone/hh/helpful")).toEqual(['{"text":"b"}', '{"text":"a"}']);
    await expect(read("someone/hh/harmless")).rejects.toThrow(DataError);
    await expect(read("someone/else")).rejects.toThrow(
      /got nothing there, and as a name.*Check the/,
    );
  });

  test("folders without data say where there is some", async () => {
    const { read } = await setUp();
    await expect(read("someone/hh/absent")).rejects.toThrow("there are some in helpful, harmless");
  });

  test("a path on this machine comes first, with a part too", async () => {
    const { hub, read } = await setUp();
    const folder = await folderOf({ "train.jsonl": "1\n", "test.jsonl": "2\n" });
    expect(await read(folder)).toEqual(["2", "1"]);
    expect(await read(`${folder}:train`)).toEqual(["1"]);
    expect(hub.requests).toEqual([]);
  });

  test("what names a file of data is never asked for", async () => {
    const { hub, read } = await setUp();
    await hub.close();
    const missing = [
      "data/pairs.jsonl",
      "../absent",
      "/no/where",
      join("a", "b.parquet"),
      "one",
      "",
    ];
    for (const name of missing) {
      await expect(read(name)).rejects.toThrow(/got nothing there\. Check the path/);
    }
  });
});
