/**
 * The vocabulary files of llama2.c (karpathy/llama2.c, tokenizer.py): the longest piece's length,
 * then for each piece its score, its length and its bytes, with spaces for U+2581 and lines around
 * control pieces.
 */
import { type Piece, sentencePieceFiles, type TokenizerFiles } from "@preflab/lm";

/**
 * Tokenizer files of such a vocabulary; text gets BOS in front when asked to.
 *
 * @throws Error when the file ends within a piece, or has other control pieces than Llama 2.
 */
export function readLlama2cVocabulary(file: Uint8Array): TokenizerFiles {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pieces: Piece[] = [];
  for (let at = 4; at < file.length; ) {
    const length = at + 8 <= file.length ? view.getInt32(at + 4, true) : -1;
    const end = at + 8 + length;
    if (length < 0 || end > file.length) {
      throw new Error(
        `llama2.c vocabulary: expected a whole piece at byte ${at}, got the end of the file. Get ` +
          "it anew.",
      );
    }
    const text = new TextDecoder().decode(file.subarray(at + 8, end));
    pieces.push(pieceOf(text, view.getFloat32(at, true), pieces.length));
    at = end;
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
