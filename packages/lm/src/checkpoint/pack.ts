/**
 * From parameters to the tensors of Hugging Face files: which tensors, in which files, and their
 * bytes one at a time. Writing the files is in ../io.
 */
import type { ModelConfig } from "../config.ts";
import { encode, type FloatDtype } from "./dtype.ts";
import { extract, type ParameterLayout, type Piece } from "./layout.ts";
import { huggingFaceLayouts } from "./names.ts";
import { byteLength, type NewTensor } from "./safetensors.ts";

/** A tensor to be written, and where it comes from. */
export interface PackedTensor extends NewTensor {
  readonly dtype: FloatDtype;
  readonly layout: ParameterLayout;
  readonly piece: Piece;
}

/** The tensors of one file, in the order of the parameters. */
export type Shard = readonly PackedTensor[];

/**
 * Distributes the tensors of a model over files.
 *
 * @param maxBytes of data in a file; a larger tensor has a file to itself.
 */
export function planShards(config: ModelConfig, dtype: FloatDtype, maxBytes: number): Shard[] {
  const shards: PackedTensor[][] = [];
  let room = 0;
  for (const layout of huggingFaceLayouts(config)) {
    for (const piece of layout.pieces) {
      const { name, shape } = piece;
      const tensor = { name, shape, dtype, layout, piece };
      const bytes = byteLength(tensor);
      if (bytes > room) {
        shards.push([]);
        room = maxBytes;
      }
      shards.at(-1)?.push(tensor);
      room -= bytes;
    }
  }
  return shards;
}

/** The bytes of a tensor of a shard, given the values of its parameter. */
export function packTensor(
  { layout, piece, dtype }: PackedTensor,
  parameter: Float32Array,
): Uint8Array {
  return encode(dtype, extract(layout, piece, parameter));
}
