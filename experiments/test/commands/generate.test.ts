import { leakedTensors } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { EXIT, InterruptedError } from "../../src/errors.ts";
import { capture, jsonLines } from "../capture.ts";
import {
  GGUF,
  Golden,
  MODELS,
  modelPath,
  modelWith,
  modelWithWords,
  rowsFile,
  wordsOf,
} from "../fixtures.ts";
import { runProgram } from "../program.ts";

interface Sample {
  readonly ids: number[];
  readonly text: string | null;
  readonly finish: "eos" | "length" | "stop";
}

/** New tokens of the golden completions. */
const NEW = 16;

/** The prompts of golden completions, which are padded on the left. */
function goldenPrompts(golden: Golden) {
  const masks = golden.rows("gen.attention_mask");
  return golden.rows("gen.input_ids").map((ids, i) => ({
    ids: ids.filter((_, t) => masks[i]?.[t] === 1),
  }));
}

/** @param key `gen.sequences`, or `gen.eos_sequences` */
function goldenCompletions(golden: Golden, key: string): number[][] {
  return golden.rows(key).map((ids) => ids.slice(-NEW));
}

function argsFor(model: string, rows: readonly unknown[], flags: readonly string[]): string[] {
  const tokens = flags.includes("--max-new-tokens") ? [] : ["--max-new-tokens", "6"];
  return ["generate", "--model", model, "--in", rowsFile(rows), ...tokens, ...flags];
}

async function generate(
  model: string,
  rows: readonly unknown[],
  ...flags: string[]
): Promise<Sample[]> {
  const { code, out, err } = await capture(argsFor(model, rows, ["--json", ...flags]));
  expect({ code, err: code === EXIT.ok ? "" : err }).toEqual({ code: EXIT.ok, err: "" });
  return jsonLines<Sample>(out);
}

describe("commands/generate", () => {
  test.each(MODELS)("%s continues greedily as in transformers", async (name) => {
    const golden = new Golden(name);
    const found = await generate(
      modelPath(name),
      goldenPrompts(golden),
      "--max-new-tokens",
      `${NEW}`,
    );
    const expected = goldenCompletions(golden, "gen.sequences");
    expect(found).toEqual(expected.map((ids) => ({ ids, text: null, finish: "length" })));
  });

  test("the program prints the same and nothing else on stdout", () => {
    const golden = new Golden("mistral-window");
    const flags = ["--max-new-tokens", `${NEW}`, "--json", "--seed", "3"];
    const { code, out } = runProgram(
      argsFor(modelPath("mistral-window"), goldenPrompts(golden), flags),
    );
    expect(code).toBe(0);
    const expected = goldenCompletions(golden, "gen.sequences");
    expect(jsonLines<Sample>(out).map(({ ids }) => ids)).toEqual(expected);
  });

  test.each(["gpt2-tied", "llama-gqa"])("%s ends at the config's end of text", async (name) => {
    const golden = new Golden(name);
    const [eos] = golden.values("gen.eos_token_id");
    const model = modelWith(name, { eos_token_id: eos });
    const found = await generate(model, goldenPrompts(golden), "--max-new-tokens", `${NEW}`);
    const expected = goldenCompletions(golden, "gen.eos_sequences").map((ids) => {
      const end = ids.indexOf(eos as number);
      return end < 0
        ? { ids, text: null, finish: "length" }
        : { ids: ids.slice(0, end + 1), text: null, finish: "eos" };
    });
    expect(expected.map(({ finish }) => finish)).toContain("eos");
    expect(found).toEqual(expected);
  });

  test("padding of a row is no part of its prompt", async () => {
    const [padded, plain] = await generate(modelPath("llama-gqa"), [
      { ids: [0, 0, 5, 6, 0], attentionMask: [0, 0, 1, 1, 0] },
      { ids: [5, 6] },
    ]);
    expect(padded).toEqual(plain);
  });

  test("samples of a row stand together; seed and row decide, not the batch", async () => {
    const rows = [{ ids: [5] }, { ids: [6, 7] }, { ids: [8, 9, 10] }];
    const flags = ["--temperature", "1", "--samples", "2", "--top-k", "50", "--top-p", "0.99"];
    const model = modelPath("llama-gqa");
    const found = await generate(model, rows, ...flags, "--seed", "1");
    expect(found).toHaveLength(6);
    const distinct = new Set(found.map(({ ids }) => ids.join()));
    expect(distinct.size).toBe(6);
    for (const size of ["1", "3"]) {
      expect(await generate(model, rows, ...flags, "--seed", "1", "--batch-size", size)).toEqual(
        found,
      );
    }
    expect(await generate(model, rows, ...flags, "--seed", "2")).not.toEqual(found);
  });

  test("filters down to one token choose the likeliest", async () => {
    const rows = [{ ids: [5, 6, 7] }];
    const model = modelPath("stablelm");
    const greedy = await generate(model, rows);
    for (const filter of ["--top-k=1", "--top-p=1e-9", "--min-p=1"]) {
      expect(await generate(model, rows, "--temperature", "1", filter)).toEqual(greedy);
    }
  });

  test("a repetition penalty keeps a row from repeating itself", async () => {
    const [ids] = goldenCompletions(new Golden("gpt2-tied"), "gen.sequences");
    expect(new Set(ids).size).toBeLessThan(NEW / 2);
    const [penalized] = await generate(
      modelPath("gpt2-tied"),
      goldenPrompts(new Golden("gpt2-tied")),
      ...["--max-new-tokens", `${NEW}`, "--repetition-penalty", "1e6"],
    );
    expect(new Set(penalized?.ids).size).toBe(NEW);
  });

  test("a model with a tokenizer takes and gives text", async () => {
    const golden = new Golden("llama-gqa");
    const model = modelWithWords("llama-gqa");
    const prompts = goldenPrompts(golden).map(({ ids }) => ({ prompt: wordsOf(ids) }));
    const expected = goldenCompletions(golden, "gen.sequences").map((ids) => {
      return { ids, text: wordsOf(ids), finish: "length" };
    });
    expect(await generate(model, prompts, "--max-new-tokens", `${NEW}`)).toEqual(expected);
    const found = await generate(model, goldenPrompts(golden), "--max-new-tokens", `${NEW}`);
    expect(found).toEqual(expected);
  });

  test("a GGUF file brings its tokenizer, which begins prompts with <s>", async () => {
    const [fromText, fromIds] = await generate(GGUF, [{ prompt: "é" }, { ids: [1, 4, 6] }]);
    expect(fromText).toEqual(fromIds);
    expect(fromText?.text).toMatch(/^[t\d ]+$/);
  });

  test("stop strings end a text before them", async () => {
    const [ids = []] = goldenCompletions(new Golden("llama-gqa"), "gen.sequences");
    const [row] = goldenPrompts(new Golden("llama-gqa"));
    const flags = ["--stop", "never", "--stop", wordsOf(ids.slice(2, 4)), "--max-new-tokens", "8"];
    const [sample] = await generate(modelWithWords("llama-gqa"), [row], ...flags);
    const text = `${wordsOf(ids.slice(0, 2))} `;
    expect(sample).toEqual({ ids: ids.slice(0, 4), text, finish: "stop" });
  });

  test("a special token, which no text contains, can be a stop too", async () => {
    const [ids = []] = goldenCompletions(new Golden("llama-gqa"), "gen.sequences");
    const [row] = goldenPrompts(new Golden("llama-gqa"));
    const model = modelWithWords("llama-gqa", ids[2]);
    const [sample] = await generate(model, [row], "--stop", wordsOf(ids.slice(2, 3)));
    expect(sample).toEqual({
      ids: ids.slice(0, 3),
      text: wordsOf(ids.slice(0, 2)),
      finish: "stop",
    });
  });

  test("without --json completions are shown under their row", async () => {
    const args = argsFor(modelPath("llama-gqa"), [{ ids: [1, 2, 3, 4, 5] }], []);
    const { out } = await capture([...args.slice(0, -1), "3"]);
    expect(out).toMatch(/^--- .*rows\.jsonl:1, 3 tokens, length\n21 57 127\n$/);
  });

  test.each([
    ['{"ids":[]}', "expected a prompt of at least one token, got none."],
    ['{"ids":[-1]}', "expected ids in [0, 128), got -1 at index 0."],
    ['{"prompt":7}', "expected prompt to be a string, got 7."],
    ['{"text":"a"}', "expected either ids or prompt, got text."],
    [
      JSON.stringify({ ids: new Array(60).fill(1) }),
      "expected at most the model's 64 positions, got 60 tokens and 6 new ones.",
    ],
  ])("the row %s is an error that names its line", async (row, message) => {
    const path = rowsFile(`${row}\n`);
    const { code, out, err } = await capture([
      ...["generate", "--model", modelPath("gpt2-tied"), "--in", path, "--max-new-tokens", "6"],
    ]);
    expect({ code, out }).toEqual({ code: EXIT.failed, out: "" });
    expect(err).toContain(`preflab generate: ${path}:1: ${message}`);
  });

  test("--stop needs a tokenizer", async () => {
    const args = argsFor(modelPath("llama-gqa"), [{ ids: [1] }], ["--stop", "a"]);
    const { code, err } = await capture(args);
    expect(code).toBe(EXIT.failed);
    expect(err).toContain("preflab generate: --stop needs a tokenizer.");
  });

  test.each([
    ["--max-new-tokens=0", "Expected an integer from 1."],
    ["--temperature=-1", "Expected a number from 0."],
    ["--top-k=0", "Expected an integer from 1."],
    ["--top-p=0", "Expected a number above 0 and at most 1."],
    ["--min-p=1.1", "Expected a number from 0 to 1."],
    ["--repetition-penalty=0", "Expected a number above 0."],
    ["--samples=1.5", "Expected an integer from 1."],
    ["--seed=-1", "Expected an integer from 0."],
    ["--stop=", "Expected a text that is not empty."],
  ])("%s is wrong usage", async (flag, message) => {
    const args = ["generate", "--model", "m", "--in", "f", "--max-new-tokens", "6", flag];
    const { code, out, err } = await capture(args);
    expect({ code, out }).toEqual({ code: EXIT.usage, out: "" });
    expect(err).toContain(message);
  });

  test("samples that would all be the same are warned of", async () => {
    const args = argsFor(modelPath("llama-gqa"), [{ ids: [1] }], ["--samples", "2"]);
    const { code, err } = await capture(args);
    expect(code).toBe(EXIT.ok);
    expect(err).toContain("all samples of a prompt are the same");
  });

  test("an interruption stops it with exit code 130", async () => {
    const signal = AbortSignal.abort(new InterruptedError("interrupted."));
    const { code } = await capture(argsFor(modelPath("llama-gqa"), [{ ids: [1] }], []), signal);
    expect(code).toBe(EXIT.interrupted);
  });

  test("leaves no tensors behind", async () => {
    const leaked = await leakedTensors(async () => {
      await generate(modelPath("llama-gqa"), [{ ids: [1, 2, 3] }]);
    });
    expect(leaked).toBe(0);
  });
});
