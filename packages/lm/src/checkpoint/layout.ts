/**
 * How a parameter is put together from the tensors of a file, and taken apart again. Works on
 * plain arrays, so that gradients map like weights; knows no names (./names.ts) and no files.
 */

import { elementCount } from "./source.ts";

/** A tensor of a file that holds one piece of a parameter. */
export interface Piece {
  /** Name in the file. */
  readonly name: string;
  /** Shape in the file. */
  readonly shape: readonly number[];
  /** First output (of a matrix) or element (of anything else) of the parameter that it holds. */
  readonly at: number;
  /**
   * For each row of the piece, the output or element of the parameter, counted from `at`, that it
   * is; null where the order is the same. One to one.
   */
  readonly order: ((row: number) => number) | null;
}

/** A parameter and the pieces that make it up. */
export interface ParameterLayout {
  /** Canonical name. */
  readonly name: string;
  /** Canonical shape. */
  readonly shape: readonly number[];
  /** Pieces are [out, in] where the parameter is [in, out]. */
  readonly transposed: boolean;
  readonly pieces: readonly Piece[];
}

/** Rows that are transposed together, so that writes are runs and reads stay in the cache. */
const TILE = 16;

/** Copies a piece, as stored, into its place in the parameter. */
export function place(
  layout: ParameterLayout,
  piece: Piece,
  stored: Float32Array,
  parameter: Float32Array,
): void {
  if (!layout.transposed) {
    if (piece.order === null) parameter.set(stored, piece.at);
    else {
      for (let row = 0; row < stored.length; row++) {
        parameter[piece.at + piece.order(row)] = stored[row] as number;
      }
    }
    return;
  }
  const { outputs, rows, inputs, columns } = matrixOf(layout, piece);
  for (let first = 0; first < rows; first += TILE) {
    const last = Math.min(first + TILE, rows);
    for (let input = 0; input < inputs; input++) {
      for (let row = first; row < last; row++) {
        const at = input * outputs + (columns[row] as number);
        parameter[at] = stored[row * inputs + input] as number;
      }
    }
  }
}

/** A piece as it is stored: the inverse of {@link place}. A view where nothing has to move. */
export function extract(
  layout: ParameterLayout,
  piece: Piece,
  parameter: Float32Array,
): Float32Array {
  const length = elementCount(piece.shape);
  if (!layout.transposed) {
    if (piece.order === null) return parameter.subarray(piece.at, piece.at + length);
    const { at, order } = piece;
    return Float32Array.from({ length }, (_, row) => parameter[at + order(row)] as number);
  }
  const stored = new Float32Array(length);
  const { outputs, rows, inputs, columns } = matrixOf(layout, piece);
  for (let first = 0; first < rows; first += TILE) {
    const last = Math.min(first + TILE, rows);
    for (let input = 0; input < inputs; input++) {
      for (let row = first; row < last; row++) {
        const at = input * outputs + (columns[row] as number);
        stored[row * inputs + input] = parameter[at] as number;
      }
    }
  }
  return stored;
}

/** Extents of a transposed piece and the column of the parameter of each of its rows. */
function matrixOf({ shape }: ParameterLayout, { shape: stored, at, order }: Piece) {
  const [, outputs = 0] = shape;
  const [rows = 0, inputs = 0] = stored;
  const columns = Int32Array.from({ length: rows }, (_, row) => at + (order?.(row) ?? row));
  return { outputs, rows, inputs, columns };
}

/**
 * Order of rows that are grouped by head, then query, key and value, as GPT-NeoX stores them; the
 * parameter has all queries, then all keys, then all values.
 */
export function groupedByHead(heads: number, headWidth: number): (row: number) => number {
  return (row) => {
    const head = Math.floor(row / (3 * headWidth));
    const kind = Math.floor(row / headWidth) % 3;
    return (kind * heads + head) * headWidth + (row % headWidth);
  };
}

/**
 * Order of rows whose rotated pairs are neighbours, as llama.cpp stores queries and keys of Llama;
 * the parameter has the first halves of all pairs of a head, then the second halves.
 */
export function rotaryPairs(headWidth: number): (row: number) => number {
  return (row) => {
    const within = row % headWidth;
    const half = (within % 2) * (headWidth / 2);
    return row - within + half + Math.floor(within / 2);
  };
}
