/**
 * The vocabulary file of llama2.c (its tokenizer.py, `export`): the longest piece's length, then
 * for each piece its score, its length and its bytes, with spaces for U+2581 and lines around
 * control pieces. The stories models have one.
 */
import { type Piece, sentencePieceFiles, type TokenizerFiles } from "@preflab/lm";

/** Tokenizer files of such a vocabulary; text gets BOS in front when asked to. */
export function llama2cFiles(file: Buffer): TokenizerFiles {
  const pieces: Piece[] = [];
  for (let at = 4; at < file.length; ) {
    const length = file.readInt32LE(at + 4);
    const text = file.toString("utf8", at + 8, at + 8 + length);
    pieces.push(pieceOf(text, file.readFloatLE(at), pieces.length));
    at += 8 + length;
  }
  return sentencePieceFiles({
    pieces,
    unkId: 0,
    bosId: 1,
    eosId: 2,
    padId: null,
    addDummyPrefix: true,
    addBos: true,
    addEos: false,
  });
}

function pieceOf(text: string, score: number, id: number): Piece {
  if (id === 0) return { text, score, type: "unknown" };
  if (id <= 2) return { text: text.trim(), score, type: "control" };
  if (id < 259) return { text, score, type: "byte" };
  return { text: text.replaceAll(" ", "▁"), score, type: "normal" };
}
