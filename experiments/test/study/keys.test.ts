import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Stage } from "../../src/study/experiment.ts";
import { canonicalJson, codeHash, stageKeys } from "../../src/study/keys.ts";
import { madeUpStage, temporaryFolder } from "./stages.ts";

const base = madeUpStage({ id: "base", config: { steps: 3, lr: { dpo: 0.1, ipo: 0.2 } } });
const run = madeUpStage({ id: "run/a", config: { beta: 0.1 }, inputs: ["base"] });
const other = madeUpStage({ id: "run/b", config: { beta: 1 }, inputs: [] });

async function keysOf(
  stages: readonly Stage[],
  { code = "code", backend = "ort" } = {},
): Promise<Record<string, string>> {
  return Object.fromEntries(await stageKeys(stages, code, backend));
}

/** Ids of stages whose keys differ. */
async function changed(stages: readonly Stage[], world = {}): Promise<string[]> {
  const [before, after] = [await keysOf([base, run, other]), await keysOf(stages, world)];
  return Object.keys(before).filter((id) => before[id] !== after[id]);
}

describe("study/keys", () => {
  test("equal stages have equal keys, whatever the order of settings, titles and weights", async () => {
    const config = { lr: { ipo: 0.2, dpo: 0.1 }, steps: 3 };
    expect(await changed([{ ...base, config, title: "other", weight: 7 }, run, other])).toEqual([]);
  });

  test("other settings change the key of the stage and of all that need it", async () => {
    const config = { steps: 4, lr: { dpo: 0.1, ipo: 0.2 } };
    expect(await changed([{ ...base, config }, run, other])).toEqual(["base", "run/a"]);
    expect(await changed([base, { ...run, config: { beta: 0.2 } }, other])).toEqual(["run/a"]);
  });

  test("other inputs and threads change it", async () => {
    expect(await changed([base, { ...run, inputs: [] }, other])).toEqual(["run/a"]);
    expect(await changed([base, run, { ...other, threads: 2 }])).toEqual(["run/b"]);
    expect(await changed([base, run, { ...other, threads: 1 }])).toEqual([]);
  });

  test("other code and another backend change all", async () => {
    const all = ["base", "run/a", "run/b"];
    expect(await changed([base, run, other], { code: "other" })).toEqual(all);
    expect(await changed([base, run, other], { backend: "cpu" })).toEqual(all);
  });

  test("stages of equal settings have keys of their own", async () => {
    const keys = await keysOf([madeUpStage({ id: "a" }), madeUpStage({ id: "b" })]);
    expect(keys["a"]).not.toBe(keys["b"]);
  });

  test("the content of data files counts, where they are does not", async () => {
    const folders = [temporaryFolder(), temporaryFolder()] as const;
    for (const folder of folders) await writeFile(join(folder, "data.jsonl"), "1\n");
    const [first, second] = folders.map((folder) => madeUpStage({ id: "a", files: [folder] }));
    const keyOf = async (stage: Stage) => (await keysOf([stage]))["a"];
    const before = await keyOf(first as Stage);
    expect(await keyOf(second as Stage)).toBe(before);
    await writeFile(join(folders[1], "data.jsonl"), "2\n");
    expect(await keyOf(second as Stage)).not.toBe(before);
  });

  test("an input that comes later is a fault of the plan", async () => {
    await expect(keysOf([run, base])).rejects.toThrow("input base of run/a");
  });

  test("the hash of the code is stable", async () => {
    expect(await codeHash()).toMatch(/^[0-9a-f]{64}$/);
    expect(await codeHash()).toBe(await codeHash());
  });

  test("canonical JSON tells values apart and sorts keys at every depth", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
    expect(canonicalJson(["1"])).not.toBe(canonicalJson([1]));
  });
});
