import { lstat, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "@tensorflow/tfjs-backend-cpu";
import { type FakeHub, fakeHub, gitHash, type HubSetup, sha256 } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { downloadModel } from "../../src/io/hub-download.ts";
import { HubError } from "../../src/io/hub-error.ts";
import type { DownloadProgress } from "../../src/io/hub-repository.ts";
import { resolveModel } from "../../src/io/hub-resolve.ts";
import { loadModel } from "../../src/io/model-folder.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const REPO = "someone/tiny-model";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "89abcdef0123456789abcdef0123456789abcdef";
const SHARDED = fileURLToPath(new URL("../fixtures/models/qwen2-sharded/", import.meta.url));

/** So large that it arrives in several pieces. */
const WEIGHTS = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) >>> 7);
const FILES = {
  "README.md": text("# A model"),
  "config.json": text('{"model_type": "gpt2"}'),
  "generation_config.json": text("{}"),
  "tokenizer.json": text("{ }"),
  "chat_template.jinja": text("{{ messages }}"),
  "merges.txt": text(""),
  "model.safetensors": WEIGHTS,
  "pytorch_model.bin": text("pickle"),
  "tf_model.h5": text("h5"),
};
const NEEDED = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "merges.txt",
  "chat_template.jinja",
  "model.safetensors",
];

describe("io/hub-download", () => {
  test("fetches what a language model needs into the layout of Python's cache", async () => {
    const { hub, cacheDir, download } = await setUp();
    const model = await download();
    const folder = join(cacheDir, "models--someone--tiny-model");
    const path = join(folder, "snapshots", COMMIT);
    expect(model).toEqual({ path, commit: COMMIT, files: NEEDED });
    expect((await readdir(path)).sort()).toEqual([...NEEDED].sort());
    await expectWeights(path);
    expect(await readlink(join(path, "model.safetensors"))).toBe(`../../blobs/${sha256(WEIGHTS)}`);
    expect(await readlink(join(path, "config.json"))).toBe(
      `../../blobs/${gitHash(FILES["config.json"])}`,
    );
    expect(await readFile(join(folder, "refs", "main"), "utf8")).toBe(COMMIT);
    // An empty file is there without asking.
    expect(hub.requests).toEqual(NEEDED.filter((file) => file !== "merges.txt"));
    await expect(resolveModel(REPO, { cacheDir })).resolves.toEqual({ path, commit: COMMIT });
  });

  test("what is there is not fetched again", async () => {
    const { hub, download } = await setUp();
    const model = await download();
    hub.requests.length = 0;
    expect(await download()).toEqual(model);
    expect(hub.requests).toEqual([]);
  });

  test("a commit pins, and a new commit shares unchanged contents with the old one", async () => {
    const { hub, cacheDir, download } = await setUp({
      revisions: { [OTHER]: OTHER, main: COMMIT },
    });
    await download();
    hub.requests.length = 0;
    const pinned = await download({ revision: OTHER });
    expect(pinned.commit).toBe(OTHER);
    expect(hub.requests).toEqual([]);
    expect((await resolveModel(REPO, { cacheDir })).commit).toBe(COMMIT);
    const byCommit = await resolveModel(`${REPO}@${OTHER}`, { cacheDir });
    expect(byCommit).toEqual({ path: pinned.path, commit: OTHER });
    expect(await download({ repo: `${REPO}@${OTHER}` })).toEqual(pinned);
    const branch = await setUp({ revisions: { "refs/pr/1": OTHER } });
    await branch.download({ revision: "refs/pr/1" });
    const resolved = await resolveModel(`${REPO}@refs/pr/1`, { cacheDir: branch.cacheDir });
    expect(resolved.commit).toBe(OTHER);
  });

  test("all shards of an index are fetched, and the model loads", async () => {
    const names = await readdir(SHARDED);
    const entries = names.map(async (name) => [name, await readFile(join(SHARDED, name))] as const);
    const files = Object.fromEntries(await Promise.all(entries));
    const { download } = await setUp({ files });
    const { path, files: fetched } = await download();
    expect(fetched.filter((file) => file.endsWith(".safetensors")).length).toBeGreaterThan(1);
    const { config, params } = await loadModel(path);
    expect(config.family).toBe("qwen2");
    for (const tensor of Object.values(params)) tensor.dispose();
    const [first] = fetched.filter((file) => file.endsWith(".safetensors")) as [string];
    const { [first]: _, ...rest } = files;
    const lacking = await setUp({ files: rest });
    await expect(lacking.download()).rejects.toThrow(`expected ${first}, which`);
  });

  test("a GGUF file is fetched where there is nothing else, or by its name", async () => {
    const gguf = { "README.md": text(""), "model-q8_0.gguf": text("GGUF") };
    const one = await setUp({ files: gguf });
    const model = await one.download();
    expect(model.files).toEqual(["model-q8_0.gguf"]);
    expect(model.path).toMatch(/model-q8_0\.gguf$/);
    expect((await resolveModel(REPO, one)).path).toBe(model.path);

    const two = await setUp({ files: { ...gguf, "model-f16.gguf": text("GGUF 16") } });
    await expect(two.download()).rejects.toThrow(`as ${REPO}/model-f16.gguf`);
    const repo = `${REPO}/model-f16.gguf`;
    const named = await two.download({ repo });
    expect(named.files).toEqual(["model-f16.gguf"]);
    expect((await resolveModel(repo, two)).path).toBe(named.path);
    const missing = two.download({ repo: `${REPO}/model-q4.gguf` });
    await expect(missing).rejects.toThrow("has model-f16.gguf, model-q8_0.gguf");

    const none = await setUp({ files: { "pytorch_model.bin": text("pickle") } });
    await expect(none.download()).rejects.toThrow("got pytorch_model.bin");
  });

  test("progress counts bytes of files and of all", async () => {
    const { download } = await setUp();
    const steps: DownloadProgress[] = [];
    await download({ onProgress: (step) => steps.push(step) });
    const total = NEEDED.reduce((sum, file) => sum + FILES[file as keyof typeof FILES].length, 0);
    expect([...new Set(steps.map(({ file }) => file))]).toEqual(NEEDED);
    expect(steps.at(-1)).toMatchObject({ totalBytes: total, totalSize: total });
    const done = steps.map(({ totalBytes }) => totalBytes);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    const weights = steps.filter(({ file }) => file === "model.safetensors");
    expect(weights.length).toBeGreaterThan(3);
    expect(weights.at(-1)).toMatchObject({ bytes: WEIGHTS.length, size: WEIGHTS.length });
  });

  test("a connection that breaks is opened again from where it broke", async () => {
    const { hub, download } = await setUp({
      breakAfter: ({ path, offset }) =>
        path === "model.safetensors" && offset < 2_000_000 ? 1_000_000 : null,
    });
    const { path } = await download();
    await expectWeights(path);
    const ranges = hub.requests.filter((request) => request.startsWith("model.safetensors"));
    expect(ranges.length).toBeGreaterThan(2);
    expect(ranges[0]).toBe("model.safetensors");
  });

  test("a download that failed goes on from what it had", async () => {
    let isDown = false;
    const { hub, cacheDir, download } = await setUp({
      breakAfter: ({ path }) => {
        isDown = path === "model.safetensors";
        return isDown ? 1_200_000 : null;
      },
      refuse: ({ offset }) => (isDown && offset > 0 ? 503 : null),
    });
    const failure = await download().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HubError);
    expect(String(failure)).toContain("status 503");
    const partial = join(
      cacheDir,
      "models--someone--tiny-model/blobs",
      `${sha256(WEIGHTS)}.incomplete`,
    );
    const { size } = await lstat(partial);
    expect(size).toBeGreaterThan(0);
    await expect(resolveModel(REPO, { cacheDir })).rejects.toThrow("preflab model download");
    const healthy = await fakeHub({ ...BASE });
    const steps: DownloadProgress[] = [];
    const onProgress = (step: DownloadProgress) => steps.push(step);
    const { path } = await download({ hubUrl: healthy.url, onProgress });
    expect(healthy.requests).toEqual([`model.safetensors@${size}`]);
    expect(steps.find(({ file }) => file === "model.safetensors")?.bytes).toBeGreaterThan(0);
    await expectWeights(path);
    await expect(lstat(partial)).rejects.toThrow("ENOENT");
    expect(hub.requests.length).toBeGreaterThan(0);
  });

  test("a signal stops a download, which can be taken up again", async () => {
    const { hub, download } = await setUp();
    const stop = new AbortController();
    const onProgress = ({ file, bytes }: DownloadProgress) => {
      if (file === "model.safetensors" && bytes < WEIGHTS.length) stop.abort(new Error("enough"));
    };
    await expect(download({ onProgress, signal: stop.signal })).rejects.toThrow("enough");
    const { path } = await download();
    expect(hub.requests.at(-1)).toMatch(/^model\.safetensors@\d+$/);
    await expectWeights(path);
    await expect(download({ signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
  });

  test("a server without ranges sends all again, and one that never gets further is given up", async () => {
    const half = { breakAfter: ({ path }: { path: string }) => (isWeights(path) ? 1e6 : null) };
    const stuck = await setUp({ ...half, noRanges: true });
    await expect(stuck.download()).rejects.toThrow(HubError);
    const calls = stuck.hub.requests.filter(isWeights);
    expect(calls.length).toBeLessThan(50);
    const slow = await fakeHub({ ...BASE, noRanges: true });
    const { path } = await stuck.download({ hubUrl: slow.url });
    expect(slow.requests).toEqual([expect.stringMatching(/^model\.safetensors@/)]);
    await expectWeights(path);
  });

  test.each([
    ["wrong bytes", (bytes: Uint8Array) => bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte))],
    ["too many bytes", (bytes: Uint8Array) => Uint8Array.from([...bytes, 1])],
  ])("%s are dropped", async (_, change) => {
    for (const file of ["config.json", "model.safetensors"]) {
      const corrupt = (path: string, bytes: Uint8Array) => (path === file ? change(bytes) : bytes);
      const { cacheDir, download } = await setUp({ corrupt });
      await expect(download()).rejects.toThrow(`${file}: expected`);
      const blobs = await readdir(join(cacheDir, "models--someone--tiny-model/blobs"));
      const name = file === "config.json" ? gitHash(FILES[file]) : sha256(WEIGHTS);
      expect(blobs.filter((blob) => blob.startsWith(name))).toEqual([]);
      const healthy = await fakeHub({ ...BASE });
      await expect(download({ hubUrl: healthy.url })).resolves.toMatchObject({ commit: COMMIT });
    }
  });

  test.each([1000, WEIGHTS.length, WEIGHTS.length + 5])(
    "a partial file of %d wrong bytes is found out and dropped",
    async (size) => {
      const { cacheDir, download } = await setUp();
      const blobs = join(cacheDir, "models--someone--tiny-model/blobs");
      await mkdir(blobs, { recursive: true });
      await writeFile(join(blobs, `${sha256(WEIGHTS)}.incomplete`), new Uint8Array(size).fill(7));
      await expect(download()).rejects.toThrow("model.safetensors: expected sha256 hash");
      await expectWeights((await download()).path);
    },
  );

  test("two downloads at once end well", async () => {
    const { download } = await setUp({ revisions: { [COMMIT]: COMMIT } });
    const revision = COMMIT;
    const [a, b] = await Promise.all([download({ revision }), download({ revision })]);
    expect(a).toEqual(b);
    await expectWeights(a.path);
  });

  test("refusals say what to do", async () => {
    const gated = await setUp({ refuse: ({ token }) => (token === "hf_good" ? null : 401) });
    await expect(gated.download()).rejects.toThrow("pass an access token");
    await expect(gated.download({ accessToken: "hf_good" })).resolves.toBeDefined();
    const forbidden = await setUp({ refuse: ({ path }) => (path === "config.json" ? 403 : null) });
    await expect(forbidden.download()).rejects.toThrow("status 403");
    const { hub, download } = await setUp();
    await expect(download({ repo: "someone/else" })).rejects.toThrow("status 404");
    await expect(download({ revision: "v2" })).rejects.toThrow('revision "v2", got status 404');
    await expect(download({ accessToken: "secret" })).rejects.toThrow("begins with hf_");
    expect(hub.requests).toEqual([]);
    const broken = await setUp({ refuse: () => 500 });
    await expect(broken.download()).rejects.toThrow("status 500. Try again later");
  });

  test("without network, the message says so", async () => {
    const { hub, download } = await setUp();
    await hub.close();
    await expect(download()).rejects.toThrow(/ECONNREFUSED.*Check the network/);
  });

  test("names that are none are refused before anything is asked", async () => {
    const { download } = await setUp();
    for (const repo of [
      "tiny",
      "a/../b",
      "../a/b",
      "a/b/c/d.gguf",
      "a/b/config.json",
      "a/b@",
      "-a/b",
    ]) {
      await expect(download({ repo }), repo).rejects.toThrow("ORG/NAME");
    }
    for (const revision of ["../../x", "/x", "", "a//b"]) {
      await expect(download({ revision }), revision).rejects.toThrow("a commit");
    }
    const both = download({ repo: `${REPO}@v1`, revision: "v2" });
    await expect(both).rejects.toThrow("expected one revision");
  });
});

const BASE: HubSetup = { repo: REPO, files: FILES, revisions: { main: COMMIT } };

type Options = Partial<Parameters<typeof downloadModel>[0]>;

async function setUp(changes: Partial<HubSetup> = {}): Promise<{
  hub: FakeHub;
  cacheDir: string;
  download: (options?: Options) => ReturnType<typeof downloadModel>;
}> {
  const hub = await fakeHub({ ...BASE, ...changes });
  const cacheDir = await temporaryFolder();
  const common = { repo: REPO, cacheDir, hubUrl: hub.url };
  return { hub, cacheDir, download: (options = {}) => downloadModel({ ...common, ...options }) };
}

/** Not `toEqual`, which takes seconds for so many bytes. */
async function expectWeights(folder: string): Promise<void> {
  const bytes = await readFile(join(folder, "model.safetensors"));
  expect(sha256(bytes)).toBe(sha256(WEIGHTS));
}

function isWeights(request: string): boolean {
  return request.startsWith("model.safetensors");
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
