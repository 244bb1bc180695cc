/** What the tests of methods that learn from their own samples have in common. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type Captured, capture, jsonLines } from "./capture.ts";
import { modelWith, rowsFile, temporaryFolder } from "./fixtures.ts";

/** Processes that compile for seconds, on a machine that may be busy. */
export const TIMEOUT_MS = 240_000;

/** Prompts of ids below 90. */
export const PROMPTS: readonly { readonly promptIds: readonly number[] }[] = Array.from(
  { length: 12 },
  (_, i) => ({
    promptIds: Array.from({ length: 2 + (i % 4) }, (_, t) => 10 + ((11 * i + 3 * t) % 70)),
  }),
);

/** The reward of {@link goodReward}: the share of ids below 96, half of those that there are. */
const SCORE = `const score = ({ completionIds }) =>
  Array.from(completionIds).filter((id) => id < 96).length / completionIds.length;`;

/** Settings by their names. */
export type Settings = Readonly<Record<string, unknown>>;

/** A reward module of the running test. @param text its code */
export function rewardModule(text: string): string {
  const path = join(temporaryFolder(), "reward.mjs");
  writeFileSync(path, text);
  return path;
}

/** A module whose default export gives {@link SCORE}. */
function goodReward(): string {
  return rewardModule(`${SCORE}\nexport default score;\n`);
}

/**
 * A module that is good but for one call.
 * @param call from 1; the call after it is good again
 * @param bad code that runs then, of `inputs`, and of the good `scores`
 */
export function onceBadReward(call: number, bad: string): string {
  return rewardModule(`import { renameSync, writeFileSync } from "node:fs";
${SCORE}
let calls = 0;
export default {
  name: "once-bad",
  score: async (inputs) => {
    const scores = inputs.map(score);
    if (++calls === ${call}) { ${bad} }
    return scores;
  },
};
`);
}

/** A model whose end-of-text token is one of 192. */
function modelThatEnds(): string {
  return modelWith("llama-gqa", { eos_token_id: 2 });
}

/** A config file of a short run; JSON is YAML. */
export function configFile(name: string, changes: Settings): string {
  const path = join(temporaryFolder(), `${name}.yaml`);
  const settings = {
    model: modelThatEnds(),
    data: { train: rowsFile(PROMPTS) },
    reward: { kind: "module", path: goodReward() },
    optimizer: { lr: 0.003 },
    rollout: { completions: 16, maxNewTokens: 5, temperature: 1 },
    maxSteps: 3,
    maxLength: 16,
    batchSize: 16,
    ...changes,
  };
  writeFileSync(path, JSON.stringify(settings, null, 2));
  return path;
}

/** Runs a command in this process. */
export function command(name: string, config: string, ...args: string[]): Promise<Captured> {
  return capture([name, "--backend", "ort", "--config", config, ...args]);
}

/** Lines of a file of a run. */
export function lines(folder: string, file = "metrics.jsonl"): Record<string, number>[] {
  return jsonLines(readFileSync(join(folder, file), "utf8"));
}

/** Metrics without times, which no two runs have in common. */
export function timeless(folder: string): Record<string, number>[] {
  return lines(folder).map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith("time/"))),
  );
}

/** Everything that must be the same of two runs, by file. */
export function results(folder: string, steps: number): Settings {
  const checkpoint = `checkpoints/step-${steps}`;
  const files = [
    ...["samples.jsonl", "model/model.safetensors", "checkpoints/latest"],
    ...["optimizer.safetensors", "params.safetensors", "trainer_state.json"].map(
      (file) => `${checkpoint}/${file}`,
    ),
  ];
  const read = files.map((file) => [file, readFileSync(join(folder, file)).toString("latin1")]);
  return { metrics: timeless(folder), ...Object.fromEntries(read) };
}

/** Trains in a new folder, with success. @returns the folder and what was printed */
export async function trained(name: string, config: string): Promise<[string, string]> {
  const out = join(temporaryFolder(), "run");
  const { code, err } = await command(name, config, "--out", out);
  expect(code, err).toBe(0);
  return [out, err];
}
