import { parseConfig } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { ModelTokenizer } from "../../src/inference/model.ts";
import { describeRows, readSftRows, type SftRowOptions } from "../../src/training/sft-rows.ts";
import { GGUF, rowsFile } from "../fixtures.ts";

/** 40 tokens, `<s>` (1) before texts, `</s>` (2) after them. */
const tokenizer = await ModelTokenizer.load(GGUF);
const config = parseConfig({
  ...{ model_type: "llama", vocab_size: 40, hidden_size: 8, num_hidden_layers: 1 },
  ...{ num_attention_heads: 2, intermediate_size: 8, max_position_embeddings: 32 },
  ...{ hidden_act: "silu", rms_norm_eps: 1e-5, num_key_value_heads: 2 },
});

const read = (rows: readonly unknown[] | string, options: Partial<SftRowOptions> = {}) =>
  readSftRows(rowsFile(rows), {
    ...{ format: "auto", onError: "fail", config, tokenizer, maxLength: 32 },
    ...options,
  });

/** Ids and masks of the rows of a file. */
async function rowsOf(rows: readonly unknown[]) {
  const found = await read(rows);
  return found.rows.map(({ ids, completionMask }) => [
    Array.from(ids),
    completionMask && Array.from(completionMask),
  ]);
}

const encode = (text: string) => [
  ...tokenizer.require("test").encode(text, { addSpecialTokens: false }),
];

describe("training/sft-rows", () => {
  test("prompt and completion: BOS before, end of text after, the completion learned", async () => {
    const [prompt, completion] = [encode("a b"), encode(" c")];
    const ids = [1, ...prompt, ...completion, 2];
    const mask = ids.map((_, t) => (t <= prompt.length ? 0 : 1));
    expect(await rowsOf([{ prompt: "a b", completion: " c" }])).toEqual([[ids, mask]]);
  });

  test("of a text all is learned but BOS", async () => {
    const ids = [1, ...encode("a b c"), 2];
    const mask = ids.map((_, t) => (t === 0 ? 0 : 1));
    expect(await rowsOf([{ text: "a b c" }])).toEqual([[ids, mask]]);
  });

  test("of a preference pair the chosen response is learned", async () => {
    const pair = { prompt: "a", chosen: " b", rejected: " c" };
    expect(await rowsOf([pair])).toEqual(await rowsOf([{ prompt: "a", completion: " b" }]));
  });

  test("rows of ids are taken as they are", async () => {
    const rows = [
      { ids: [5, 6, 7] },
      { ids: [5, 6, 7], completionMask: [0, 0, 1] },
      { promptIds: [5], completionIds: [6, 7] },
    ];
    expect(await rowsOf(rows)).toEqual([
      [[5, 6, 7], undefined],
      [
        [5, 6, 7],
        [0, 0, 1],
      ],
      [
        [5, 6, 7],
        [0, 1, 1],
      ],
    ]);
  });

  test("long rows lose their end, and those with nothing left to learn are left out", async () => {
    const rows = [
      { promptIds: [5, 6], completionIds: [7, 8, 9] },
      { promptIds: [5, 6, 7, 8], completionIds: [9] },
    ];
    const found = await read(rows, { maxLength: 4 });
    expect(found.rows.map(({ ids }) => Array.from(ids))).toEqual([[5, 6, 7, 8]]);
    expect(describeRows("rows.jsonl", found)).toEqual([
      "rows.jsonl: 1 rows, 2 cut to maxLength, 1 left out since nothing to learn is left of them",
    ]);
  });

  test.each([
    [{ ids: [5, 40] }, "expected ids to be ids below the model's 40, got 40"],
    [{ ids: [5, 1.5] }, "got 1.5"],
    [{ ids: "abc" }, "expected ids to be a list of numbers"],
    [{ ids: [5, 6], completionMask: [1] }, "expected a completionMask of 2 tokens, got 1"],
    [{ ids: [5, 6], completionMask: [1, 2] }, "to be of 0 and 1, got 2"],
    [{ promptIds: [5] }, "expected fields ids and completionMask"],
    [[5], "expected a row to be an object"],
  ])("a bad row of ids is named by file and line: %j", async (row, message) => {
    const rows = [{ ids: [5, 6] }, { ids: [6, 7] }, row];
    await expect(read(rows)).rejects.toThrow("rows.jsonl:3: ");
    await expect(read(rows)).rejects.toThrow(message);
  });

  test("a bad row of texts is named by file and line, or dropped and counted", async () => {
    const rows = [
      { prompt: "a", completion: "b" },
      { prompt: "a", completion: 3 },
      { prompt: "b" },
    ];
    await expect(read(rows)).rejects.toThrow("expected no malformed rows, got 2");
    await expect(read(rows)).rejects.toThrow("rows.jsonl:2: ");
    const found = await read(rows, { onError: "drop" });
    expect([found.rows.length, found.bad]).toEqual([1, 2]);
    expect(describeRows("a", found)).toEqual(["a: 1 rows, 2 bad ones left out"]);
  });

  test("a file that is no JSON is an error with its line", async () => {
    await expect(read('{"ids": [5, 6]}\n{"ids": [5,\n')).rejects.toThrow("rows.jsonl:2: ");
  });

  test("nothing to learn from is an error", async () => {
    await expect(read([])).rejects.toThrow("expected rows to learn from, got none");
    await expect(read([{ ids: [5] }])).rejects.toThrow("1 without a token to learn");
  });

  test("prompts alone are no examples", async () => {
    await expect(read([{ prompt: "a" }])).rejects.toThrow("got examples of kind prompt-only");
  });

  test("texts need a tokenizer, and one that fits the model", async () => {
    const missing = ModelTokenizer.missing("There is none.");
    const rows = [{ text: "a b" }];
    await expect(read(rows, { tokenizer: missing })).rejects.toThrow("There is none.");
    const small = { ...config, vocabSize: 3 };
    await expect(read(rows, { config: small })).rejects.toThrow("below the model's 3, got");
  });
});
