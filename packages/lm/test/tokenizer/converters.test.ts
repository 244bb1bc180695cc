/** Vocabularies of other programs as tokenizer files, and damaged ones. */

import { readFileSync } from "node:fs";
import {
  ggufTokenizerFiles,
  llama3Files,
  type Piece,
  parseSentencePiece,
  sentencePieceFiles,
  Tokenizer,
  wordLevelFiles,
} from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { readLlama2cVocabulary } from "../../scripts/convert-llama2c/vocabulary.ts";
import { gpt2Files } from "../../src/tokenizer/byte-level-bpe.ts";
import { smallModel, smallTiktoken, trainedFiles } from "./golden/subjects.ts";
import { fuzzStrings } from "./golden/texts.ts";
import {
  describeWithData,
  PUBLISHED,
  publishedFiles,
  sharedPath,
  tokenizerOf,
} from "./shared-data.ts";

const PLAIN = { addSpecialTokens: false } as const;
const bytesModel = parseSentencePiece(smallModel("bytes"));

/** Mutated files tried; each must load or be an error that says what is wrong. */
const MUTATIONS = 1000;

describe("tokenizer/sentencepiece-model", () => {
  test("settings and pieces are those of the file", () => {
    const { pieces, ...settings } = bytesModel;
    expect(settings).toEqual({
      unkId: 0,
      bosId: 1,
      eosId: 2,
      padId: 3,
      addDummyPrefix: true,
      addBos: true,
      addEos: false,
    });
    expect(pieces.slice(0, 7).map(({ text, type }) => [text, type])).toEqual([
      ["<unk>", "unknown"],
      ["<s>", "control"],
      ["</s>", "control"],
      ["<pad>", "control"],
      ["<ctl>", "control"],
      ["<sep>", "user"],
      ["<a▁b>", "user"],
    ]);
    expect(pieces.filter(({ type }) => type === "byte")).toHaveLength(256);
    expect(parseSentencePiece(smallModel("plain"))).toMatchObject({
      bosId: null,
      padId: null,
      addDummyPrefix: false,
      addBos: false,
    });
  });

  test("a model of another kind is named", () => {
    expect(() => parseSentencePiece(smallModel("unigram"))).toThrow("a BPE model, got unigram");
  });

  test("mutated files load or are an error, and none hangs or breaks the reader", () => {
    const file = smallModel("bytes");
    let rejected = 0;
    for (let seed = 0; seed < MUTATIONS; seed++) {
      const at = (seed * 7919) % file.length;
      const broken = Buffer.from(seed % 3 === 0 ? file.subarray(0, at) : file);
      if (seed % 3 === 1) broken[at] = (seed * 31) % 256;
      if (seed % 3 === 2) broken.fill(0xff, at, at + 12);
      try {
        parseSentencePiece(broken);
      } catch (error) {
        rejected++;
        expect(String(error)).toMatch(/^Error: (protobuf|tokenizer\.model): expected/);
      }
    }
    expect(rejected).toBeGreaterThan(MUTATIONS / 3);
  });
});

describe("tokenizer/sentencepiece", () => {
  const tokenizer = tokenizerOf(sentencePieceFiles(bytesModel));
  const tokens = (text: string, specialText: "text" | "token" = "text") =>
    [...tokenizer.encode(text, { ...PLAIN, specialText })].map((id) => tokenizer.tokenOf(id));

  test("pieces of users are found in every text, control pieces only when asked for", () => {
    expect(tokens("the<sep><a b>")).toEqual(["▁the", "<sep>", "<a b>"]);
    expect(tokens("</s>")).not.toContain("</s>");
    expect(tokens("the</s>", "token")).toEqual(["▁the", "</s>"]);
    expect(tokenizer.padId).toBe(3);
  });

  test("a character without a piece is spelled in bytes", () => {
    expect(tokens("🦙")).toEqual(["▁", "<0xF0>", "<0x9F>", "<0xA6>", "<0x99>"]);
    expect(tokenizer.decode(tokenizer.encode("🦙", PLAIN))).toBe("🦙");
  });

  test("bytes that are no text become one U+FFFD each", () => {
    const byte = (hex: string) => tokenizer.idOf(`<0x${hex}>`) ?? -1;
    expect(tokenizer.decode([byte("F0"), byte("9F"), byte("A6")])).toBe("\ufffd\ufffd\ufffd");
  });

  test("pieces that repeat and ids out of range are errors", () => {
    const { pieces } = bytesModel;
    const with_ = (change: object) => () => sentencePieceFiles({ ...bytesModel, ...change });
    expect(with_({ pieces: [...pieces, pieces[400] as Piece] })).toThrow("pieces that differ");
    expect(with_({ unkId: 5000 })).toThrow("id of unknown piece below 1000");
    expect(with_({ eosId: 5000 })).toThrow("eos_token");
    expect(with_({ bosId: null })).toThrow("BOS");
  });

  test("unused pieces have no token", () => {
    const unused: Piece = { text: "<s>", score: 0, type: "unused" };
    const other = tokenizerOf(
      sentencePieceFiles({ ...bytesModel, pieces: [...bytesModel.pieces, unused] }),
    );
    expect(other.idOf("<s>")).toBe(1);
    expect(() => other.tokenOf(1000)).toThrow();
  });
});

describe("tokenizer/tiktoken", () => {
  const file = smallTiktoken();

  test("the special tokens follow the vocabulary", () => {
    const later = tokenizerOf(llama3Files(file, "3.1"));
    const size = later.vocabSize - 256;
    expect(later).toMatchObject({ bosId: size, eosId: size + 1, padId: size + 4 });
    expect(later.tokenOf(size + 8)).toBe("<|eom_id|>");
    expect(later.tokenOf(size + 9)).toBe("<|eot_id|>");
    expect(later.tokenOf(size + 255)).toBe("<|reserved_special_token_247|>");
    const first = tokenizerOf(llama3Files(file, "3"));
    expect(first.padId).toBeNull();
    expect(first.tokenOf(size + 4)).toBe("<|reserved_special_token_2|>");
    expect(first.tokenOf(size + 255)).toBe("<|reserved_special_token_250|>");
    expect([...first.encode("", { addSpecialTokens: true })]).toEqual([size]);
  });

  test.each<[string, (text: string) => string]>([
    ["expected base64 and rank 0", (text) => `x${text}`],
    ["expected base64 and rank 3", (text) => text.replace(" 3\n", " 4\n")],
    ["expected base64 and rank 5", (text) => text.replace(" 5\n", "\n")],
    ["256 single bytes among them, got 10", (text) => text.split("\n").slice(0, 10).join("\n")],
    ["different tokens", (text) => `${text}IQ== ${text.trim().split("\n").length}\n`],
  ])("a damaged file is an error: %s", (message, damage) => {
    expect(() => llama3Files(damage(file), "3")).toThrow(message);
  });
});

describe("tokenizer/gguf-vocabulary", () => {
  const strings = fuzzStrings(300, 5);
  const pieceNumber = { normal: 1, unknown: 2, control: 3, user: 4, unused: 5, byte: 6 };
  const spm = {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": bytesModel.pieces.map(({ text }) => text),
    "tokenizer.ggml.scores": bytesModel.pieces.map(({ score }) => score),
    "tokenizer.ggml.token_type": bytesModel.pieces.map(({ type }) => pieceNumber[type]),
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2n,
    "tokenizer.ggml.padding_token_id": 3,
  };
  const { model } = trainedFiles().tokenizer;
  const tokens = Object.keys(model.vocab).sort(
    (a, b) => (model.vocab[a] ?? 0) - (model.vocab[b] ?? 0),
  );
  const bpe = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": [...tokens, "[PAD1000]", "<|user|>"],
    "tokenizer.ggml.token_type": [...tokens.map((_, id) => (id < 2 ? 3 : 1)), 4, 4],
    "tokenizer.ggml.merges": (model["merges"] as string[][]).map((pair) => pair.join(" ")),
    "tokenizer.ggml.bos_token_id": 0,
    "tokenizer.ggml.eos_token_id": 0,
    "tokenizer.ggml.padding_token_id": 1,
    "tokenizer.chat_template": "{{ messages }}",
  };

  test("pieces with scores give the tokenizer that the model file gives", () => {
    expect(ggufTokenizerFiles(spm)).toEqual(sentencePieceFiles(bytesModel));
    const other = { ...spm, "tokenizer.ggml.add_space_prefix": false };
    const tokenizer = tokenizerOf(ggufTokenizerFiles(other));
    expect(tokenizer.decode(tokenizer.encode(" a", PLAIN))).toBe(" a");
    expect(tokenizer.tokenOf(tokenizer.encode("a", PLAIN)[0] ?? -1)).toBe("a");
  });

  test("tokens with merges give the tokenizer that they are from", () => {
    const trained = tokenizerOf(trainedFiles());
    const tokenizer = tokenizerOf(ggufTokenizerFiles(bpe));
    for (const text of strings) {
      expect(tokenizer.encode(text, PLAIN)).toEqual(trained.encode(text, PLAIN));
    }
    expect(tokenizer).toMatchObject({ bosId: 0, eosId: 0, padId: 1, vocabSize: 1002 });
    expect(tokenizer.files.config.chat_template).toBe("{{ messages }}");
    expect([...tokenizer.encode("<|user|>", { addSpecialTokens: true })]).toEqual([1001]);
    expect(() => tokenizer.tokenOf(1000)).toThrow();
    const framed = { "tokenizer.ggml.add_bos_token": true, "tokenizer.ggml.add_eos_token": true };
    const other = tokenizerOf(ggufTokenizerFiles({ ...bpe, ...framed }));
    expect([...other.encode("", { addSpecialTokens: true })]).toEqual([0, 0]);
  });

  test("the name of the words decides how text is split", () => {
    const tokensOf = (pre: string, text: string) => {
      const tokenizer = tokenizerOf(ggufTokenizerFiles({ ...bpe, "tokenizer.ggml.pre": pre }));
      return tokenizer.decode(tokenizer.encode(text, PLAIN));
    };
    expect(tokensOf("gpt-2", "e\u0301")).toBe("e\u0301");
    expect(tokensOf("mpt", "e\u0301")).toBe("\u00e9");
    expect(tokensOf("llama-bpe", "e\u0301")).toBe("e\u0301");
    const neox = ["<|endoftext|>", "<|padding|>"];
    expect(tokens.slice(0, 2)).toEqual(neox);
    expect(tokensOf("default", "e\u0301")).toBe("\u00e9");
  });

  test.each<[string, object]>([
    ['"llama" or "gpt2", got "t5"', { "tokenizer.ggml.model": "t5" }],
    [
      'tokenizer.ggml.pre "deepseek-llm" is not supported',
      { "tokenizer.ggml.pre": "deepseek-llm" },
    ],
    ["expected a list in tokenizer.ggml.tokens", { "tokenizer.ggml.tokens": [1] }],
    ["expected a list in tokenizer.ggml.merges", { "tokenizer.ggml.merges": undefined }],
    ["a known type for each of 1002 tokens, got 1", { "tokenizer.ggml.token_type": [1] }],
    ["expected merges of two tokens", { "tokenizer.ggml.merges": ["a"] }],
    ["expected an id in eos_token_id", { "tokenizer.ggml.eos_token_id": "x" }],
  ])("metadata that cannot be used is an error: %s", (message, change) => {
    expect(() => ggufTokenizerFiles({ ...bpe, ...change })).toThrow(message);
  });

  test("a vocabulary whose words nobody names is an error unless it is known", () => {
    const unknown = { ...bpe, "tokenizer.ggml.tokens": [...tokens].reverse().concat("x", "y") };
    const make = () => ggufTokenizerFiles({ ...unknown, "tokenizer.ggml.pre": undefined });
    expect(make).toThrow('tokenizer.ggml.pre "default" is not supported');
  });
});

describe("tokenizer/word-level", () => {
  test("words have ids in order, everything else is unknown", () => {
    const tokenizer = tokenizerOf(wordLevelFiles(["good", "bad", "."]));
    const ids = tokenizer.encode(" good  awful bad .\n", { addSpecialTokens: true });
    expect([...ids]).toEqual([4, 0, 3, 1, 2]);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe("good bad .");
    expect(tokenizer).toMatchObject({ unkId: 3, bosId: 4, eosId: 5, padId: 6, vocabSize: 7 });
  });

  test("a word is not made of others", () => {
    const tokenizer = new Tokenizer(wordLevelFiles(["a", "b", "##b", "ab"]).tokenizer);
    expect([...tokenizer.encode("ab aab ba abb a##b ##b", PLAIN)]).toEqual([3, 4, 4, 4, 4, 2]);
  });

  test.each([[["a", "a"]], [["a b"]], [[""]], [["a\u0085"]], [["<pad>"]]])(
    "words that cannot be told apart are an error: %j",
    (words) => {
      expect(() => wordLevelFiles(words)).toThrow("expected different words without white space");
    },
  );
});

const GPT2_PARTS = ["tokenizers/gpt2/encoder.json", "tokenizers/gpt2/vocab.bpe"] as const;
describeWithData([...GPT2_PARTS, PUBLISHED.gpt2], "gpt2Files", () => {
  test("vocabulary and merges give GPT-2's tokenizer", () => {
    const [vocab, merges] = GPT2_PARTS.map((path) => readFileSync(sharedPath(path), "utf8"));
    const tokenizer = tokenizerOf(gpt2Files(JSON.parse(vocab ?? ""), merges ?? "", {}));
    const reference = tokenizerOf(publishedFiles("gpt2"));
    expect(tokenizer).toMatchObject({ bosId: 50256, eosId: 50256, padId: null });
    for (const text of fuzzStrings(300, 8)) {
      expect(tokenizer.encode(text, PLAIN)).toEqual(reference.encode(text, PLAIN));
    }
  });
});

const STORIES = ["weights/stories260K/tok512.bin", "weights/stories260K/golden.json"] as const;
describeWithData(STORIES, "vocabulary of stories260K", () => {
  test("its golden ids are its golden text", () => {
    const [file, golden] = STORIES.map((path) => readFileSync(sharedPath(path)));
    const tokenizer = tokenizerOf(readLlama2cVocabulary(file as Buffer));
    const { expected_text: text, greedy_ids: ids } = JSON.parse(String(golden));
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(text);
    expect(tokenizer.decode(tokenizer.encode(text, PLAIN))).toBe(text);
  });
});
