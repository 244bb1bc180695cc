import { DataError, loadExamples, loadPairs } from "@preflab/data";
import { describe, expect, test } from "vitest";
import { wordTokenizer } from "../tokenizers.ts";
import { fileOf } from "./temporary-folder.ts";

const lines = (...rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");
const pair = (prompt: string, chosen: string, rejected: string) => ({ prompt, chosen, rejected });

describe("io/load: examples", () => {
  const good = pair("p", "a", "b");

  test("a file with a bad row is refused, with its place and what to do", async () => {
    const path = await fileOf("x.jsonl", `${lines(good)}\nnope\n${lines(good, { prompt: "p" })}`);
    const error = await loadExamples(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    const { message, problems } = error as DataError;
    expect(message).toContain(`${path}: expected no malformed rows, got 2.`);
    expect(message).toContain('onError "drop"');
    expect(message).toContain(`${path}:2: expected JSON`);
    expect(message).toContain(`${path}:4: expected a field chosen`);
    expect(problems.map(({ code }) => code)).toEqual(["invalid_json", "missing_field"]);
  });

  test("bad rows are dropped where asked, and counted", async () => {
    const path = await fileOf("x.jsonl", `${lines(good)}\nnope\n${lines(good)}\r\n`);
    const loaded = await loadExamples(path, { onError: "drop" });
    expect(loaded).toMatchObject({ kind: "preference", rows: 3, dropped: 1, leftOut: 0 });
    expect(loaded.examples.map(({ meta }) => meta?.row)).toEqual([0, 2]);
    expect(loaded.problems.map(({ code }) => code)).toEqual(["invalid_json", "crlf"]);
  });

  test("warnings refuse nothing", async () => {
    const path = await fileOf("x.jsonl", `\ufeff${lines(good)}\r\n`);
    expect(await loadExamples(path)).toMatchObject({ rows: 1, dropped: 0 });
  });

  test("many bad rows are counted, the first ones listed", async () => {
    const path = await fileOf("x.jsonl", `${lines(good)}\n${"nope\n".repeat(300)}`);
    await expect(loadExamples(path)).rejects.toThrow(/got 300\..*and 295 more/s);
  });

  test("a data set without examples is refused", async () => {
    await expect(loadExamples(await fileOf("x.jsonl", ""))).rejects.toThrow("got none of 0 rows");
    const bad = await fileOf("x.jsonl", "nope\n");
    await expect(loadExamples(bad, { onError: "drop" })).rejects.toThrow("none of 1 rows (1 bad");
  });
});

describe("io/load: pairs", () => {
  const tokenizer = wordTokenizer();
  const eos = tokenizer.eosId ?? -1;
  const bos = tokenizer.bosId ?? -1;

  test("texts are tokenised, and a shared prompt is held once", async () => {
    const path = await fileOf("x.jsonl", lines(pair("a", "b", "c"), pair("a", "d", "e")));
    const { store, rows } = await loadPairs(path, { tokenizer, maxLength: 8 });
    expect([rows, store.length, store.promptCount]).toEqual([2, 2, 1]);
    expect(store.pair(1)).toMatchObject({
      promptIds: Int32Array.of(bos, 0),
      chosenIds: Int32Array.of(3, eos),
      rejectedIds: Int32Array.of(4, eos),
      meta: { row: 1 },
    });
  });

  test("what truncation did is counted; pairs that it empties are left out", async () => {
    const rows = [
      pair("a", "b", "c"),
      pair("a", "b c d e", "c b d e"),
      pair("a", "b c d e", "b c d f"),
      pair("a b c d e f", "b", "c"),
      pair("a", "b", "b"),
    ];
    const path = await fileOf("x.jsonl", lines(...rows));
    const loaded = await loadPairs(path, { tokenizer, maxLength: 5 });
    expect(loaded).toMatchObject({ promptsCut: 0, lostEos: 1, truncatedAway: 2, identical: 1 });
    expect(loaded.store.length).toBe(3);
    const short = await loadPairs(path, { tokenizer, maxLength: 5, maxPromptLength: 2 });
    expect(short).toMatchObject({ promptsCut: 1, lostEos: 1, truncatedAway: 1, identical: 1 });
  });

  test("ids are taken as they are, without a tokenizer", async () => {
    const ids = { promptIds: [1, 2], chosenIds: [3], rejectedIds: [4, 5] };
    const path = await fileOf("x.jsonl", lines(ids));
    const { store } = await loadPairs(path, { maxLength: 8, vocabSize: 6 });
    expect(Array.from(store.pair(0).rejectedIds)).toEqual([4, 5]);
    await expect(loadPairs(path, { maxLength: 8, vocabSize: 5 })).rejects.toThrow(
      /:1: expected token ids below 5, got 5/,
    );
  });

  test("rankings become their pairs", async () => {
    const completions = ["b", "c", "d"].map((response, i) => ({ response, overall_score: 9 - i }));
    const path = await fileOf("x.jsonl", lines({ instruction: "a", completions }));
    const chat = "{% for m in messages %}{{ m['content'] + ' ' }}{% endfor %}";
    const files = tokenizer.files;
    const { Tokenizer } = await import("@preflab/lm");
    const withTemplate = new Tokenizer(files.tokenizer, { ...files.config, chat_template: chat });
    const { store } = await loadPairs(path, { tokenizer: withTemplate, maxLength: 8 });
    const shown = Array.from({ length: store.length }, (_, i) => {
      const { chosenIds, rejectedIds } = store.pair(i);
      return `${chosenIds[0]}>${rejectedIds[0]}`;
    });
    expect(shown).toEqual(["1>2", "1>3", "2>3"]);
  });

  test("other kinds, texts without a tokenizer and lengths without room are refused", async () => {
    const prompts = await fileOf("x.jsonl", lines({ prompt: "a" }));
    await expect(loadPairs(prompts, { tokenizer, maxLength: 8 })).rejects.toThrow(
      "expected preference pairs, got examples of kind prompt-only",
    );
    const pairs = await fileOf("y.jsonl", lines(pair("a", "b", "c")));
    await expect(loadPairs(pairs, { maxLength: 8 })).rejects.toThrow("expected a tokenizer");
    await expect(loadPairs(pairs, { tokenizer, maxLength: 8, maxPromptLength: 8 })).rejects.toThrow(
      "expected maxPromptLength below maxLength",
    );
  });
});
