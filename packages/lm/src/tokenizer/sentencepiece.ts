/**
 * A SentencePiece BPE vocabulary as tokenizer files: pieces with scores, white space written as
 * U+2581, unknown characters as bytes. From a Llama 2 `tokenizer.model`, a GGUF file or elsewhere.
 *
 * As in transformers and llama.cpp, text after an added token gets a space in front like the
 * beginning of a text; SentencePiece itself knows no text after a token.
 */
import { specialToken } from "./byte-level-bpe.ts";
import type { AddedTokenJson, Part, TokenizerConfigJson, TokenizerFiles } from "./json.ts";
import { mergesOf } from "./merges-of-vocabulary.ts";
import { templateFor } from "./post-processor.ts";

/** What a piece is for. Unused ones have an id and nothing else. */
export type PieceType = "normal" | "unknown" | "control" | "user" | "unused" | "byte";

/** One entry of a vocabulary; its id is its place. */
export interface Piece {
  readonly text: string;
  /** Of two possible merges the one with the higher score comes first. */
  readonly score: number;
  readonly type: PieceType;
}

/** A vocabulary and what its model file says about it. */
export interface SentencePieceVocabulary {
  readonly pieces: readonly Piece[];
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly padId: number | null;
  readonly unkId: number;
  /** Whether a text is read as if a space preceded it. */
  readonly addDummyPrefix: boolean;
  /** What the tokenizer puts around a text when asked to; Llama: BOS and nothing. */
  readonly addBos: boolean;
  readonly addEos: boolean;
}

/** How SentencePiece writes a space. */
const SPACE = "▁";

/**
 * The files of a SentencePiece BPE tokenizer.
 *
 * @throws if two pieces are one text, an id is out of range or the unknown piece is missing.
 */
export function sentencePieceFiles(vocabulary: SentencePieceVocabulary): TokenizerFiles {
  const { unkId, addDummyPrefix } = vocabulary;
  const pieces = vocabulary.pieces.map(asMatched);
  const ids = idsOf(pieces);
  const used = [...ids].filter(([, id]) => pieces[id]?.type !== "unused");
  const unknown = textOf(pieces, "unknown piece", unkId);
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(pieces),
      normalizer: normalizer(addDummyPrefix),
      pre_tokenizer: null,
      post_processor: frame({ ...vocabulary, pieces }),
      decoder: decoder(addDummyPrefix),
      model: {
        type: "BPE",
        dropout: null,
        unk_token: unknown,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: true,
        byte_fallback: hasAllBytes(pieces),
        ignore_merges: false,
        vocab: Object.fromEntries(used),
        merges: mergesOfPieces(pieces, ids),
      },
    },
    config: configOf({ ...vocabulary, pieces }),
  };
}

/** The merges of the ordinary pieces, best score first; of equal scores the lower id. */
function mergesOfPieces(
  pieces: readonly Piece[],
  ids: ReadonlyMap<string, number>,
): [string, string][] {
  const mergeable = pieces.filter(({ type }) => type === "normal");
  const parts = new Map(mergeable.map(({ text }) => [text, ids.get(text) as number]));
  const ranked = [...mergeable].sort((a, b) => b.score - a.score);
  return mergesOf(
    ranked.map(({ text }) => text),
    parts,
  );
}

function normalizer(addDummyPrefix: boolean): Part {
  const spaces = { type: "Replace", pattern: { String: " " }, content: SPACE };
  const prefix = { type: "Prepend", prepend: SPACE };
  return { type: "Sequence", normalizers: addDummyPrefix ? [prefix, spaces] : [spaces] };
}

function decoder(addDummyPrefix: boolean): Part {
  const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  const decoders = [
    { type: "Replace", pattern: { String: SPACE }, content: " " },
    { type: "ByteFallback" },
    { type: "Fuse" },
  ];
  return { type: "Sequence", decoders: addDummyPrefix ? [...decoders, strip] : decoders };
}

/** Pieces of users are looked for in the text before its spaces are written otherwise. */
function asMatched(piece: Piece): Piece {
  return piece.type === "user" ? { ...piece, text: piece.text.replaceAll(SPACE, " ") } : piece;
}

function addedTokens(pieces: readonly Piece[]): AddedTokenJson[] {
  return pieces.flatMap(({ text, type }, id) => {
    if (type === "user") return [{ ...specialToken(text, id), special: false }];
    return type === "control" || type === "unknown" ? [specialToken(text, id)] : [];
  });
}

function frame({ pieces, addBos, addEos, bosId, eosId }: SentencePieceVocabulary): Part | null {
  const token = (what: string, id: number | null): [string, number] => {
    return [textOf(pieces, what, id), id as number];
  };
  return templateFor(addBos ? [token("BOS", bosId)] : [], addEos ? [token("EOS", eosId)] : []);
}

function configOf(vocabulary: SentencePieceVocabulary): TokenizerConfigJson {
  const { pieces, bosId, eosId, padId, unkId } = vocabulary;
  const named = (key: string, id: number | null) =>
    id === null ? {} : { [key]: textOf(pieces, key, id) };
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...named("bos_token", bosId),
    ...named("eos_token", eosId),
    ...named("pad_token", padId),
    ...named("unk_token", unkId),
  };
}

function idsOf(pieces: readonly Piece[]): Map<string, number> {
  const ids = new Map<string, number>();
  pieces.forEach(({ text, type }, id) => {
    if (type === "unused") return;
    const other = ids.get(text);
    if (other !== undefined) {
      throw new Error(
        `sentencePieceFiles: expected pieces that differ, got ${JSON.stringify(text)} as ` +
          `${other} and ${id}.`,
      );
    }
    ids.set(text, id);
  });
  return ids;
}

function textOf(pieces: readonly Piece[], what: string, id: number | null): string {
  const piece = id === null ? undefined : pieces[id];
  if (piece !== undefined) return piece.text;
  throw new Error(
    `sentencePieceFiles: expected the id of ${what} below ${pieces.length}, got ${id}.`,
  );
}

function hasAllBytes(pieces: readonly Piece[]): boolean {
  return pieces.filter(({ type }) => type === "byte").length === 256;
}
