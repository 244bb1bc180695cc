import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { StudyPreset } from "../../../src/policy/experiment.ts";
import type { StudySettings } from "../../../src/policy/settings.ts";
import type { TuningRecord } from "../../../src/policy/tuning/record.ts";
import { PRESETS as SENTIMENT } from "../../../src/sentiment/presets.ts";

const REPORTS = fileURLToPath(new URL("../../../../reports", import.meta.url));

/** Every preset with a committed record. */
const TUNED: readonly (readonly [string, string, StudyPreset<StudySettings> | undefined])[] = [
  ["sentiment", "quick", SENTIMENT["quick"]],
];

/** Kinds of PPO by their names in records. */
const PPO: Readonly<Record<string, "learned" | "gold">> = { ppo: "learned", "ppo-gt": "gold" };

describe.each(TUNED)("the tuning of %s's preset %s", async (experiment, name, preset) => {
  const { settings, tuning } = preset as StudyPreset<StudySettings>;
  const record = JSON.parse(
    await readFile(join(REPORTS, experiment, "tuning", name, "tuning.json"), "utf8"),
  ) as TuningRecord;

  test("was of the settings that the preset names", () => {
    expect(record.settings).toEqual(tuning);
  });

  test.each(record.methods)("$method has what was chosen", (entry) => {
    const chosen = record.settings.candidates[entry.chosen];
    const kind = PPO[entry.method];
    if (kind) expect(choiceOf(settings, kind)).toEqual(chosen?.ppo);
    else expect(settings.direct.lr[entry.method.replace("-", "_")]).toBe(chosen?.lr);
  });

  test("tried every method as often, and took the best of its scores", () => {
    for (const { scores, chosen, method } of record.methods) {
      expect(scores, method).toHaveLength(record.settings.candidates.length);
      const known = scores.filter((score) => score !== null);
      expect(scores[chosen], method).toBe(Math.max(...known));
    }
  });
});

/** The rate and the passes of a preset's PPO. */
function choiceOf({ ppo }: StudySettings, kind: "learned" | "gold") {
  const { optimizer, update } = ppo[kind].settings as {
    readonly optimizer: { readonly lr: number };
    readonly update: { readonly epochs: number };
  };
  return { lr: optimizer.lr, epochs: update.epochs };
}
