/**
 * The tokenizers that the golden numbers tell about. Ours and those with particular parts can
 * always be made; published ones need their files.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type GgufMetadata,
  ggufTokenizerFiles,
  llama3Files,
  parseSentencePiece,
  sentencePieceFiles,
  type TokenizerFiles,
  trainByteLevelBpe,
  wordLevelFiles,
} from "@preflab/lm";
import { parseGgufHeader } from "../../../src/checkpoint/gguf/header.ts";
import { PUBLISHED, type PublishedName, publishedFiles, sharedPath } from "../shared-data.ts";
import { trainingTexts } from "./texts.ts";

/** Seed and number of the fuzz strings. */
export const FUZZ = { seed: 20240, count: 3000 } as const;
/** What the small tokenizers are trained on, and how. */
export const CORPUS = { seed: 7, count: 2000 } as const;
export const TRAINER = { vocabSize: 1000, minFrequency: 2 } as const;

/** How to make a tokenizer, and the files it takes. */
export interface Subject {
  readonly make: () => TokenizerFiles;
  readonly paths: readonly string[];
}

/** Words of the word-level tokenizers; some of them are traps. */
const WORDS = [
  "the",
  "film",
  "movie",
  "good",
  "bad",
  "great",
  "##ing",
  "I",
  "▁",
  "Ġ",
  "naïve",
  "9",
];

/** Files of a small SentencePiece model, trained by SentencePiece on the corpus. */
export function smallModel(name: string): Buffer {
  return readFileSync(
    fileURLToPath(new URL(`../../fixtures/tokenizer/${name}.model`, import.meta.url)),
  );
}

/** A tokenizer trained on the corpus. */
export function trainedFiles(): TokenizerFiles {
  return trainByteLevelBpe(trainingTexts(CORPUS.count, CORPUS.seed), TRAINER);
}

/** The tokens of the trained tokenizer as a tiktoken file: byte order marks of ids are ranks. */
export function smallTiktoken(): string {
  const { tokenizer } = trainedFiles();
  const decoder = new Map(byteAlphabet().map((character, byte) => [character, byte]));
  const ranked = Object.entries(tokenizer.model.vocab).sort((a, b) => a[1] - b[1]);
  return ranked
    .slice(tokenizer.added_tokens.length)
    .map(([token], rank) => {
      const bytes = Uint8Array.from([...token], (character) => decoder.get(character) as number);
      return `${Buffer.from(bytes).toString("base64")} ${rank}\n`;
    })
    .join("");
}

/** GPT-2's characters for bytes, from its definition rather than from the code under test. */
function byteAlphabet(): string[] {
  const printable = (byte: number): boolean => /[!-~¡-¬®-ÿ]/.test(String.fromCharCode(byte));
  const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable(byte));
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(printable(byte) ? byte : 256 + others.indexOf(byte)),
  );
}

/** A tokenizer with some keys of its tokenizer.json changed. */
function changed(
  files: TokenizerFiles,
  change: Partial<TokenizerFiles["tokenizer"]>,
): TokenizerFiles {
  return { ...files, tokenizer: { ...files.tokenizer, ...change } };
}

const BYTES = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };

/** Tokenizers with parts that the published ones do not have. */
const PARTS: Readonly<Record<string, () => TokenizerFiles>> = {
  "added tokens": () => {
    const files = trainedFiles();
    const { added_tokens: tokens, model } = files.tokenizer;
    let next = TRAINER.vocabSize;
    // A token that the model has too keeps its id, as the Rust library has it.
    const added = (content: string, how: object) => {
      const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
      return { id: model.vocab[content] ?? next++, content, ...plain, special: true, ...how };
    };
    return changed(files, {
      normalizer: { type: "NFC" },
      pre_tokenizer: { ...BYTES, add_prefix_space: true, use_regex: true },
      added_tokens: [
        ...tokens,
        added("<l>", { lstrip: true }),
        added("<r>", { rstrip: true }),
        added("xyzzy", { single_word: true, special: false }),
        added("\u1eb9", { normalized: true, special: false }),
        added("<b>", { lstrip: true, rstrip: true, normalized: true }),
        added("xyzzys", { special: false }),
      ],
    });
  },
  "gguf stablelm2": () => {
    const { model } = trainedFiles().tokenizer;
    const tokens = Object.entries(model.vocab).sort((a, b) => a[1] - b[1]);
    return ggufTokenizerFiles({
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "stablelm2",
      "tokenizer.ggml.tokens": tokens.map(([token]) => token),
      "tokenizer.ggml.token_type": tokens.map(([, id]) => (id < 2 ? 3 : 1)),
      "tokenizer.ggml.merges": (model["merges"] as string[][]).map((pair) => pair.join(" ")),
      "tokenizer.ggml.bos_token_id": 0,
    });
  },
  metaspace: () =>
    changed(sentencePieceFiles(parseSentencePiece(smallModel("bytes"))), {
      normalizer: null,
      pre_tokenizer: {
        type: "Metaspace",
        replacement: "▁",
        prepend_scheme: "first",
        split: false,
      },
      decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false },
    }),
  "metaspace split": () =>
    changed(sentencePieceFiles(parseSentencePiece(smallModel("bytes"))), {
      normalizer: null,
      pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
    }),
  words: () => {
    const vocab = Object.fromEntries([...WORDS, "<unk>"].map((word, id) => [word, id]));
    return changed(wordLevelFiles(WORDS), {
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [{ type: "Whitespace" }, { type: "Digits", individual_digits: true }],
      },
      model: { type: "WordLevel", vocab, unk_token: "<unk>" },
      decoder: { type: "WordPiece", prefix: "##", cleanup: false },
    });
  },
  normalizers: () => {
    const replace = { type: "Replace", pattern: { String: "the" }, content: "a" };
    const spaces = { type: "Replace", pattern: { Regex: "\\s{2,}" }, content: " " };
    const split = { type: "Split", pattern: { String: "." }, behavior: "Removed", invert: false };
    return changed(trainedFiles(), {
      normalizer: { type: "Sequence", normalizers: [{ type: "NFKC" }, replace, spaces] },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          split,
          { type: "Digits", individual_digits: false },
          { type: "WhitespaceSplit" },
          { ...BYTES, use_regex: false },
        ],
      },
    });
  },
};

const GGUF = ["gpt-2", "gpt-neox", "llama-spm"] as const;

/** Each tokenizer by name. */
export const SUBJECTS: ReadonlyMap<string, Subject> = new Map<string, Subject>([
  ["trained", { make: trainedFiles, paths: [] }],
  ["word-level", { make: () => wordLevelFiles(WORDS), paths: [] }],
  ...["bytes", "plain"].map((name): [string, Subject] => [
    `sentencepiece ${name}`,
    { make: () => sentencePieceFiles(parseSentencePiece(smallModel(name))), paths: [] },
  ]),
  ["tiktoken", { make: () => llama3Files(smallTiktoken(), "3.1"), paths: [] }],
  ...Object.entries(PARTS).map(([name, make]): [string, Subject] => [name, { make, paths: [] }]),
  ...(Object.keys(PUBLISHED) as PublishedName[]).map((name): [string, Subject] => [
    name,
    { make: () => publishedFiles(name), paths: [PUBLISHED[name]] },
  ]),
  ...GGUF.map((name): [string, Subject] => {
    const path = `gguf/ggml-vocab-${name}.gguf`;
    const make = () => ggufTokenizerFiles(ggufMetadata(sharedPath(path)));
    return [`gguf ${name}`, { make, paths: [path] }];
  }),
]);

function ggufMetadata(path: string): GgufMetadata {
  const bytes = readFileSync(path);
  const header = parseGgufHeader(bytes, { name: path, size: bytes.length });
  return Object.fromEntries(header?.metadata ?? []);
}

/** Whether the files of a subject are here. */
export function isHere({ paths }: Subject): boolean {
  return paths.every((path) => existsSync(sharedPath(path)));
}
