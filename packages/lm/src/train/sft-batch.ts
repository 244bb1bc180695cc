/** A batch of supervised fine-tuning as the list of tensors that a compiled step takes, and back. */

import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { Dropout } from "../dropout.ts";
import type { TokenBatch } from "../types.ts";

/** What a training step is fed. */
export interface SftBatch {
  readonly tokens: TokenBatch;
  readonly dropout?: Dropout | undefined;
}

/** Which of the tensors that a list may lack are there, and the numbers that are no tensors. */
export interface BatchForm {
  readonly packed: boolean;
  /** Of dropout; 0 for none. */
  readonly rate: number;
}

/** ids, attentionMask, completionMask, then positions and masks of dropout where there are any. */
export function toList({ tokens, dropout }: SftBatch): Tensor[] {
  const { ids, attentionMask, completionMask, positions } = tokens;
  const optional = [positions, dropout?.kept].filter((tensor) => tensor !== undefined);
  return [ids, attentionMask, completionMask, ...optional];
}

/** The batch of which {@link toList} made a list. */
export function fromList(list: readonly Tensor[], { packed, rate }: BatchForm): SftBatch {
  const [ids, attentionMask, completionMask, ...optional] = list as Tensor2D[];
  const positions = packed ? optional.shift() : undefined;
  const kept = rate > 0 ? (optional.shift() as Tensor | undefined) : undefined;
  return {
    tokens: { ids, attentionMask, completionMask, positions } as TokenBatch,
    dropout: kept && { rate, kept: kept as Tensor3D },
  };
}
