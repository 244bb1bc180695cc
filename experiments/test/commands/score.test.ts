import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadModel, type ModelConfig, saveModel } from "@preflab/lm";
import { saveRewardModel, withScoreHead } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { InterruptedError } from "../../src/errors.ts";
import { type Captured, capture, jsonLines } from "../capture.ts";
import {
  GGUF,
  modelPath,
  modelWithWords,
  rowsFile,
  temporaryFolder,
  wordsOf,
} from "../fixtures.ts";

/** Float32 sums in batches of other shapes. */
const SAME = { atol: 1e-5, rtol: 1e-5 };
const SEED = { seed: 1, deviation: 0.5 };

beforeAll(async () => {
  await selectBackend("ort");
});

/** A reward model whose head is drawn, from a folder of a language model, in that or a new folder. */
async function rewardModel(from: string, gain = 1, bias = 0): Promise<string> {
  const { config, params } = await loadModel(from);
  const made = withScoreHead(config, params, SEED);
  const folder = temporaryFolder();
  await saveRewardModel(folder, { ...made, normalization: { gain, bias }, tokenizer: from });
  tf.dispose([{ ...params }, { ...made.params }]);
  return folder;
}

/** A classifier of three labels, the logits of the first of which are 0. */
async function classifier(): Promise<string> {
  const { config, params } = await loadModel(modelPath("llama-gqa"));
  const { head: _, ...backbone } = params;
  const column = (i: number) => Array.from({ length: config.width }, (_, d) => (i * (d % 5)) / 20);
  const head = tf.transpose(tf.tensor2d([column(0), column(1), column(2)]));
  const labelled: ModelConfig = { ...config, labels: 3 };
  const folder = temporaryFolder();
  await saveModel(folder, { config: labelled, params: { ...backbone, "score.weight": head } });
  tf.dispose([{ ...params }, head]);
  return folder;
}

const score = (model: string, rows: Parameters<typeof rowsFile>[0], ...more: string[]) =>
  capture(["score", "--backend", "ort", "--model", model, "--in", rowsFile(rows), ...more]);

/** The numbers that it prints with --json. */
async function numbers(...args: Parameters<typeof score>): Promise<number[]> {
  const [model, rows, ...more] = args;
  const { code, out, err } = await score(model, rows, "--json", ...more);
  expect(code, err).toBe(0);
  return jsonLines<{ score: number }>(out).map((row) => {
    expect(Object.keys(row)).toEqual(["score"]);
    return row.score;
  });
}

describe("commands/score", () => {
  const ROWS = [3, 20, 1, 9, 2, 16, 15, 5].map((n) => ({
    ids: Array.from({ length: n }, (_, i) => 3 + ((7 * i + n) % 100)),
  }));

  test("rows come in their order, whatever is computed together", async () => {
    const model = await rewardModel(modelPath("llama-gqa"));
    const alone = await numbers(model, ROWS, "--batch-size", "1");
    expect(new Set(alone).size).toBe(ROWS.length);
    expect(await numbers(model, ROWS, "--batch-size", "3")).toBeAllClose(alone, SAME);
  });

  test("prompt and completion are one text, and scores are normalised", async () => {
    const raw = await numbers(await rewardModel(modelPath("llama-gqa")), ROWS);
    const split = ROWS.map(({ ids }) => ({
      promptIds: ids.slice(0, 2),
      completionIds: ids.slice(2),
    }));
    const model = await rewardModel(modelPath("llama-gqa"), 2, -3);
    expect(await numbers(model, split)).toBeAllClose(
      raw.map((x) => 2 * x - 3),
      SAME,
    );
  });

  test("texts end with the end-of-text token, and conversations go through the template", async () => {
    const words = modelWithWords("llama-gqa", 2);
    const template = "{% for m in messages %}w7 {{ m.content }} {% endfor %}";
    writeFileSync(
      join(words, "tokenizer_config.json"),
      JSON.stringify({ eos_token: "w2", chat_template: template }),
    );
    const model = await rewardModel(words);
    const [text, ids, chat, chatIds] = await numbers(model, [
      { prompt: wordsOf([5, 6]), completion: wordsOf([8]) },
      { ids: [5, 6, 8, 2] },
      {
        prompt: [{ role: "user", content: "w5 w6" }],
        completion: [{ role: "assistant", content: "w8" }],
      },
      { ids: [7, 5, 6, 7, 8] },
    ]);
    expect([text, chat]).toBeAllClose([ids as number, chatIds as number], SAME);
  });

  test("a label of a classifier has a probability, and log-odds", async () => {
    const model = await classifier();
    const of = (label: number, output: string) =>
      numbers(model, ROWS, "--label", String(label), "--output", output);
    const probabilities = [
      await numbers(model, ROWS, "--label", "0"),
      await of(1, "probability"),
      await of(2, "probability"),
    ];
    const [none, one, two] = probabilities as [number[], number[], number[]];
    expect(none.map((p, i) => p + (one[i] as number) + (two[i] as number))).toBeAllClose(
      none.map(() => 1),
      SAME,
    );
    expect(await of(2, "log_odds")).toBeAllClose(
      two.map((p) => Math.log(p / (1 - p))),
      { atol: 1e-4, rtol: 1e-4 },
    );
  });

  test("without --json there is a line per row", async () => {
    const { out } = await score(await rewardModel(modelPath("llama-gqa")), [{ ids: [5, 6] }]);
    expect(out).toMatch(/^row 1: score -?\d+\.\d{4}\n$/);
  });

  test("a key that is not read is warned of once", async () => {
    const rows = [
      { ids: [5], completionMask: [1] },
      { ids: [6], completionMask: [1] },
    ];
    const { code, err } = await score(await rewardModel(modelPath("llama-gqa")), rows);
    expect(code).toBe(0);
    expect(err.match(/warning: .*rows\.jsonl:1: "completionMask" is not read/g)).toHaveLength(1);
  });

  test.each([
    ['{"ids":[1,192]}', "expected ids to be ids below the model's 192, got 192"],
    ['{"promptIds":[1],"completionIds":[1.5]}', "expected completionIds to be ids below"],
    ['{"ids":"5"}', 'expected ids to be a list of numbers, got "5"'],
    ['{"ids":[]}', "expected a text of at least one token, got none"],
    ['{"promptIds":[5]}', "expected fields ids"],
    ['{"prompt":"a","completion":"b"}', "a row of text needs a tokenizer"],
    ['{"ids":[5]', "expected a JSON object on one line"],
  ])("%s is refused with its line", async (row, message) => {
    const model = await rewardModel(modelPath("llama-gqa"));
    const { code, err } = await score(model, `{"ids":[5]}\n${row}\n`);
    expect([code, err]).toEqual([1, expect.stringContaining("rows.jsonl:2: ")]);
    expect(err).toContain(message);
  });

  test("texts that are neither texts nor messages, and ids of another tokenizer, are refused", async () => {
    const words = modelWithWords("llama-gqa", 2);
    writeFileSync(join(words, "tokenizer_config.json"), JSON.stringify({ eos_token: "w2" }));
    const model = await rewardModel(words);
    const missing = await score(model, [{ prompt: "w5" }]);
    expect(missing.err).toContain("rows.jsonl:1: expected completion to be a text or messages");
    for (const prompt of [5, [{ role: "user" }], null]) {
      const { code, err } = await score(model, [{ prompt, completion: "w5" }]);
      expect([code, err]).toEqual([1, expect.stringContaining("expected prompt to be a text or")]);
    }
  });

  test("texts beyond the positions of the model are refused with their line", async () => {
    const model = await rewardModel(modelPath("gpt2-tied"));
    const { code, err } = await score(model, [{ ids: Array(1000).fill(5) }]);
    expect([code, err]).toEqual([1, expect.stringMatching(/rows\.jsonl:1: expected at most the/)]);
  });

  test.each([
    ["a language model", modelPath("llama-gqa")],
    ["a GGUF file", GGUF],
  ])("%s is refused", async (_, model) => {
    const { code, out, err } = await score(model, [{ ids: [5] }]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("expected a reward model or a classifier, got a language model.");
  });

  test("labels must fit the model", async () => {
    const [one, three] = [await rewardModel(modelPath("llama-gqa")), await classifier()];
    const rows = [{ ids: [5] }];
    const cases: [Captured, string][] = [
      [await score(three, rows), "--label: expected one of the model's labels, 0 to 2, got none"],
      [await score(three, rows, "--label", "3"), "0 to 2, got 3"],
      [await score(one, rows, "--label", "0"), "--label: expected a model of several labels"],
      [await score(one, rows, "--output", "log_odds"), "--output: expected a model of several"],
      [await score(three, rows, "--label", "1", "--output", "x"), "probability, log_odds"],
      [await score(one, rows, "--batch-size", "0"), "Expected an integer from 1"],
    ];
    for (const [result, message] of cases) {
      expect(result).toEqual({
        ...{ code: 2, out: "" },
        err: expect.stringContaining(message),
      });
    }
  });

  test("a missing file is an error before the model is loaded", async () => {
    const args = ["score", "--model", "none", "--in", join(temporaryFolder(), "none.jsonl")];
    const { code, err } = await capture(args);
    expect([code, err]).toEqual([1, expect.stringContaining("ENOENT")]);
  });

  test("an interruption ends it with 130", async () => {
    const signal = AbortSignal.abort(new InterruptedError("interrupted"));
    const model = await rewardModel(modelPath("llama-gqa"));
    const args = ["--backend", "ort", "--model", model, "--in", rowsFile([{ ids: [5] }])];
    expect((await capture(["score", ...args], signal)).code).toBe(130);
  });
});
