import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAdapter, loadModel } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { capture } from "../capture.ts";
import { modelPath, modelWithWords, rowsFile, temporaryFolder } from "../fixtures.ts";
import {
  command,
  configFile,
  lines,
  PROMPTS,
  rewardModule,
  type Settings,
  TIMEOUT_MS,
  trained,
} from "../rollouts.ts";

/** No preset fits a model of 192 random words. */
const PPO: Settings = {
  score: { unfinished: { mode: "none" } },
  update: { epochs: 2, minibatches: 2 },
};
const ppoFile = (changes: Settings = {}) => configFile("ppo", { ...PPO, ...changes });
const data = () => ({ train: rowsFile(PROMPTS), eval: rowsFile(PROMPTS.slice(0, 4)) });
const generation = { prompts: 4, samples: 2 };
const module = (path: string) => ({ kind: "module", path });

const LLAMA = JSON.parse(readFileSync(join(modelPath("llama-gqa"), "config.json"), "utf8"));

/** Trains a reward model for a step. @returns its folder */
async function trainedReward(model: string): Promise<string> {
  const pairs = PROMPTS.map(({ promptIds }, i) => ({
    promptIds,
    chosenIds: [20 + i, 2],
    rejectedIds: [150 - i, 2],
  }));
  const settings = { model, data: { train: rowsFile(pairs) }, batchSize: 4, maxSteps: 1 };
  const none = { reward: undefined, rollout: undefined };
  const [out] = await trained("reward", configFile("reward", { ...settings, ...none }));
  return join(out, "model");
}

async function expectRefusal(settings: Settings, message: RegExp): Promise<void> {
  const { code, err } = await command("ppo", ppoFile(settings), "--out", temporaryFolder());
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
}

/** Names of the variables in a checkpoint. */
function variablesOf(folder: string, step: number): string[] {
  const bytes = readFileSync(join(folder, `checkpoints/step-${step}/params.safetensors`));
  const length = Number(bytes.readBigUInt64LE());
  return Object.keys(JSON.parse(bytes.subarray(8, 8 + length).toString()));
}

describe("commands/ppo", { timeout: TIMEOUT_MS }, () => {
  test("trains, evaluates on held-out prompts and leaves the folder", async () => {
    const files = data();
    const [out, err] = await trained(
      "ppo",
      ppoFile({
        ...{ maxSteps: 12, evalEvery: 6, saveEvery: 5, data: files, generation },
        ...{ kl: { initial: 0, target: "none" }, samples: { every: 6, count: 2 } },
        rollout: { completions: 32, samplesPerPrompt: 2, maxNewTokens: 5, temperature: 1 },
      }),
    );
    expect(err).toContain("rows.jsonl: 12 prompts\n");
    expect(err).toContain(`warning: ${files.eval}: 4 of 4 prompts are trained on\n`);
    const metrics = lines(out);
    expect(metrics.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const [first, last] = [metrics[0], metrics[11]] as [(typeof metrics)[0], (typeof metrics)[0]];
    expect(Object.keys(first)).toEqual(
      expect.arrayContaining([
        ...["step", "loss", "lr", "grad_norm", "loss/policy", "loss/value", "score/mean"],
        ...["score/std", "reward/mean", "kl/exact", "kl/k1", "kl/k2_error", "kl/weight"],
        ...["entropy", "clip_fraction", "ratio/max", "explained_variance", "length/mean"],
        ...["eos_rate", "queries", "epochs", "time/rollout", "time/score", "time/update"],
      ]),
    );
    expect(last["score/mean"]).toBeGreaterThan((first["score/mean"] as number) + 0.1);
    expect(last["eval/score"]).toBeGreaterThan(first["score/mean"] as number);
    expect(last).toMatchObject({ queries: 12 * 32, "eval/score_queries": 16 });
    expect(last["eval/kl"]).toBeGreaterThan(0.1);
    expect(last["eval/score_error"]).toBeGreaterThan(0);
    expect(metrics.filter((row) => "eval/kl" in row).map(({ step }) => step)).toEqual([6, 12]);
    const shown = lines(out, "samples.jsonl");
    expect(shown.map(({ step, part }) => [step, part])).toEqual(
      [6, 12].flatMap((step) => ["train", "train", "eval", "eval"].map((part) => [step, part])),
    );
    expect(shown[0]).toMatchObject({ text: null, score: expect.any(Number) });
    expect(readdirSync(join(out, "checkpoints")).sort()).toEqual(["latest", "step-10", "step-12"]);
    expect(variablesOf(out, 12)).toEqual(
      expect.arrayContaining(["value.weight", "value.bias", "embedding"]),
    );
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({
      command: "ppo",
      config: {
        ...{ preset: "n-details", reference: null, lora: null, gold: null },
        ...{ kl: { initial: 0, target: null, estimator: "k1" }, generation: { maxNewTokens: 5 } },
        reward: { kind: "module", module: { sha256: expect.any(String) }, timeoutMs: 300_000 },
      },
      inputs: { train: { sha256: expect.any(String) }, eval: { path: files.eval }, reward: null },
    });
    const { params } = await loadModel(join(out, "model"));
    tf.dispose({ ...params });
  });

  test("a policy that has not moved has no divergence from its reference", async () => {
    const settings = { data: data(), generation, optimizer: { lr: 0 }, maxSteps: 1 };
    const [out] = await trained("ppo", ppoFile(settings));
    const [row] = lines(out);
    expect(row?.["eval/kl"]).toBeAllClose(0, { atol: 1e-5, rtol: 0 });
    expect(row?.["kl/exact"]).toBeAllClose(0, { atol: 1e-5, rtol: 0 });
  });

  test("a reference of its own is what divergence is measured from", async () => {
    const [start] = await trained("ppo", ppoFile({ kl: { initial: 0 }, optimizer: { lr: 0.02 } }));
    const settings = { reference: join(start, "model"), maxSteps: 1 };
    const [out] = await trained("ppo", ppoFile({ ...settings, data: data(), generation }));
    expect(lines(out)[0]?.["kl/exact"]).toBeGreaterThan(0.1);
    expect(lines(out)[0]?.["eval/kl"]).toBeGreaterThan(0.1);
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    expect(manifest.inputs.reference).toMatchObject({ sha256: expect.any(String) });
  });

  test("a gold reward is asked at evaluations alone", async () => {
    const gold = rewardModule("let asked = 0;\nexport default () => ++asked;\n");
    const settings = { gold: module(gold), data: data(), generation, evalEvery: 1, maxSteps: 2 };
    const [out] = await trained("ppo", ppoFile(settings));
    // The first 8 completions that it sees are the first evaluation's, the next 8 the second's.
    const expected = [
      { "eval/gold": 4.5, "eval/gold_queries": 8 },
      { "eval/gold": 12.5, "eval/gold_queries": 16 },
    ];
    expect(lines(out)).toMatchObject(expected);
    expect(lines(out, "samples.jsonl")[0]).toMatchObject({ part: "eval", gold: 1 });
  });

  test("texts are scored by a lexicon, and shown", async () => {
    const reward = { kind: "lexicon", path: rowsFile("w\t1\n") };
    const model = modelWithWords("llama-gqa", 2, { eos_token_id: 2 });
    const prompts = rowsFile([{ prompt: "w7 w8 w9" }, { prompt: "w20" }]);
    const files = { train: prompts, eval: prompts };
    const [out] = await trained("ppo", ppoFile({ model, reward, data: files, maxSteps: 1 }));
    const [sample] = lines(out, "samples.jsonl");
    expect(sample).toMatchObject({ prompt: "w7 w8 w9", text: expect.stringMatching(/^w\d+/) });
    // Words are of letters alone: each token but the last of a text has one w.
    const [row] = lines(out) as [Record<string, number>];
    const words = (row["length/mean"] as number) - (row["eos_rate"] as number);
    expect(row["score/mean"]).toBeAllClose(words, { atol: 1e-9, rtol: 0 });
  });

  test("adapters are trained beside the model, which stays the reference", async () => {
    const lora = { rank: 2, alpha: 4 };
    const settings = { lora, maxSteps: 4, kl: { initial: 0 }, optimizer: { lr: 0.02 } };
    const [out] = await trained("ppo", ppoFile(settings));
    expect(lines(out)[3]?.["kl/exact"]).toBeGreaterThan(0.001);
    const variables = variablesOf(out, 4);
    expect(variables).toContain("value.weight");
    expect(variables).not.toContain("embedding");
    const { config, params } = await loadModel(join(out, "model"));
    const adapter = await loadAdapter(join(out, "adapter"), config);
    tf.dispose([{ ...params }, { ...adapter.variables }]);
  });

  test("values may start from the reward model", async () => {
    const path = await trainedReward(modelWithWords("llama-gqa", 2, { eos_token_id: 2 }));
    const reward = { kind: "model", path };
    const settings = { reward, preset: "trl-1.10", saveEvery: 2 };
    const model = modelWithWords("llama-gqa", 2, { eos_token_id: 2 });
    const [out] = await trained("ppo", ppoFile({ ...settings, model }));
    expect(variablesOf(out, 3)).toContain("value.score.weight");
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    expect(manifest.inputs.reward).toMatchObject({ path });
    expect(manifest.config.value).toMatchObject({ trunk: "separate", start: "reward" });

    const tokenizer = modelWithWords("llama-gqa", 2, { vocab_size: 150 });
    const smaller = { config: { ...LLAMA, vocab_size: 150 }, init: "random", tokenizer };
    await expectRefusal(
      { ...settings, model: smaller },
      /value\.start: .* 192 tokens, the model of/,
    );
    const larger = modelPath("gpt2-tied");
    await expectRefusal(
      { model: path },
      /model: expected a language model, got a model of 1 label/,
    );
    await expectRefusal({ ...settings, model: larger }, /reward: expected a vocabulary of \d+ tok/);
  });

  test("--json prints the metrics, and --help every preset", async () => {
    const out = join(temporaryFolder(), "run");
    const result = await command("ppo", ppoFile({ maxSteps: 1 }), "--out", out, "--json");
    expect(JSON.parse(result.out)).toEqual(lines(out)[0]);
    const help = await capture(["ppo", "--help"]);
    for (const preset of ["lm-human-preferences", "trl-classic", "trl-1.10", "paper", "tuned"]) {
      expect(help.out).toContain(`  ${preset} `);
    }
  });
});

describe("commands/ppo: wrong usage", { timeout: TIMEOUT_MS }, () => {
  const gold = { kind: "module", path: "gold.mjs" };
  test.each([
    ["an unknown preset", { preset: "x" }, "expected preset to be one of lm-human-preferences, n-"],
    ["a horizon too small", { kl: { horizon: 3 } }, "expected kl.horizon above a fifth of the 16"],
    ["an unknown key", { health: { klLimits: 3 } }, "expected settings action, patience"],
    ["no reward", { reward: null }, "expected reward to be a reward function {kind: model"],
    ["no room for prompts", { maxLength: 5 }, "rollout: expected maxNewTokens below maxLength 5"],
    ["gold without evaluation", { gold }, "gold: expected data.eval"],
    ["evaluation without data", { evalEvery: 2 }, "expected data.eval, which evalEvery needs"],
    [
      "a reward that values cannot start from",
      { value: { trunk: "separate", start: "reward" } },
      "value.start: expected policy with a reward of kind module, got reward (preset n-details)",
    ],
    ["a reference of another size", { reference: modelPath("gpt2-tied") }, "reference: expected a"],
    [
      "a model that never ends",
      { model: modelPath("llama-gqa"), score: {} },
      "score.unfinished: expected another mode than replace, since the model has no end-of-text",
    ],
  ])("%s exits with code 2 and says what is valid", async (_, changes, message) => {
    const out = join(temporaryFolder(), "run");
    const { code, err } = await command("ppo", ppoFile(changes), "--out", out);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).toContain("ppo.yaml:");
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    ["an empty file", "", "expected prompts, got none"],
    ["a file of other rows", '{"text": "w1"}\n', "needs a tokenizer"],
    [
      "a prompt longer than the context",
      `{"promptIds": [${Array.from({ length: 12 }, () => 5)}]}\n`,
      "rows.jsonl:1: expected a prompt of at most 11 tokens (which leaves room for completions)",
    ],
    ["a prompt of unknown ids", '{"promptIds": [192]}\n', "rows.jsonl:1: expected promptIds"],
  ])("%s for prompts exits with code 1 before anything starts", async (_, rows, message) => {
    const out = join(temporaryFolder(), "run");
    const config = ppoFile({ data: { train: rowsFile(rows) } });
    const { code, err } = await command("ppo", config, "--out", out);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    [
      "that throws",
      'throw new Error("no words");',
      "expected an ES module, got an error: Error: no",
    ],
    ["that exports no function", "export default 3;", "expected a default export"],
  ])("a reward module %s exits with code 1", async (_, code, message) => {
    const reward = module(rewardModule(code));
    const result = await command("ppo", ppoFile({ reward }), "--out", temporaryFolder());
    expect([result.code, result.err]).toEqual([1, expect.stringContaining(message)]);
  });

  test("a reward of texts needs a tokenizer", async () => {
    const reward = { kind: "lexicon", path: rowsFile("good\t1\n") };
    await expectRefusal({ reward }, /reward: expected a model with a tokenizer/);
  });
});
