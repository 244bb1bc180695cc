import { leakedTensors } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { EXIT, InterruptedError } from "../../src/errors.ts";
import { capture, jsonLines } from "../capture.ts";
import {
  GGUF,
  Golden,
  MODELS,
  modelPath,
  rowsFile,
  SEQUENCE_LOGPS,
  TOKEN_LOGPS,
} from "../fixtures.ts";
import { runProgram } from "../program.ts";

interface Score {
  readonly logps: number;
  readonly nTokens: number;
  readonly tokenLogps: number[];
}

// The same sums in rectangles of other shapes.
const SAME_SUMS = { atol: 1e-4, rtol: 1e-5 };

/** The rows of a golden batch: one full, one padded left, one right, one on both sides. */
function goldenRows(golden: Golden) {
  const [masks, completions] = ["attention_mask", "completion_mask"].map((key) => golden.rows(key));
  return golden.rows("input_ids").map((ids, i) => ({
    ids,
    attentionMask: masks?.[i] as number[],
    completionMask: completions?.[i] as number[],
  }));
}

function expectGolden(golden: Golden, scores: readonly Score[]): void {
  const rows = goldenRows(golden);
  expect(scores).toHaveLength(rows.length);
  expect(scores.flatMap(({ tokenLogps }) => tokenLogps)).toBeAllClose(
    golden.rows("token_logps").flat(),
    TOKEN_LOGPS,
  );
  expect(scores.map(({ logps }) => logps)).toBeAllClose(
    golden.values("sequence_logps"),
    SEQUENCE_LOGPS,
  );
  const counts = rows.map(({ attentionMask, completionMask }) => {
    const counts = (_: number, t: number) =>
      t > 0 && completionMask[t] === 1 && attentionMask[t] === 1 && attentionMask[t - 1] === 1;
    return completionMask.filter(counts).length;
  });
  expect(scores.map(({ nTokens }) => nTokens)).toEqual(counts);
}

async function score(model: string, rows: readonly unknown[], ...more: string[]): Promise<Score[]> {
  const args = ["logps", "--model", model, "--in", rowsFile(rows), "--json", ...more];
  const { code, out, err } = await capture(args);
  expect({ code, err: code === EXIT.ok ? "" : err }).toEqual({ code: EXIT.ok, err: "" });
  return jsonLines<Score>(out);
}

describe("commands/logps", () => {
  test.each(MODELS)("%s has the log-probabilities that transformers computes", async (name) => {
    const golden = new Golden(name);
    expectGolden(golden, await score(modelPath(name), goldenRows(golden)));
  });

  test("the program prints them and nothing else on stdout", () => {
    const golden = new Golden("llama-gqa");
    const rows = rowsFile(goldenRows(golden));
    const args = ["logps", "--model", modelPath("llama-gqa"), "--in", rows, "--json"];
    const { code, out, err } = runProgram([...args, "--backend", "cpu", "--threads", "2"]);
    expect(code).toBe(0);
    expectGolden(golden, jsonLines<Score>(out));
    expect(err).toContain("backend cpu");
    expect(err).toContain("--threads 2 has no effect");
  });

  test("rows come in their order, whatever is computed together", async () => {
    const ids = (n: number) => Array.from({ length: n }, (_, i) => (7 * i + n) % 144);
    const rows = [3, 40, 1, 17, 2, 33, 16, 5].map((n) => ({ ids: ids(n) }));
    const alone = await score(modelPath("stablelm"), rows, "--batch-size", "1");
    const together = await score(modelPath("stablelm"), rows, "--batch-size", "3");
    expect(together.map(({ tokenLogps }) => tokenLogps.length)).toEqual([
      2, 39, 0, 16, 1, 32, 15, 4,
    ]);
    alone.forEach(({ tokenLogps }, i) => {
      expect(together[i]?.tokenLogps).toBeAllClose(tokenLogps, SAME_SUMS);
    });
  });

  test("without a mask all tokens count but the first, which nothing predicts", async () => {
    const [whole, one, none] = await score(modelPath("gpt2-tied"), [
      { ids: [5, 6, 7, 8] },
      { ids: [5] },
      { ids: [5, 6], attentionMask: [0, 0] },
    ]);
    const sum = whole?.tokenLogps.reduce((a, b) => a + b, 0);
    expect(whole).toMatchObject({ logps: sum, nTokens: 3 });
    expect(one).toEqual({ logps: 0, nTokens: 0, tokenLogps: [] });
    expect(none).toEqual({ logps: 0, nTokens: 0, tokenLogps: [0] });
  });

  test("padding in the middle counts for nothing, and takes no position", async () => {
    const [gap, dense] = await score(modelPath("gpt_neox-pythia"), [
      { ids: [5, 6, 99, 7, 8], attentionMask: [1, 1, 0, 1, 1] },
      { ids: [5, 6, 7, 8] },
    ]);
    const expected = [dense?.tokenLogps[0], 0, 0, dense?.tokenLogps[2]] as number[];
    expect(gap?.tokenLogps).toBeAllClose(expected, SAME_SUMS);
    expect(gap?.nTokens).toBe(2);
  });

  test("texts are tokenised one by one, behind what the tokenizer puts first", async () => {
    const [fromText, fromIds] = await score(GGUF, [
      { prompt: "é", completion: "😀" },
      // <s>, then "▁" "é", then "▁" "😀": this tokenizer begins every text with a space.
      { ids: [1, 4, 6, 4, 7], completionMask: [0, 0, 0, 1, 1] },
    ]);
    expect(fromText?.nTokens).toBe(2);
    expect(fromText?.tokenLogps).toBeAllClose(fromIds?.tokenLogps as number[], SAME_SUMS);
    expect(fromText?.logps).toBeCloseTo(fromIds?.logps as number, 3);
  });

  test("without --json there is a line per row", async () => {
    const args = ["logps", "--model", modelPath("llama-gqa"), "--in", rowsFile([{ ids: [5, 6] }])];
    expect((await capture(args)).out).toMatch(/^row 1: logps -\d+\.\d{4}, 1 tokens\n$/);
  });

  test.each([
    ['{"ids":[1,192]}', "expected ids in [0, 192), got 192 at index 1."],
    ['{"ids":[1,0.5]}', "expected ids in [0, 192), got 0.5 at index 1."],
    ['{"ids":[]}', "expected ids of at least one token, got none."],
    ['{"ids":"1 2"}', 'expected ids to be a list of numbers, got "1 2".'],
    ['{"ids":[1,2],"attentionMask":[1]}', "expected attentionMask as long as ids, 2, got 1."],
    [
      '{"ids":[1,2],"completionMask":[0,2]}',
      "expected completionMask of 0 and 1, got 2 at index 1.",
    ],
    ['{"ids":[1],"prompt":"a"}', "expected either ids or prompt and completion, got ids, prompt."],
    ['{"prompt":"a"}', "expected either ids or prompt and completion, got prompt."],
    ["{}", "expected either ids or prompt and completion, got no keys."],
    ['{"prompt":"a","completion":"b"}', "a row of text needs a tokenizer."],
    ["[1, 2]", "expected a JSON object, got [1, 2]."],
  ])("the row %s is an error that names its line", async (row, message) => {
    const path = rowsFile(`{"ids":[1,2]}\n${row}\n`);
    const { code, out, err } = await capture([
      ...["logps", "--model", modelPath("llama-gqa"), "--in", path, "--json"],
    ]);
    expect({ code, out }).toEqual({ code: EXIT.failed, out: "" });
    expect(err).toContain(`preflab logps: ${path}:2: ${message}`);
  });

  test("a row longer than a table of positions is refused", async () => {
    const rows = rowsFile([{ ids: new Array(65).fill(1) }]);
    const { code, err } = await capture(["logps", "--model", modelPath("gpt2-tied"), "--in", rows]);
    expect(code).toBe(EXIT.failed);
    expect(err).toContain("expected at most the model's 64 positions, got 65 tokens.");
  });

  test("a key that is not read is warned of once", async () => {
    const rows = rowsFile([1, 2, 3].map((id) => ({ ids: [id], attention_mask: [1] })));
    const args = ["logps", "--model", modelPath("llama-gqa"), "--in", rows];
    const { code, err } = await capture(args);
    expect(code).toBe(EXIT.ok);
    expect(err.match(/rows\.jsonl:1: "attention_mask" is not read/g)).toHaveLength(1);
    expect(err.match(/attention_mask/g)).toHaveLength(1);
  });

  test.each([
    [["--threads", "0"], "Expected an integer from 1."],
    [["--batch-size", "x"], "Expected an integer from 1."],
    [["--backend", "cuda"], "Allowed choices are auto, tensorflow, ort, wasm, cpu."],
    [["--memory-limit", "lots"], "such as 4GB."],
    [["--colour"], "Expected --model, --in, --batch-size, --json, --backend"],
    [["more"], "too many arguments"],
  ])("%s is wrong usage", async (flags, message) => {
    const { code, out, err } = await capture([
      ...["logps", "--model", "m", "--in", "rows.jsonl"],
      ...flags,
    ]);
    expect({ code, out }).toEqual({ code: EXIT.usage, out: "" });
    expect(err).toContain(message);
    expect(err).toContain("See preflab logps --help.");
  });

  test("model and rows must be named", async () => {
    const { code, err } = await capture(["logps", "--model", "m"]);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain("required option '--in <file>' not specified");
  });

  test("missing files fail with a message, not with a stack", async () => {
    const noModel = await capture(["logps", "--model", "nowhere", "--in", rowsFile([])]);
    expect(noModel.code).toBe(EXIT.failed);
    expect(noModel.err).toContain(
      "preflab logps: model: expected a folder, a GGUF file or ORG/NAME",
    );
    const noRows = await capture(["logps", "--model", modelPath("llama-gqa"), "--in", "nowhere"]);
    expect(noRows.code).toBe(EXIT.failed);
    expect(noRows.err).toContain("preflab logps: ENOENT");
    expect(noModel.err + noRows.err).not.toContain("    at ");
  });

  test("a program that would not fit into --memory-limit is refused", async () => {
    const rows = rowsFile([{ ids: [1, 2, 3] }]);
    const args = ["logps", "--model", modelPath("llama-gqa"), "--in", rows];
    const { code, err } = await capture([...args, "--memory-limit", "1KB"]);
    expect(code).toBe(EXIT.failed);
    expect(err).toMatch(/memory/i);
    expect(err).not.toContain("    at ");
  });

  test("an interruption stops it with exit code 130", async () => {
    const rows = rowsFile([{ ids: [1, 2, 3] }]);
    const signal = AbortSignal.abort(new InterruptedError("interrupted."));
    const args = ["logps", "--model", modelPath("llama-gqa"), "--in", rows, "--json"];
    const { code, out, err } = await capture(args, signal);
    expect({ code, out }).toEqual({ code: EXIT.interrupted, out: "" });
    expect(err).toContain("preflab logps: interrupted.\n");
  });

  test("leaves no tensors behind, after errors neither", async () => {
    const leaked = await leakedTensors(async () => {
      await score(modelPath("llama-gqa"), [{ ids: [1, 2, 3] }]);
      await capture(["logps", "--model", modelPath("llama-gqa"), "--in", rowsFile("{")]);
    });
    expect(leaked).toBe(0);
  });
});
