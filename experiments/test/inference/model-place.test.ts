import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { modelPlace } from "../../src/inference/model-place.ts";
import { temporaryFolder } from "../fixtures.ts";

const DPO = "run/dpo-beta0.1-seed0";
const KEYS = { old: "0123456789ab", new: "ba9876543210" };

/** A finished stage, whose folder is given back. @param time when it was finished, seconds */
function stage(root: string, study: string, id: string, key: string, time: number): string {
  const folder = join(root, study, "stages", `${id.replaceAll("/", "_")}-${key}`);
  mkdirSync(join(folder, "model"), { recursive: true });
  writeFileSync(join(folder, "model", "config.json"), "{}");
  writeFileSync(join(folder, "stage.json"), "{}");
  utimesSync(join(folder, "stage.json"), time, time);
  return folder;
}

describe("inference/model-place", () => {
  test("a run's folder stands for the model in it; models and other names for themselves", async () => {
    const root = temporaryFolder();
    const folder = stage(root, "dialogue/quick", DPO, KEYS.old, 1);
    expect(await modelPlace(folder, root)).toBe(join(folder, "model"));
    expect(await modelPlace(join(folder, "model"), root)).toBe(join(folder, "model"));
    for (const name of ["someone/chat-model", "someone/model@main", "models/a.gguf", "gpt2"]) {
      expect(await modelPlace(name, root)).toBe(name);
    }
  });

  test("a run's id is found in the only study that has it, its last version", async () => {
    const root = temporaryFolder();
    const folder = stage(root, "dialogue/quick", DPO, KEYS.old, 2);
    stage(root, "dialogue/quick", DPO, KEYS.new, 1);
    stage(root, "dialogue/quick", "run/dpo-beta0x1-seed0", KEYS.new, 3);
    stage(root, "dialogue/quick", `${DPO}1`, KEYS.new, 3);
    expect(await modelPlace(DPO, root)).toBe(join(folder, "model"));
  });

  test("studies that have the same run are told apart by their names", async () => {
    const root = temporaryFolder();
    const quick = stage(root, "dialogue/quick", DPO, KEYS.old, 1);
    stage(root, "sentiment/quick", DPO, KEYS.old, 2);
    await expect(modelPlace(DPO, root)).rejects.toThrow(
      /one study, got one in each of sentiment\/quick, dialogue\/quick/,
    );
    expect(await modelPlace(`dialogue/quick/${DPO}`, root)).toBe(join(quick, "model"));
  });

  test("other stages of a study are named behind it", async () => {
    const root = temporaryFolder();
    const folder = stage(root, "dialogue/quick", "preferred-ft", KEYS.old, 1);
    expect(await modelPlace("dialogue/quick/preferred-ft", root)).toBe(join(folder, "model"));
  });

  test("runs that are not there, not finished or without a model are errors", async () => {
    const root = temporaryFolder();
    await expect(modelPlace(DPO, root)).rejects.toThrow(/expected a finished run of a study/);
    const folder = join(root, "dialogue", "quick", "stages", `run_sft-seed0-${KEYS.old}`);
    mkdirSync(folder, { recursive: true });
    await expect(modelPlace("run/sft-seed0", root)).rejects.toThrow(/got none of that name/);
    writeFileSync(join(folder, "stage.json"), "{}");
    await expect(modelPlace("run/sft-seed0", root)).rejects.toThrow(/model of another stage/);
  });
});
