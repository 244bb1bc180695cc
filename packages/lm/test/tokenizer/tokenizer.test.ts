/** What the wrapper adds to the library: decisions, errors and shapes. */
import {
  DecodeStream,
  parseSentencePiece,
  sentencePieceFiles,
  Tokenizer,
  type TokenizerFiles,
  wordLevelFiles,
} from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { smallModel, trainedFiles } from "./golden/subjects.ts";
import { tokenizerOf } from "./shared-data.ts";

const PLAIN = { addSpecialTokens: false } as const;
const trained = tokenizerOf(trainedFiles());
/** Ids: a 0, b 1, c 2, unknown 3, BOS 4, EOS 5, padding 6. */
const words = tokenizerOf(wordLevelFiles(["a", "b", "c"]));

/** The word-level tokenizer with other contents of tokenizer_config.json. */
function withConfig(config: object): Tokenizer {
  const { tokenizer } = wordLevelFiles(["a", "b", "c"]);
  return tokenizerOf({ tokenizer, config });
}

/** The trained tokenizer with some keys of tokenizer.json changed. */
function withParts(change: object): Tokenizer {
  const { tokenizer, config } = trainedFiles();
  return tokenizerOf({ tokenizer: { ...tokenizer, ...change }, config });
}

function withModel(change: object): Tokenizer {
  return withParts({ model: { ...trainedFiles().tokenizer.model, ...change } });
}

describe("tokenizer/tokenizer encode", () => {
  test("ids come as an Int32Array, an empty text as none", () => {
    expect(words.encode("b a", PLAIN)).toEqual(Int32Array.of(1, 0));
    expect(words.encode("", PLAIN)).toEqual(new Int32Array());
    expect(words.encode("", { addSpecialTokens: true })).toEqual(Int32Array.of(4));
  });

  test("special tokens are added only when asked for", () => {
    expect([...words.encode("a b", { addSpecialTokens: true })]).toEqual([4, 0, 1]);
    expect([...words.encode("a b", PLAIN)]).toEqual([0, 1]);
  });

  test("a text cannot spell a special token", () => {
    expect([...words.encode("a <eos> b <unk>", PLAIN)]).toEqual([0, 3, 1, 3]);
    const ids = trained.encode("a<|endoftext|>b<|padding|>", PLAIN);
    expect([...ids].some((id) => trained.specialIds.has(id))).toBe(false);
    expect(trained.decode(ids)).toBe("a<|endoftext|>b<|padding|>");
  });

  test("a text can spell a special token where the caller says so", () => {
    const options = { ...PLAIN, specialText: "token" } as const;
    expect([...words.encode("a <eos> b", options)]).toEqual([0, 5, 1]);
    expect([...trained.encode("<|endoftext|><|padding|>", options)]).toEqual([0, 1]);
  });

  test("a text cannot spell a special token that the model's own vocabulary has", () => {
    const { model } = wordLevelFiles(["a", "b", "c"]).tokenizer;
    const tokenizer = new Tokenizer(
      { model, pre_tokenizer: { type: "WhitespaceSplit" } },
      {
        eos_token: "c",
      },
    );
    expect([...tokenizer.encode("a c", PLAIN)]).toEqual([0, 3]);
    expect([...tokenizer.encode("a c", { ...PLAIN, specialText: "token" })]).toEqual([0, 2]);
  });

  test("merges that would make a special token are not applied in a text", () => {
    const { tokenizer } = trainedFiles();
    const [left, right] = (tokenizer.model["merges"] as [string, string][])[0] ?? ["", ""];
    const merged = left + right;
    const options = { eos_token: merged };
    const special = tokenizerOf({ tokenizer, config: options });
    const id = special.eosId;
    const text = trained.decode([trained.idOf(merged) ?? -1]);
    expect(id).toBe(trained.idOf(merged));
    expect([...trained.encode(text, PLAIN)]).toEqual([id]);
    expect([...special.encode(text, PLAIN)]).toEqual([special.idOf(left), special.idOf(right)]);
  });

  test("truncation drops the end, or the beginning, and keeps the tokens around the text", () => {
    const text = "a b c a b c";
    const cut = (options: object) => [...words.encode(text, { ...PLAIN, ...options })];
    expect(cut({ maxLength: 3 })).toEqual([0, 1, 2]);
    expect(cut({ maxLength: 2, truncationSide: "left" })).toEqual([1, 2]);
    expect(cut({ maxLength: 3, addSpecialTokens: true })).toEqual([4, 0, 1]);
    expect(cut({ maxLength: 3, addSpecialTokens: true, truncationSide: "left" })).toEqual([
      4, 1, 2,
    ]);
    expect(cut({ maxLength: 1, addSpecialTokens: true })).toEqual([4]);
    expect(cut({ maxLength: 100 })).toHaveLength(6);
    expect(cut({ maxLength: 0 })).toEqual([]);
  });

  test("a length without room for the tokens around the text is an error", () => {
    const impossible = () => words.encode("a", { addSpecialTokens: true, maxLength: 0 });
    expect(impossible).toThrow("encode: expected maxLength to leave room for 1 special tokens");
    expect(() => words.encode("a", { ...PLAIN, maxLength: -1 })).toThrow("maxLength");
    expect(() => words.encode("a", { ...PLAIN, maxLength: 1.5 })).toThrow("maxLength");
  });

  test("truncation and padding in a file change nothing", () => {
    const { tokenizer, config } = wordLevelFiles(["a", "b", "c"]);
    const truncation = { max_length: 2, strategy: "LongestFirst", direction: "Right", stride: 0 };
    const padding = { strategy: { Fixed: 8 }, direction: "Left", pad_id: 6, pad_token: "<pad>" };
    const other = new Tokenizer({ ...tokenizer, truncation, padding }, config);
    expect([...other.encode("a b c", PLAIN)]).toEqual([0, 1, 2]);
    expect(other.files.tokenizer.truncation).toBeNull();
  });

  test("a half of a surrogate pair becomes U+FFFD", () => {
    expect(trained.decode(trained.encode("a\ud83db", PLAIN))).toBe("a\ufffdb");
  });

  test("white space is Unicode's: U+0085 is, U+FEFF is not", () => {
    expect([...words.encode("a\u0085b\u3000c", PLAIN)]).toEqual([0, 1, 2]);
    expect([...words.encode("a\ufeffb", PLAIN)]).toEqual([3]);
  });
});

describe("tokenizer/tokenizer encodeBatch", () => {
  test("pads on the side asked for, with a mask from the lengths", () => {
    const batch = (options: object) =>
      words.encodeBatch(["a", "b c <pad>", ""], { ...PLAIN, paddingSide: "right", ...options });
    expect(batch({})).toEqual({
      ids: Int32Array.of(0, 6, 6, 1, 2, 3, 6, 6, 6),
      mask: Int32Array.of(1, 0, 0, 1, 1, 1, 0, 0, 0),
      shape: [3, 3],
    });
    expect(batch({ paddingSide: "left" })).toMatchObject({
      ids: Int32Array.of(6, 6, 0, 1, 2, 3, 6, 6, 6),
      mask: Int32Array.of(0, 0, 1, 1, 1, 1, 0, 0, 0),
    });
    expect(batch({ padTo: 4 }).shape).toEqual([3, 4]);
    expect(batch({ maxLength: 2 }).shape).toEqual([3, 2]);
  });

  test("a mask says that a padding token in the text is text", () => {
    const { ids, mask } = words.encodeBatch(["<pad>", "a b"], {
      ...PLAIN,
      specialText: "token",
      paddingSide: "right",
    });
    expect([...ids]).toEqual([6, 6, 0, 1]);
    expect([...mask]).toEqual([1, 0, 1, 1]);
  });

  test("a row longer than the length is an error", () => {
    const impossible = () =>
      words.encodeBatch(["a b c"], { ...PLAIN, paddingSide: "left", padTo: 2 });
    expect(impossible).toThrow("padRows: expected rows of at most 2 tokens, got 3");
  });
});

describe("tokenizer/tokenizer decode", () => {
  test("no ids are an empty text", () => {
    for (const tokenizer of [trained, words, sentencePiece()]) {
      expect(tokenizer.decode([])).toBe("");
      expect(tokenizer.decode(new Int32Array())).toBe("");
    }
  });

  test("typed and plain arrays are alike", () => {
    expect(words.decode(Int32Array.of(0, 5, 1))).toBe("a <eos> b");
    expect(words.decode([0, 5, 1], { skipSpecialTokens: true })).toBe("a b");
    expect(words.decode(Uint16Array.of(2))).toBe("c");
  });

  test.each([7, -1, 0.5, Number.NaN, 2 ** 31])("id %d is an error", (id) => {
    expect(() => words.decode([0, id])).toThrow("expected an id of the vocabulary, below 7");
    expect(() => words.tokenOf(id)).toThrow(String(id));
    expect(() => new DecodeStream(words).push(id)).toThrow(String(id));
  });

  test("spaces before punctuation stay", () => {
    const text = "a . b , c ' s n't ?";
    expect(trained.decode(trained.encode(text, PLAIN))).toBe(text);
  });

  test("a byte order mark stays", () => {
    for (const tokenizer of [trained, sentencePiece()]) {
      expect(tokenizer.decode(tokenizer.encode("\ufeffa\ufeff", PLAIN))).toBe("\ufeffa\ufeff");
    }
  });
});

describe("tokenizer/decode-stream", () => {
  test("a character of several tokens comes when it is complete", () => {
    const stream = new DecodeStream(trained);
    const ids = [..."ab🦙c"].flatMap((text) => [...trained.encode(text, PLAIN)]);
    const pieces = ids.map((id) => stream.push(id));
    expect(pieces.filter((piece) => piece !== "")).toEqual(["a", "b", "🦙", "c"]);
    expect(stream.end()).toBe("");
  });

  test("what never becomes a character comes at the end", () => {
    const stream = new DecodeStream(trained);
    const [first = -1] = trained.encode("ệ", PLAIN);
    expect(stream.push(first)).toBe("");
    expect(stream.end()).toBe("\ufffd");
  });

  test("spaces between tokens are those of the whole, also after skipped tokens", () => {
    for (const tokenizer of [words, sentencePiece()]) {
      const ids = [...tokenizer.encode("a b  c a", { addSpecialTokens: true })];
      for (const skipSpecialTokens of [false, true]) {
        const stream = new DecodeStream(tokenizer, { skipSpecialTokens });
        const text = ids.map((id) => stream.push(id)).join("") + stream.end();
        expect(text).toBe(tokenizer.decode(ids, { skipSpecialTokens }));
      }
    }
  });
});

describe("tokenizer/special-tokens", () => {
  test("roles come from tokenizer_config.json, as text or as an object", () => {
    expect(words).toMatchObject({
      unkId: 3,
      bosId: 4,
      eosId: 5,
      padId: 6,
      fillId: 6,
      warnings: [],
    });
    const other = withConfig({ eos_token: { content: "<bos>", lstrip: false }, unk_token: null });
    expect(other).toMatchObject({ unkId: 3, bosId: null, eosId: 4, padId: null });
  });

  test("one token for padding and end is the end only, and a warning", () => {
    const tokenizer = withConfig({ eos_token: "<eos>", pad_token: "<eos>" });
    expect(tokenizer).toMatchObject({ eosId: 5, padId: null, fillId: 3 });
    expect(tokenizer.warnings.join()).toContain('pad_token and eos_token are both "<eos>"');
  });

  test("a tokenizer without padding token fills with 0 unless it has an unknown token", () => {
    const { tokenizer } = trainedFiles();
    const config = { eos_token: "<|endoftext|>", unk_token: "<|endoftext|>" };
    expect(tokenizerOf({ tokenizer, config })).toMatchObject({ padId: null, fillId: 0 });
  });

  test("a role whose token has no id is a warning", () => {
    const tokenizer = withConfig({ pad_token: "[PAD]" });
    expect(tokenizer.padId).toBeNull();
    expect(tokenizer.warnings).toEqual([
      'tokenizer_config.json: pad_token "[PAD]" has no id; it is not used.',
    ]);
  });

  test("tokens that only tokenizer_config.json has are added", () => {
    const extra = { "9": { content: "<new>", special: true }, "6": { content: "<pad>" } };
    const tokenizer = withConfig({ added_tokens_decoder: extra });
    expect(tokenizer.idOf("<new>")).toBe(9);
    expect(tokenizer.vocabSize).toBe(10);
    expect([...tokenizer.encode("a<new>", { ...PLAIN, specialText: "token" })]).toEqual([0, 9]);
    expect(() => tokenizer.decode([8])).toThrow("got 8");
  });

  test.each([
    [{ "6": { content: "<other>" } }, "<pad>"],
    [{ "9": { content: "<pad>" } }, "<pad>"],
    [{ "9": { content: "a" } }, '"a"'],
  ])("files that contradict each other are an error: %j", (decoder, name) => {
    const contradiction = () => withConfig({ added_tokens_decoder: decoder });
    expect(contradiction).toThrow("expected one id for each token");
    expect(contradiction).toThrow(name);
  });

  test("add_bos_token and add_eos_token replace the template", () => {
    const ids = (config: object) => {
      const roles = { bos_token: "<bos>", eos_token: "<eos>" };
      return [...withConfig({ ...roles, ...config }).encode("a", { addSpecialTokens: true })];
    };
    expect(ids({})).toEqual([4, 0]);
    expect(ids({ add_bos_token: false })).toEqual([0]);
    expect(ids({ add_bos_token: true, add_eos_token: true })).toEqual([4, 0, 5]);
    expect(ids({ add_eos_token: true })).toEqual([0, 5]);
    expect(() => withConfig({ add_bos_token: true })).toThrow("expected bos_token");
  });

  test("a model that loses characters is a warning", () => {
    const vocab = { a: 0, b: 1 };
    const model = { type: "BPE", vocab, merges: [] };
    expect(new Tokenizer({ model }).warnings.join()).toContain("characters outside");
    const bytes = new Tokenizer({ model, pre_tokenizer: { type: "ByteLevel" } });
    expect(bytes.warnings.join()).toContain("254 of 256 bytes");
    expect(trained.warnings).toEqual([]);
  });
});

describe("tokenizer/dialect", () => {
  test.each<[string, () => Tokenizer]>([
    ["normalizer Lowercase", () => withParts({ normalizer: { type: "Lowercase" } })],
    [
      "normalizer Precompiled",
      () => withParts({ normalizer: { type: "Sequence", normalizers: [{ type: "Precompiled" }] } }),
    ],
    ["pre-tokenizer Punctuation", () => withParts({ pre_tokenizer: { type: "Punctuation" } })],
    [
      "Split pre-tokenizer MergedWithNext",
      () =>
        withParts({
          pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithNext" },
        }),
    ],
    [
      "Split pre-tokenizer with groups",
      () =>
        withParts({
          pre_tokenizer: { type: "Split", pattern: { Regex: "(\\s)+" }, behavior: "Removed" },
        }),
    ],
    ["model Unigram", () => withModel({ type: "Unigram" })],
    ["BPE with dropout", () => withModel({ dropout: 0.1 })],
    ["BPE with end_of_word_suffix", () => withModel({ end_of_word_suffix: "</w>" })],
    ["decoder CTC", () => withParts({ decoder: { type: "CTC" } })],
    [
      "decoder WordPiece with cleanup",
      () => withParts({ decoder: { type: "WordPiece", cleanup: true } }),
    ],
    [
      "post-processor BertProcessing",
      () => withParts({ post_processor: { type: "BertProcessing" } }),
    ],
  ])("an unsupported part is named: %s", (name, make) => {
    expect(make).toThrow(name);
    expect(make).toThrow("not supported");
  });

  test("an unknown token outside the vocabulary is an error", () => {
    const model = { type: "WordLevel", vocab: { a: 0 }, unk_token: "<unk>" };
    expect(() => new Tokenizer({ model })).toThrow(
      "expected the unknown token of a WordLevel model",
    );
  });
});

describe("tokenizer/json", () => {
  const model = { type: "WordLevel", vocab: { a: 0, "<unk>": 1 }, unk_token: "<unk>" };
  test.each<[string, unknown]>([
    ["expected an object", null],
    ["expected an object", [1]],
    ['expected an object "model"', {}],
    ['expected an object "model.vocab"', { model: { type: "BPE", vocab: ["a"] } }],
    ['expected an id for "a"', { model: { ...model, vocab: { a: -1 } } }],
    ['expected an id for "a"', { model: { ...model, vocab: { a: "0" } } }],
    ['expected an id for "a"', { model: { ...model, vocab: { a: 2 ** 40 } } }],
    ["expected an id of its own", { model: { ...model, vocab: { a: 0, b: 0 } } }],
    ['expected an array "added_tokens"', { model, added_tokens: {} }],
    ["expected an added token with an id", { model, added_tokens: [{ content: "x" }] }],
    ["expected added token 5 with a text", { model, added_tokens: [{ id: 5, content: "" }] }],
    ['expected "decoder" with a type', { model, decoder: {} }],
    ["expected merges of two tokens", { model: { ...model, type: "BPE", merges: ["a b c"] } }],
    ["expected merges of two tokens", { model: { ...model, type: "BPE", merges: [["a"]] } }],
  ])("a malformed file is an error: %s", (message, json) => {
    expect(() => new Tokenizer(json)).toThrow(message);
  });

  test("tokens named as properties of objects are tokens", () => {
    const tokens = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const tokenizer = tokenizerOf(wordLevelFiles(tokens));
    expect([...tokenizer.encode(tokens.join(" "), PLAIN)]).toEqual([0, 1, 2, 3]);
    expect(tokenizer.decode([0, 1, 2, 3])).toBe(tokens.join(" "));
    expect([...tokenizerOf(wordLevelFiles(["a"])).encode("__proto__ toString", PLAIN)]).toEqual([
      1, 1,
    ]);
  });
});

function sentencePiece(): Tokenizer {
  const files: TokenizerFiles = sentencePieceFiles(parseSentencePiece(smallModel("bytes")));
  return tokenizerOf(files);
}
