/** Makes scores of mean 0 and deviation 1 on what the language model writes for the training prompts. */
import type { TokenizedPair } from "@preflab/data";
import { completionRow, generate, type TrainablePolicy } from "@preflab/lm";
import { type Normalization, normalizationOf, rewardScores, scorer } from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import { CommandError } from "../errors.ts";
import type { Io } from "../io.ts";
import { differentPrompts } from "./dpo-data.ts";
import type { NormalizeSettings } from "./reward-run-settings.ts";
import type { TrainingModel } from "./training-model.ts";

/** What is sampled how. */
export interface NormalizationOptions extends Omit<NormalizeSettings, "reference"> {
  /** Texts scored together. */
  readonly batchSize: number;
  /** Most tokens of prompt and completion. */
  readonly maxLength: number;
  readonly seed: number;
}

/**
 * Gain and bias for a reward model.
 * @param pairs whose prompts are continued, as far as they leave room
 * @throws CommandError when no prompt does; RewardError when all scores are the same
 * @throws InterruptedError when the user interrupts
 */
export async function measureNormalization(
  { config, parameters }: TrainablePolicy,
  reference: TrainingModel,
  pairs: readonly TokenizedPair[],
  options: NormalizationOptions,
  io: Pick<Io, "err" | "signal">,
): Promise<Normalization> {
  const { samples, maxNewTokens, batchSize, maxLength, seed } = options;
  const prompts = differentPrompts(pairs, options.prompts, maxLength - maxNewTokens + 1);
  if (prompts.length === 0) {
    throw new CommandError(
      `normalize: expected prompts of 1 to ${maxLength - maxNewTokens} tokens, which leave room for ` +
        "maxNewTokens within maxLength, got none. Resume with other values of normalize.maxNewTokens.",
    );
  }
  io.err(`normalisation: ${prompts.length * samples} completions are sampled and scored\n`);
  const weights = await reference.weights();
  const sampling = { samples, maxNewTokens, seed, temperature: 1, signal: io.signal };
  const completions = await generate(reference.config, weights, prompts, sampling).finally(() =>
    dispose({ ...weights }),
  );
  const texts = completions.map(
    ({ prompt, ids }) => completionRow(prompts[prompt] as readonly number[], ids).ids,
  );
  const model = scorer((ids, mask) => rewardScores(config, parameters(), ids, mask), {
    batchSize,
    maxLength,
  });
  try {
    return normalizationOf(await model.score(texts, io.signal));
  } finally {
    model.dispose();
  }
}
