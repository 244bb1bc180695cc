import { IdPool, loadPairs, loadRanked, loadUnpaired, type TokenizedPair } from "@preflab/data";
import { ChatTemplate, Tokenizer } from "@preflab/lm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wordTokenizer } from "../tokenizers.ts";
import { fileOf } from "./temporary-folder.ts";

const tokenizer = wordTokenizer();
const eos = tokenizer.eosId ?? -1;
const bos = tokenizer.bosId ?? -1;
const options = { tokenizer, maxLength: 8 };

const file = (...rows: readonly unknown[]) =>
  fileOf("x.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
const pair = (prompt: string, chosen: string, rejected: string) => ({ prompt, chosen, rejected });

/** First ids of the completions. */
const shown = ({ chosenIds, rejectedIds }: TokenizedPair) => `${chosenIds[0]}>${rejectedIds[0]}`;

describe("io/load-tokenized", () => {
  test("texts are tokenised, and a shared prompt is held once", async () => {
    const path = await file(pair("a", "b", "c"), pair("f", "d", "e"), pair("a", "d", "e"));
    const { examples, rows, prompts } = await loadPairs(path, options);
    expect([rows, prompts]).toEqual([3, 2]);
    expect(examples[2]).toEqual({
      promptIds: Uint16Array.of(bos, 0),
      chosenIds: Uint16Array.of(3, eos),
      rejectedIds: Uint16Array.of(4, eos),
      meta: { row: 2 },
    });
    expect(examples[2]?.promptIds).toBe(examples[0]?.promptIds);
    expect(examples[1]?.promptIds).not.toBe(examples[0]?.promptIds);
  });

  test("what truncation did is counted; examples that it empties are left out", async () => {
    const path = await file(
      pair("a", "b", "c"),
      pair("a", "b c d e", "c b d e"),
      pair("a", "b c d e", "b c d f"),
      pair("a b c d e f", "b", "c"),
      pair("a", "b", "b"),
    );
    const loaded = await loadPairs(path, { tokenizer, maxLength: 5 });
    expect(loaded).toMatchObject({ promptsCut: 0, lostEos: 1, truncatedAway: 2, identical: 1 });
    expect(loaded.examples.map(({ meta }) => meta?.row)).toEqual([0, 1, 4]);
    const short = await loadPairs(path, { tokenizer, maxLength: 5, maxPromptLength: 2 });
    expect(short).toMatchObject({ promptsCut: 1, lostEos: 1, truncatedAway: 1, identical: 1 });
  });

  test("ids are taken as they are, without a tokenizer", async () => {
    const ids = { promptIds: [1, 2], chosenIds: [3], rejectedIds: [4, 5] };
    const path = await file(ids);
    const { examples } = await loadPairs(path, { maxLength: 8, vocabSize: 6 });
    expect(Array.from(examples[0]?.rejectedIds ?? [])).toEqual([4, 5]);
    await expect(loadPairs(path, { maxLength: 8, vocabSize: 5 })).rejects.toThrow(
      /:1: expected token ids below 5, got 5/,
    );
    const dropped = await loadPairs(await file(ids, { ...ids, rejectedIds: [9] }), {
      maxLength: 8,
      vocabSize: 6,
      onError: "drop",
    });
    expect(dropped).toMatchObject({ rows: 2, dropped: 1, examples: [{ meta: { row: 0 } }] });
  });

  test("ids are not cut: rows that are too long are bad, naming the line", async () => {
    const path = await file(
      { promptIds: [1, 2], chosenIds: [3], rejectedIds: [4, 5] },
      { promptIds: [1, 2, 3], chosenIds: [3], rejectedIds: [4, 5] },
    );
    await expect(loadPairs(path, { maxLength: 4 })).rejects.toThrow(
      /:2: expected ids of at most 4 tokens, prompt and completion together, got 5/,
    );
    const dropped = await loadPairs(path, { maxLength: 4, onError: "drop" });
    expect(dropped).toMatchObject({ dropped: 1, promptsCut: 0, problems: [{ code: "too_long" }] });
    expect(await loadPairs(path, { maxLength: 5 })).toMatchObject({ rows: 2, dropped: 0 });
  });

  test("a conversation that the template refuses refuses the data set", async () => {
    const source =
      "{% for m in messages %}{% if m['content'] == 'f' %}{{ raise_exception('no f') }}{% endif %}" +
      "{{ m['content'] + ' ' }}{% endfor %}";
    const row = (content: string) => {
      const turn = (role: string, said: string) => [{ role, content: said }];
      const chosen = turn("assistant", content);
      return { prompt: turn("user", "a"), chosen, rejected: turn("assistant", "c") };
    };
    const path = await file(row("b"), row("f"));
    const template = new ChatTemplate(tokenizer, source);
    await expect(loadPairs(path, { ...options, template })).rejects.toThrow(
      /got 1\.[^\n]*\n[^\n]*:2: .*no f/,
    );
    const dropped = await loadPairs(path, { ...options, template, onError: "drop" });
    expect(dropped).toMatchObject({ rows: 2, dropped: 1, problems: [{ code: "chat_template" }] });
  });

  test("rankings become their pairs, and stay rankings where those are learned", async () => {
    const path = await file({ promptIds: [1], completionIds: [[2], [3], [4]] });
    const { examples } = await loadRanked(path, { maxLength: 8 });
    expect(examples[0]?.completionIds.map((ids) => ids[0])).toEqual([2, 3, 4]);
    await expect(loadPairs(path, { maxLength: 8 })).rejects.toThrow("got tokenized-ranked");

    const chat = "{% for m in messages %}{{ m['content'] + ' ' }}{% endfor %}";
    const { files } = tokenizer;
    const config = { ...files.config, chat_template: chat };
    const withTemplate = new Tokenizer(files.tokenizer, config);
    const completions = ["b", "c", "d"].map((response, i) => ({ response, overall_score: 9 - i }));
    const texts = await file({ instruction: "a", completions });
    const pairs = await loadPairs(texts, { tokenizer: withTemplate, maxLength: 8 });
    expect(pairs.examples.map(shown)).toEqual(["1>2", "1>3", "2>3"]);
    expect(pairs.prompts).toBe(1);
  });

  test("pairs serve as rankings of two and as two unpaired examples", async () => {
    const path = await file(pair("a", "b", "c"));
    const ranked = await loadRanked(path, options);
    expect(ranked.examples[0]?.completionIds).toEqual([
      Uint16Array.of(1, eos),
      Uint16Array.of(2, eos),
    ]);
    const unpaired = await loadUnpaired(path, options);
    expect(unpaired.examples).toEqual([
      {
        promptIds: Uint16Array.of(bos, 0),
        completionIds: Uint16Array.of(1, eos),
        label: true,
        meta: { row: 0 },
      },
      {
        promptIds: Uint16Array.of(bos, 0),
        completionIds: Uint16Array.of(2, eos),
        label: false,
        meta: { row: 0 },
      },
    ]);
    const ids = await file({ promptIds: [1], chosenIds: [2], rejectedIds: [3] });
    const { examples } = await loadUnpaired(ids, { maxLength: 8 });
    expect(examples.map(({ completionIds, label }) => [completionIds[0], label])).toEqual([
      [2, true],
      [3, false],
    ]);
  });

  test("other kinds, texts without a tokenizer and lengths without room are refused", async () => {
    const prompts = await file({ prompt: "a" });
    await expect(loadPairs(prompts, options)).rejects.toThrow(
      "expected examples of kind preference, ranked, or tokenized-preference; got prompt-only (trl)",
    );
    const pairs = await file(pair("a", "b", "c"));
    await expect(loadPairs(pairs, { maxLength: 8 })).rejects.toThrow("expected a tokenizer");
    await expect(loadPairs(pairs, { ...options, maxPromptLength: 8 })).rejects.toThrow(
      "expected maxPromptLength below maxLength",
    );
  });
});

describe("tokens/id-pool", () => {
  test("ids come back, and equal prompts are the same array", () => {
    const ids = fc.array(fc.nat({ max: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(ids, ids)), (rows) => {
        const pool = new IdPool();
        const held = rows.map(([p, c]) => [pool.prompt(p), pool.completion(c)] as const);
        rows.forEach(([p, c], i) => {
          expect(Array.from(held[i]?.[0] ?? [])).toEqual(p);
          expect(Array.from(held[i]?.[1] ?? [])).toEqual(c);
          const first = rows.findIndex(([other]) => other.join() === p.join());
          expect(held[i]?.[0]).toBe(held[first]?.[0]);
        });
        const prompts = new Map(rows.map(([p]) => [p.join(), p.length]));
        expect(pool.promptCount).toBe(prompts.size);
        const promptIds = [...prompts.values()].reduce((sum, length) => sum + length, 0);
        expect(pool.idCount).toBe(rows.reduce((sum, [, c]) => sum + c.length, promptIds));
      }),
    );
  });

  test("small vocabularies take two bytes an id", () => {
    expect(new IdPool(2 ** 16).prompt([2 ** 16 - 1])).toEqual(Uint16Array.of(2 ** 16 - 1));
    expect(new IdPool(2 ** 16 + 1).prompt([2 ** 16])).toEqual(Int32Array.of(2 ** 16));
    expect(new IdPool().prompt([2 ** 31 - 1])).toEqual(Int32Array.of(2 ** 31 - 1));
  });

  test("rows longer than a block are held, those before and after too", () => {
    const pool = new IdPool();
    const long = new Int32Array(2 ** 20 + 5).fill(3);
    const held = [pool.completion([1]), pool.completion(long), pool.completion([2])];
    expect(held.map(({ length }) => length)).toEqual([1, long.length, 1]);
    expect([held[0]?.[0], held[1]?.at(-1), held[2]?.[0]]).toEqual([1, 3, 2]);
  });
});
