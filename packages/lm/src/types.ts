/** Types that every module of the package shares. */

import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";

/** Parameters by canonical name, see ./params.ts. Matrices are `[in, out]`. */
export type Params = Readonly<Record<string, Tensor>>;

/** A batch of padded token sequences, all `[B, T]` int32. */
export interface TokenBatch {
  /** Token ids; any valid id where {@link attentionMask} is 0. */
  readonly ids: Tensor2D;
  /** 1 for tokens, 0 for padding, on either side. */
  readonly attentionMask: Tensor2D;
  /** 1 for tokens of the completion, 0 for those of the prompt and for padding. */
  readonly completionMask: Tensor2D;
  /** Where rows hold several texts: position of every token in its text, 0 at padding. */
  readonly positions?: Tensor2D | undefined;
}
