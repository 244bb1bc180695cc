/** Byte-pair training: its rule, its bookkeeping against plain recounting, its files. */
import { Tokenizer, trainByteLevelBpe } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { type CountedWord, learnMerges } from "../../src/tokenizer/learn-merges.ts";
import { fuzzStrings, trainingTexts } from "./golden/texts.ts";
import { tokenizerOf } from "./shared-data.ts";

/** Merges as text, from words written with one letter a token. */
function mergesOf(words: Readonly<Record<string, number>>, vocabSize: number, minFrequency = 1) {
  const alphabet = [...new Set(Object.keys(words).join(""))].sort();
  const counted = Object.entries(words).map(([word, count]) => ({
    ids: [...word].map((letter) => alphabet.indexOf(letter)),
    count,
  }));
  const { merges, tokens } = learnMerges(counted, alphabet, { vocabSize, minFrequency });
  return { merges: merges.map((pair) => pair.join("+")), tokens, alphabet };
}

/** The same by counting all pairs anew before every merge. */
function mergesByRecounting(
  words: readonly CountedWord[],
  alphabet: readonly string[],
  vocabSize: number,
): string[] {
  const rows = words.map(({ ids, count }) => ({ ids: Array.from(ids), count }));
  const tokens = [...alphabet];
  const merges: string[] = [];
  while (tokens.length < vocabSize) {
    const counts = new Map<string, number>();
    for (const { ids, count } of rows) {
      for (let i = 1; i < ids.length; i++) {
        const key = `${ids[i - 1]} ${ids[i]}`;
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
    }
    const [best] = [...counts]
      .map(([key, count]) => ({ pair: key.split(" ").map(Number), count }))
      .filter(({ pair }) => !tokens.includes(pair.map((id) => tokens[id]).join("")))
      .sort((a, b) => {
        const [left = 0, right = 0] = a.pair;
        const [otherLeft = 0, otherRight = 0] = b.pair;
        return b.count - a.count || left - otherLeft || right - otherRight;
      });
    if (best === undefined) break;
    const [left = 0, right = 0] = best.pair;
    const id = tokens.push(`${tokens[left]}${tokens[right]}`) - 1;
    merges.push(`${tokens[left]}+${tokens[right]}`);
    for (const row of rows) {
      const out: number[] = [];
      for (let i = 0; i < row.ids.length; i++) {
        const hit = row.ids[i] === left && row.ids[i + 1] === right;
        out.push(hit ? id : (row.ids[i] as number));
        if (hit) i++;
      }
      row.ids = out;
    }
  }
  return merges;
}

describe("tokenizer/learn-merges", () => {
  test("the most frequent pair is merged first, weighted by the words' counts", () => {
    // ab: 5 + 3, bc: 5, cd: 4. Then (ab)c: 5, cd: 4.
    expect(mergesOf({ abc: 5, ab: 3, cd: 4 }, 7).merges).toEqual(["a+b", "ab+c", "c+d"]);
  });

  test("of equally frequent pairs the lowest left id comes first, then the lowest right id", () => {
    expect(mergesOf({ db: 1, dc: 1, ad: 1 }, 7).merges).toEqual(["a+d", "d+b", "d+c"]);
  });

  test("pairs of one letter are merged from the left and counted as neighbours", () => {
    expect(mergesOf({ aaaaa: 1 }, 3).merges).toEqual(["a+a", "aa+a"]);
    expect(mergesOf({ aaaa: 2, aaa: 1 }, 4).merges).toEqual(["a+a", "aa+aa", "aa+a"]);
  });

  test("a pair below the least frequency is not merged", () => {
    expect(mergesOf({ ab: 2, cd: 1 }, 100, 2).merges).toEqual(["a+b"]);
    expect(mergesOf({ ab: 2, cd: 1 }, 100, 3).merges).toEqual([]);
  });

  test("keeping counts gives what recounting gives", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const letters = "abcd".slice(0, 2 + (seed % 3));
      const words = fuzzStrings(30, seed).map((text, i) => ({
        ids: Array.from(text.slice(0, 12), (letter) => letter.charCodeAt(0) % letters.length),
        count: 1 + ((i * seed) % 7),
      }));
      const limits = { vocabSize: 40, minFrequency: 1 };
      const { merges } = learnMerges(words, [...letters], limits);
      const ours = merges.map((pair) => pair.join("+"));
      expect(new Set(ours.map((merge) => merge.replace("+", ""))).size).toBe(ours.length);
      expect(ours).toEqual(mergesByRecounting(words, [...letters], limits.vocabSize));
      expect(ours.length).toBeGreaterThan(20);
    }
  });
});

describe("tokenizer/byte-level-bpe", () => {
  const texts = trainingTexts(200, 3);
  const options = { vocabSize: 400 };

  test("the same texts give the same files in any order", () => {
    const files = JSON.stringify(trainByteLevelBpe(texts, options));
    expect(JSON.stringify(trainByteLevelBpe([...texts].reverse(), options))).toBe(files);
    expect(JSON.stringify(trainByteLevelBpe(texts.slice(1), options))).not.toBe(files);
  });

  test("special tokens come first, then bytes by character, then merges", () => {
    const tokenizer = tokenizerOf(
      trainByteLevelBpe(texts, { ...options, specialTokens: ["<|user|>"] }),
    );
    expect(tokenizer).toMatchObject({ eosId: 0, bosId: 0, padId: 1, vocabSize: 400, warnings: [] });
    expect(tokenizer.idOf("<|user|>")).toBe(2);
    expect(tokenizer.idOf("!")).toBe(3);
    expect(tokenizer.idOf("Ń")).toBe(258);
    expect([...tokenizer.specialIds]).toEqual([0, 1, 2]);
  });

  test("texts without pairs give a vocabulary of bytes that still covers every text", () => {
    const tokenizer = tokenizerOf(trainByteLevelBpe([], options));
    expect(tokenizer.vocabSize).toBe(258);
    const ids = tokenizer.encode("žluťoučký 🐎", { addSpecialTokens: false });
    expect(tokenizer.decode(ids)).toBe("žluťoučký 🐎");
  });

  test("texts that spell a special token teach no merge to it", () => {
    const spelled = Array.from({ length: 50 }, () => "<|eos|>");
    const files = trainByteLevelBpe(spelled, { vocabSize: 300, eosToken: "|>", padToken: "<|" });
    const merged = (files.tokenizer.model["merges"] as string[][]).map((pair) => pair.join(""));
    expect(merged).toContain("eos");
    expect(merged).not.toContain("|>");
    const tokenizer = tokenizerOf(files);
    const ids = tokenizer.encode("<|eos|>", { addSpecialTokens: false });
    expect([...ids].map((id) => tokenizer.tokenOf(id))).toEqual(["<", "|", "eos", "|", ">"]);
  });

  test("words are what the tokenizer splits text into", () => {
    const tokenizer = tokenizerOf(trainByteLevelBpe(["it's it's a\u0085\u0085b"], options));
    const tokens = (text: string) =>
      [...tokenizer.encode(text, { addSpecialTokens: false })].map((id) => tokenizer.tokenOf(id));
    expect(tokens("it's")).toEqual(["it", "'s"]);
  });

  test.each<[string, object]>([
    ["vocabSize of at least 258", { vocabSize: 257 }],
    ["vocabSize of at least 258", { vocabSize: 300.5 }],
    ["must never be one token", { vocabSize: 300, padToken: "<|endoftext|>" }],
    ["all different", { vocabSize: 300, specialTokens: ["<a>", "<a>"] }],
    ["of several characters", { vocabSize: 300, specialTokens: ["a"] }],
    ["of several characters", { vocabSize: 300, specialTokens: [""] }],
  ])("an impossible option is an error: %s", (message, wrong) => {
    const train = () => trainByteLevelBpe([], wrong as { vocabSize: number });
    expect(train).toThrow(message);
  });

  test("the file has the keys that the Rust library requires", () => {
    const { tokenizer } = trainByteLevelBpe(texts, options);
    expect(Object.keys(tokenizer)).toEqual([
      "version",
      "truncation",
      "padding",
      "added_tokens",
      "normalizer",
      "pre_tokenizer",
      "post_processor",
      "decoder",
      "model",
    ]);
    expect(() => new Tokenizer(tokenizer)).not.toThrow();
  });
});
