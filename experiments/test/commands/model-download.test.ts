import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fakeHub } from "@preflab/testing";
import { describe, expect, test, vi } from "vitest";
import { EXIT } from "../../src/errors.ts";
import { capture } from "../capture.ts";
import { modelPath, rowsFile, temporaryFolder } from "../fixtures.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const NAME = "someone/tiny";

/** A hub with a golden model, and a cache of its own; both found by the environment. */
async function setUp(): Promise<string> {
  const folder = modelPath("qwen2-sharded");
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
  const revisions = { main: COMMIT, [COMMIT]: COMMIT };
  const hub = await fakeHub({ repo: NAME, files: Object.fromEntries(files), revisions });
  const home = temporaryFolder();
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_HOME", home);
  for (const name of ["HF_HUB_CACHE", "HF_TOKEN"]) vi.stubEnv(name, undefined);
  return join(home, "hub", "models--someone--tiny", "snapshots", COMMIT);
}

describe("commands/model-download", () => {
  test("a downloaded model goes by its name in other commands, at its commit if asked", async () => {
    const snapshot = await setUp();
    const { code, out, err } = await capture(["model", "download", NAME]);
    expect({ code, out }).toEqual({ code: EXIT.ok, out: `${snapshot}\n` });
    expect(err).toMatch(/^config\.json: .* of .*, \d+% of all$/m);
    expect(err).toMatch(/, 100% of all\nsomeone\/tiny at commit 0123456789abcdef/);
    const rows = rowsFile([{ ids: [1, 2, 3] }]);
    const logps = (model: string) => capture(["logps", "--model", model, "--in", rows, "--json"]);
    const expected = (await logps(modelPath("qwen2-sharded"))).out;
    expect(expected).toContain("logps");
    for (const name of [NAME, `${NAME}@${COMMIT}`]) expect((await logps(name)).out).toBe(expected);
    const info = await capture(["model", "info", NAME, "--json"]);
    expect(JSON.parse(info.out)).toMatchObject({ config: { family: "qwen2" } });
  });

  test("--json prints path, commit and files", async () => {
    const snapshot = await setUp();
    const flags = ["--revision", COMMIT, "--json"];
    const { out } = await capture(["model", "download", NAME, ...flags]);
    const result = JSON.parse(out) as { path: string; commit: string; files: string[] };
    expect(result).toMatchObject({ path: snapshot, commit: COMMIT });
    expect(result.files).toContain("model.safetensors.index.json");
  });

  test("failures are messages, with exit code 1", async () => {
    await setUp();
    const fails = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await capture(["model", "download", ...args]);
      expect({ code, out }).toEqual({ code: EXIT.failed, out: "" });
      expect(err).not.toContain("unexpected error");
      return err;
    };
    expect(await fails("tiny")).toContain("ORG/NAME");
    expect(await fails("someone/else")).toContain("status 404");
    expect(await fails(NAME, "--revision", "v9")).toContain('revision "v9"');
    vi.stubEnv("HF_ENDPOINT", "http://localhost:9");
    expect(await fails(NAME)).toContain("Check the network");
    const missing = await capture(["logps", "--model", "some/model", "--in", rowsFile([])]);
    expect(missing.code).toBe(EXIT.failed);
    expect(missing.err).toContain("preflab model download some/model");
  });
});
