import { OptionReader, parseConfig } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { ModelTokenizer } from "../../src/inference/model.ts";
import {
  describePrompts,
  type PromptOptions,
  readPromptSettings,
  readPrompts,
} from "../../src/training/prompt-data.ts";
import { GGUF, modelWithWords, rowsFile, wordsOf } from "../fixtures.ts";

let known: Promise<ModelTokenizer> | undefined;
/** 192 tokens, w0 to w191; nothing is put around texts. */
function words(): Promise<ModelTokenizer> {
  known ??= ModelTokenizer.load(modelWithWords("llama-gqa"));
  return known;
}

const missing = ModelTokenizer.missing("There is none.");
const config = parseConfig({
  ...{ model_type: "llama", vocab_size: 192, hidden_size: 8, num_hidden_layers: 1 },
  ...{ num_attention_heads: 2, intermediate_size: 8, max_position_embeddings: 32 },
  ...{ hidden_act: "silu", rms_norm_eps: 1e-5, num_key_value_heads: 2, bos_token_id: null },
});
const withBos = { ...config, specialIds: { ...config.specialIds, bos: 5 } };

const read = async (rows: readonly unknown[] | string, options: Partial<PromptOptions> = {}) =>
  readPrompts(rowsFile(rows), {
    ...readPromptSettings(new OptionReader("data", {})),
    ...{ config, tokenizer: await words(), longest: 8, seed: 3 },
    ...options,
  });

const promptsOf = async (rows: readonly unknown[], options: Partial<PromptOptions> = {}) =>
  (await read(rows, options)).prompts;

describe("training/prompt-data", () => {
  test("texts become ids, with what the tokenizer puts before them", async () => {
    expect(await promptsOf([{ prompt: "w4 w6" }])).toEqual([{ ids: [4, 6], text: "w4 w6" }]);
    const llama = await ModelTokenizer.load(GGUF);
    const [first] = await promptsOf([{ prompt: "a b" }], { tokenizer: llama });
    expect([first?.ids[0], first?.text]).toEqual([1, "a b"]);
  });

  test("rows of ids are taken as they are, whatever else they have", async () => {
    const rows = [
      { promptIds: [4, 6] },
      { promptIds: [7], chosenIds: [8], rejectedIds: [9] },
      { promptIds: [4], completionIds: [[1], [2]] },
    ];
    const ids = [[4, 6], [7], [4]];
    expect(await promptsOf(rows)).toEqual(ids.map((list) => ({ ids: list, text: wordsOf(list) })));
    expect(await promptsOf(rows, { tokenizer: missing })).toEqual(
      ids.map((list) => ({ ids: list, text: null })),
    );
  });

  test("pairs, rankings and completions give their prompts", async () => {
    const pairs = [{ prompt: "w1 w2", chosen: "w3", rejected: "w4" }];
    expect(await promptsOf(pairs)).toEqual([{ ids: [1, 2], text: "w1 w2" }]);
    const completions = [{ prompt: "w1", completion: "w3" }];
    expect(await promptsOf(completions)).toEqual([{ ids: [1], text: "w1" }]);
  });

  test("texts are cut to seeded lengths in the range, a function of seed and row", async () => {
    const text = wordsOf(Array.from({ length: 20 }, (_, i) => i + 1));
    const rows = Array.from({ length: 40 }, () => ({ text }));
    const prompts = await promptsOf(rows, { prefixTokens: [2, 8] });
    const lengths = prompts.map(({ ids }) => ids.length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([2, 8]);
    expect(new Set(lengths).size).toBe(7);
    expect(prompts[0]?.text).toBe(wordsOf(prompts[0]?.ids ?? []));
    expect(await promptsOf(rows, { prefixTokens: [2, 8] })).toEqual(prompts);
    expect(await promptsOf(rows, { prefixTokens: [2, 8], seed: 4 })).not.toEqual(prompts);
    const shorter = await promptsOf([{ text: "w1" }], { prefixTokens: [2, 8] });
    expect(shorter).toEqual([{ ids: [1], text: "w1" }]);
    const ids = Array.from({ length: 20 }, (_, i) => i + 1);
    const tokens = await promptsOf(Array(40).fill({ ids }), { prefixTokens: [2, 8] });
    expect(tokens).toEqual(prompts);
  });

  test("the beginning of a long text is that of all of it, whatever it is written in", async () => {
    const texts = [
      Array(400).fill("w17").join(" "),
      `${" ".repeat(500)}w1 w2 w3`,
      `${" ".repeat(500)}${Array(100).fill("w9").join(" ")}`,
    ];
    const rows = texts.map((text) => ({ text }));
    const prompts = await promptsOf(rows, { prefixTokens: [3, 3] });
    expect(prompts.map(({ ids }) => ids)).toEqual([
      [17, 17, 17],
      [1, 2, 3],
      [9, 9, 9],
    ]);
  });

  test("texts that are not to be cut are no prompts", async () => {
    await expect(read([{ text: "w1 w2" }])).rejects.toThrow("such as prefixTokens: [2, 8]");
    await expect(read([{ ids: [1, 2] }])).rejects.toThrow("expected prompts, got texts");
  });

  test("repeated prompts are left out when asked to", async () => {
    const rows = [{ prompt: "w1" }, { prompt: "w2" }, { prompt: "w1" }];
    expect(await promptsOf(rows)).toHaveLength(3);
    const found = await read(rows, { unique: true });
    expect(found.prompts.map(({ text }) => text)).toEqual(["w1", "w2"]);
    expect(describePrompts("f", found)).toEqual([
      "f: 2 prompts, 1 left out since they came before",
    ]);
  });

  test.each([
    [{ promptIds: [1, 2, 3, 4, 5, 6, 7, 8, 9] }, "at most 8 tokens (which leaves room"],
    [{ promptIds: [192] }, "expected promptIds to be ids below the model's 192, got 192."],
    [{ promptIds: [] }, "at least one token, got none"],
    [{ prompt: "w1" }, "expected promptIds to be a list of numbers, got nothing."],
  ])("the row %j is an error that names its line, or is dropped", async (row, message) => {
    const rows = [{ promptIds: [1] }, row];
    const failure = read(rows);
    await expect(failure).rejects.toThrow("rows.jsonl:2: ");
    await expect(failure).rejects.toThrow(message);
    const found = await read(rows, { onError: "drop" });
    expect([found.prompts.length, found.bad]).toEqual([1, 1]);
    await expect(read([{ promptIds: [] }], { onError: "drop" })).rejects.toThrow("got none");
  });

  test("maxPromptLength is a limit of its own", async () => {
    const rows = [{ prompt: "w1 w2 w3" }];
    await expect(read(rows, { maxPromptLength: 2 })).rejects.toThrow("2 tokens (maxPromptLength)");
  });

  test("an empty prompt becomes the beginning-of-text token where there is one", async () => {
    expect(await promptsOf([{ prompt: "" }, { prompt: "w1" }], { config: withBos })).toEqual([
      { ids: [5], text: "" },
      { ids: [1], text: "w1" },
    ]);
    await expect(read([{ prompt: "" }])).rejects.toThrow("no beginning-of-text token");
  });

  test("texts need a tokenizer, and one of the model", async () => {
    await expect(read([{ prompt: "w1" }], { tokenizer: missing })).rejects.toThrow(
      "a data set of texts needs a tokenizer. There is none.",
    );
    const small = { ...config, vocabSize: 100 };
    await expect(read([{ prompt: "w150" }], { config: small })).rejects.toThrow(
      "expected tokens below the model's 100, got 150",
    );
  });

  test("settings out of range are errors", () => {
    const settings = (raw: object) => () => readPromptSettings(new OptionReader("data", raw));
    for (const prefixTokens of [[8, 2], [0, 2], [1.5, 2], [2], 3]) {
      expect(settings({ prefixTokens })).toThrow("expected prefixTokens to be two");
    }
    expect(settings({ unique: 1 })).toThrow("true or false");
    expect(settings({ maxPromptLength: 0 })).toThrow("an integer from 1");
    expect(settings({ onError: "skip" })).toThrow("one of fail, drop");
  });
});
