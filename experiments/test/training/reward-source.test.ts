import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { countParameters, loadModel } from "@preflab/lm";
import type { RewardInput } from "@preflab/rlhf";
import { leakedTensors } from "@preflab/testing";
import { dispose, memory } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { ModelTokenizer } from "../../src/inference/model.ts";
import type { RewardSettings } from "../../src/training/reward-settings.ts";
import { checkReward, findReward } from "../../src/training/reward-source.ts";
import { openTrainingModel } from "../../src/training/training-model.ts";
import { modelPath, modelWithWords, temporaryFolder } from "../fixtures.ts";
import { moduleFile, scoringModel, scoringTrunk } from "../rewards.ts";

const USE = { batchSize: 2, maxLength: 16 };
const timeoutMs = 10_000;

function input(prompt: string, completion: string): RewardInput {
  const ids = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0) % 90);
  return { prompt, completion, promptIds: ids(prompt), completionIds: ids(completion) };
}

const INPUTS = [input("ab", "good"), input("b", "bad bad")];

/** Scores of two inputs. */
async function scoresOf(settings: RewardSettings): Promise<number[]> {
  const reward = await (await findReward("reward", settings)).open(USE);
  try {
    return [...(await reward.score(INPUTS))];
  } finally {
    reward.dispose();
  }
}

const moduleScores = (source: string) =>
  scoresOf({ kind: "module", path: moduleFile(source), timeoutMs });

describe("training/reward-source", () => {
  test("a module exports a function of an input, or a reward function", async () => {
    expect(
      await moduleScores("export default ({ completion, promptIds }) => completion.length;"),
    ).toEqual([4, 7]);
    expect(await moduleScores("export default async ({ promptIds }) => promptIds.length;")).toEqual(
      [2, 1],
    );
    const all = "export default { name: 'all', score: async (inputs) => inputs.map((_, i) => i) };";
    expect(await moduleScores(all)).toEqual([0, 1]);
  });

  test.each([
    ["export const score = 1;", "got no default export. Begin the function with"],
    ["export default 7;", "or {name, score}, got a number"],
    ["export default { score: 1 };", "got an object with score"],
    ["throw new TypeError('no key');", "expected an ES module, got an error: TypeError: no key"],
    ["export default (", "expected an ES module, got an error: "],
  ])("the module %j is refused before anything starts", async (source, message) => {
    const settings = { kind: "module", path: moduleFile(source), timeoutMs } as const;
    await expect(findReward("reward", settings)).rejects.toThrow(message);
  });

  test.each([
    ["() => { throw new Error('boom'); }", "expected 2 scores, got an error: boom"],
    ["() => NaN", "expected finite numbers, got NaN for completion 0"],
    ["() => '1'", "expected finite numbers, got 1 for completion 0"],
    ["() => undefined", "expected finite numbers, got undefined"],
    ["({ name: 'short', score: () => [1] })", "reward short: expected a list of 2 scores, got 1"],
  ])("scores of %s are refused", async (source, message) => {
    await expect(moduleScores(`export default ${source};`)).rejects.toThrow(message);
  });

  test("a module that hangs is an error after the timeout", async () => {
    const path = moduleFile("export default () => new Promise(() => {});");
    const hanging = scoresOf({ kind: "module", path, timeoutMs: 30 });
    await expect(hanging).rejects.toThrow("expected 2 scores within 30 ms, got none");
  });

  test("a lexicon scores texts, and is refused for a model without a tokenizer", async () => {
    const path = join(temporaryFolder(), "words.txt");
    writeFileSync(path, "good\t2\nbad\t-1\n");
    const rest = { reduction: "sum", part: "completion", timeoutMs } as const;
    const settings: RewardSettings = { kind: "lexicon", path, ...rest };
    expect(await scoresOf(settings)).toEqual([2, -2]);
    const source = await findReward("reward", settings);
    const model = await openTrainingModel(modelPath("llama-gqa"), 0);
    expect(() => checkReward(source, model, 8)).toThrow("a model with a tokenizer for a lexicon");
    writeFileSync(path, "good\n");
    await expect(findReward("reward", settings)).rejects.toThrow(/words\.txt: .*in line 1/);
  });

  test("a service gets the inputs and the headers", async () => {
    process.env["PREFLAB_TEST_TOKEN"] = "secret";
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      request.resume().on("end", () => response.end('{"scores": [0.5, 2]}'));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const settings: RewardSettings = {
      kind: "http",
      url: `http://127.0.0.1:${port}/`,
      ...{ batchSize: 8, retries: 0, retryDelayMs: 1, requestTimeoutMs: 5000, timeoutMs },
      headers: { authorization: "Bearer $PREFLAB_TEST_TOKEN" },
    };
    try {
      expect(await scoresOf(settings)).toEqual([0.5, 2]);
      expect(seen).toEqual(["Bearer secret"]);
    } finally {
      server.closeAllConnections();
      server.close();
      delete process.env["PREFLAB_TEST_TOKEN"];
    }
  });

  test("models and classifiers are read when they are opened, and freed", async () => {
    const reward = await scoringModel("llama-gqa", 1);
    const classifier = await scoringModel("llama-gqa", 3);
    const leaked = await leakedTensors(async () => {
      const [a, b] = await scoresOf({ kind: "model", path: reward, timeoutMs });
      expect(a).not.toBe(b);
      const settings = { kind: "classifier", path: classifier, label: 2, timeoutMs } as const;
      for (const p of await scoresOf({ ...settings, output: "probability" })) {
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThan(1);
      }
    });
    expect(leaked).toBe(0);
    const { fingerprint } = await findReward("r", { kind: "model", path: reward, timeoutMs });
    expect(fingerprint).toMatchObject({ path: reward, sha256: expect.any(String) });
  });

  test("a reward model on the reference's trunk is in memory once, any other is as it was", async () => {
    const [own, other] = [await scoringTrunk("llama-gqa"), await scoringModel("llama-gqa", 1)];
    const { config, params } = await loadModel(modelPath("llama-gqa"));
    const leaked = await leakedTensors(async () => {
      for (const [path, bytes] of [
        [own, 4 * config.width],
        [other, 4 * countParameters({ ...config, labels: 1 })],
      ] as const) {
        const source = await findReward("reward", { kind: "model", path, timeoutMs });
        const alone = await source.open(USE);
        const before = memory().numBytes;
        const { reward, reference } = await source.openBeside({ config, params }, USE);
        expect(memory().numBytes - before).toBe(bytes);
        expect("reward" in reference).toBe(path === own);
        expect(await reward.score(INPUTS)).toEqual(await alone.score(INPUTS));
        alone.dispose();
        reward.dispose();
      }
    });
    expect(leaked).toBe(0);
    dispose({ ...params });
  });

  test("queries go on from where a run was", async () => {
    const path = moduleFile("export default () => 0;");
    const source = await findReward("gold", { kind: "module", path, timeoutMs });
    const reward = await source.open({ ...USE, queries: 40 });
    await reward.score(INPUTS);
    expect(reward.queries).toBe(42);
  });
});

describe("training/reward-source, checks against the policy", () => {
  const problemOf = async (
    policy: string,
    settings: { readonly kind: "model" | "classifier"; readonly path: string },
    maxLength = 8,
  ) => {
    const rest = { label: 1, output: "log_odds", timeoutMs } as const;
    const source = await findReward("reward", { ...settings, ...rest } as RewardSettings);
    const model = await openTrainingModel(policy, 0);
    return () => checkReward(source, model, maxLength);
  };

  test("another vocabulary is an error, unless tokenizers show that it is the same", async () => {
    const plain = modelPath("llama-gqa");
    const small = await scoringModel("llama-gqa", 1, { vocab_size: 150 });
    expect(await problemOf(plain, { kind: "model", path: small })).toThrow(
      "reward: expected a vocabulary of 192 tokens, as the model has, got 150.",
    );
    const large = await scoringModel("llama-gqa", 1, { vocab_size: 200 });
    expect(await problemOf(plain, { kind: "model", path: large })).toThrow("192 tokens");
    const words = modelWithWords("llama-gqa");
    const spare = await scoringModel("llama-gqa", 1, { vocab_size: 200 }, words);
    expect(await problemOf(words, { kind: "model", path: spare })).not.toThrow();
    const same = await scoringModel("llama-gqa", 1);
    expect(await problemOf(words, { kind: "model", path: same })).not.toThrow();
  });

  test("tokenizers that differ in a token are an error that names it", async () => {
    const words = modelWithWords("llama-gqa");
    const reward = await scoringModel("llama-gqa", 1, {}, words);
    const { found } = await ModelTokenizer.load(words);
    const tokenizer = found?.files.tokenizer as { model: { vocab: Record<string, number> } };
    const { w7, ...vocab } = tokenizer.model.vocab;
    const changed = { ...tokenizer, model: { ...tokenizer.model, vocab: { ...vocab, word7: w7 } } };
    writeFileSync(join(reward, "tokenizer.json"), JSON.stringify(changed));
    expect(await problemOf(words, { kind: "model", path: reward })).toThrow(
      'expected the model\'s tokenizer, got another: id 7 is "word7" instead of "w7".',
    );
  });

  test("models of other labels, and of too few positions, are errors", async () => {
    const plain = modelPath("llama-gqa");
    const three = await scoringModel("llama-gqa", 3);
    expect(await problemOf(plain, { kind: "model", path: three })).toThrow(
      "expected a reward model, of one label, got a model of 3 labels.",
    );
    expect(await problemOf(plain, { kind: "model", path: plain })).toThrow("got a language model.");
    expect(await problemOf(plain, { kind: "classifier", path: three })).not.toThrow();
    const one = await scoringModel("llama-gqa", 1);
    expect(await problemOf(plain, { kind: "classifier", path: one })).toThrow(
      "expected a classifier with a label 1, got a model of 1 label.",
    );
    const learned = await scoringModel("gpt2-tied", 1);
    const settings = { kind: "model", path: learned } as const;
    expect(await problemOf(modelPath("gpt2-tied"), settings, 64)).not.toThrow();
    expect(await problemOf(modelPath("gpt2-tied"), settings, 65)).toThrow(
      "expected a model of at least 65 positions",
    );
  });
});
