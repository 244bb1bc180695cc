/**
 * Reads a SentencePiece `tokenizer.model` (google/sentencepiece, sentencepiece_model.proto) of the
 * BPE kind, as Llama 2 and Mistral have.
 */
import { type Field, fieldsOf, floatOf, intOf } from "./protobuf.ts";
import type { Piece, PieceType, SentencePieceVocabulary } from "./sentencepiece.ts";

const PIECE_TYPES: readonly (PieceType | undefined)[] = [
  undefined,
  "normal",
  "unknown",
  "control",
  "user",
  "unused",
  "byte",
];
const MODEL_TYPES = ["?", "unigram", "BPE", "word", "character"];
const BPE = 2;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The integers and booleans of a spec by field number; each has the default its proto gives. */
type Scalars = ReadonlyMap<number, bigint>;

/**
 * The vocabulary in a model file. A text gets BOS in front when asked to, as with Llama.
 *
 * @throws if the file is malformed, not of the BPE kind, or normalises text beyond white space.
 */
export function parseSentencePiece(file: Uint8Array): SentencePieceVocabulary {
  const pieces: Piece[] = [];
  let trainer = new Uint8Array();
  let normalizer = new Uint8Array();
  for (const { number, bytes } of fieldsOf(file)) {
    if (bytes === undefined) continue;
    if (number === 1) pieces.push(pieceOf(bytes));
    if (number === 2) trainer = Uint8Array.from(bytes);
    if (number === 3) normalizer = Uint8Array.from(bytes);
  }
  if (pieces.length === 0) {
    throw new Error("tokenizer.model: expected pieces, got none. It is no SentencePiece file.");
  }
  const settings = scalarsOf(trainer);
  checkTrainer(settings);
  checkNormalizer(normalizer);
  const id = (number: number, otherwise: number): number => {
    const bits = settings.get(number);
    return bits === undefined ? otherwise : intOf(bits);
  };
  const orNone = (value: number): number | null => (value < 0 ? null : value);
  const bosId = orNone(id(41, 1));
  return {
    pieces,
    unkId: id(40, 0),
    bosId,
    eosId: orNone(id(42, 2)),
    padId: orNone(id(43, -1)),
    addDummyPrefix: scalarsOf(normalizer).get(3) !== 0n,
    addBos: bosId !== null,
    addEos: false,
  };
}

function pieceOf(message: Uint8Array): Piece {
  let text: string | undefined;
  let score = 0;
  let type: PieceType | undefined = "normal";
  for (const { number, bits, bytes } of fieldsOf(message)) {
    if (number === 1 && bytes !== undefined) text = utf8(bytes);
    if (number === 2 && bits !== undefined) score = floatOf(bits);
    if (number === 3 && bits !== undefined) type = PIECE_TYPES[intOf(bits)];
  }
  if (text === undefined || text === "" || type === undefined) {
    throw new Error("tokenizer.model: expected pieces with a text and a known type.");
  }
  return { text, score, type };
}

function scalarsOf(message: Uint8Array): Scalars {
  const scalars = [...fieldsOf(message)].filter(hasBits);
  return new Map(scalars.map(({ number, bits }) => [number, bits]));
}

function hasBits(field: Field): field is Field & { readonly bits: bigint } {
  return field.bits !== undefined;
}

function checkTrainer(settings: Scalars): void {
  const kind = intOf(settings.get(3) ?? 1n);
  if (kind !== BPE) {
    throw new Error(
      `tokenizer.model: expected a BPE model, got ${MODEL_TYPES[kind] ?? kind}. Use the ` +
        "tokenizer.json of the model instead.",
    );
  }
  if (settings.get(24) === 1n) throw unsupported("treat_whitespace_as_suffix");
}

function checkNormalizer(message: Uint8Array): void {
  for (const { number, bytes } of fieldsOf(message)) {
    if (number === 2 && bytes !== undefined && bytes.length > 0) {
      throw unsupported("a table of character normalisation");
    }
  }
  const settings = scalarsOf(message);
  if (settings.get(4) !== 0n) throw unsupported("remove_extra_whitespaces");
  if (settings.get(5) === 0n) throw unsupported("white space that is not escaped");
}

function utf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new Error("tokenizer.model: expected pieces in UTF-8. The file is damaged.", { cause });
  }
}

function unsupported(what: string): Error {
  return new Error(`tokenizer.model: ${what} is not supported. Use the model's tokenizer.json.`);
}
