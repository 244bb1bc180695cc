import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cachedDataset, downloadDataset, HubError } from "@preflab/lm";
import { fakeHub, type HubSetup } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const REPO = "someone/tiny-data";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const FILES = {
  "README.md": new TextEncoder().encode("# Data"),
  "data/train.jsonl": new TextEncoder().encode('{"text":"a"}\n'),
  "data/test.jsonl": new TextEncoder().encode('{"text":"b"}\n'),
};

async function setUp(changes: Partial<HubSetup> = {}) {
  const hub = await fakeHub({
    repo: REPO,
    kind: "dataset",
    files: FILES,
    revisions: { main: COMMIT },
    ...changes,
  });
  const cacheDir = await temporaryFolder();
  const download = (choose: (paths: readonly string[]) => readonly string[], repo = REPO) =>
    downloadDataset({ repo, cacheDir, hubUrl: hub.url, choose });
  return { hub, cacheDir, download };
}

describe("io/hub-dataset", () => {
  test("fetches the chosen files into the layout of Python's cache", async () => {
    const { hub, cacheDir, download } = await setUp();
    const offered: string[] = [];
    const found = await download((paths) => {
      offered.push(...paths);
      return paths.filter((path) => path.endsWith("train.jsonl"));
    });
    expect(offered).toEqual(Object.keys(FILES));
    const folder = join(cacheDir, "datasets--someone--tiny-data");
    expect(found).toEqual({ path: join(folder, "snapshots", COMMIT), commit: COMMIT });
    expect(hub.requests).toEqual(["data/train.jsonl"]);
    expect(await readFile(join(found.path, "data/train.jsonl"), "utf8")).toBe('{"text":"a"}\n');
    expect(await readFile(join(folder, "refs/main"), "utf8")).toBe(COMMIT);
  });

  test("what is there is not fetched again, and is found without network", async () => {
    const { hub, cacheDir, download } = await setUp();
    expect(await cachedDataset(REPO, cacheDir)).toBeNull();
    const all = (paths: readonly string[]) => paths.filter((path) => path.startsWith("data/"));
    const found = await download((paths) => all(paths).slice(0, 1));
    expect(await download(all)).toEqual(found);
    expect(hub.requests).toEqual(["data/train.jsonl", "data/test.jsonl"]);
    await hub.close();
    expect(await cachedDataset(REPO, cacheDir)).toEqual(found);
    expect(await cachedDataset(`${REPO}@${COMMIT}`, cacheDir)).toEqual(found);
    expect(await cachedDataset(`${REPO}@other`, cacheDir)).toBeNull();
    await expect(download(all)).rejects.toThrow("put the dataset's files into a folder");
  });

  test("errors speak of data sets and their pages", async () => {
    const { hub, download } = await setUp();
    const error = await download(() => [], "someone/else").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HubError);
    expect((error as Error).message).toContain(`${hub.url}/datasets/someone/else`);
    await expect(download(() => ["absent.jsonl"])).rejects.toThrow("expected absent.jsonl");
    await expect(download(() => [], "no-name")).rejects.toThrow("ORG/NAME");
  });
});
