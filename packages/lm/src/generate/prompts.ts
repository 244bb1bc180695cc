/** Prompts as lists of token ids: checks, and reading them out of padded batches. */

import type { ModelConfig } from "../config.ts";

/**
 * The tokens of each row without its padding, which may be on either side.
 * @param ids `[B][T]`
 * @param attentionMask `[B][T]`, 1 for tokens, 0 for padding
 */
export function withoutPadding(
  ids: readonly (readonly number[])[],
  attentionMask: readonly (readonly number[])[],
): number[][] {
  return ids.map((row, i) => row.filter((_, t) => attentionMask[i]?.[t] === 1));
}

/** @throws Error for an empty prompt, a token that is none, or too few positions for the result */
export function checkPrompts(
  { position, vocabSize, maxPositions }: ModelConfig,
  prompts: readonly (readonly number[])[],
  maxNewTokens: number,
): void {
  prompts.forEach((prompt, i) => {
    if (prompt.length === 0) {
      throw new Error(
        `generate: expected prompts of at least one token, got none in prompt ${i}. Begin it with ` +
          "a beginning-of-text token.",
      );
    }
    const wrong = prompt.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
    if (wrong !== undefined) {
      throw new Error(
        `generate: expected token ids in [0, ${vocabSize}), got ${wrong} in prompt ${i}.`,
      );
    }
    // The last new token is never read.
    const positions = prompt.length + maxNewTokens - 1;
    if (position.kind === "learned" && positions > maxPositions) {
      throw new Error(
        `generate: expected prompt and new tokens to fit the model's ${maxPositions} positions, got ` +
          `${prompt.length} + ${maxNewTokens} for prompt ${i}. Shorten the prompt or lower ` +
          "maxNewTokens.",
      );
    }
  });
}
