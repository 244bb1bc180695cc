/** Prompts of a run that learns from its own samples: to train on, and to evaluate on. */
import type { PolicyPrompt } from "@preflab/rlhf";
import type { Io } from "../io.ts";
import { describePrompts, readPrompts } from "./prompt-data.ts";
import type { RolloutConfig } from "./rollout-method.ts";
import type { RolloutRunSettings } from "./rollout-settings.ts";
import type { TrainingModel } from "./training-model.ts";

/** Prompts of a run. */
export interface RolloutPrompts {
  readonly train: readonly PolicyPrompt[];
  /** Different ones, so many as are measured. */
  readonly held: readonly PolicyPrompt[];
}

/**
 * Reads the prompts, and says on stderr what became of rows.
 * @throws DataError naming file and line of bad rows and of prompts that leave no room, unless they
 *   are to be dropped, and when none is left
 */
export async function readRolloutPrompts(
  { data, generation, training }: RolloutRunSettings<RolloutConfig>,
  { config, tokenizer }: Pick<TrainingModel, "config" | "tokenizer">,
  io: Pick<Io, "err">,
): Promise<RolloutPrompts> {
  for (const warning of tokenizer.found?.warnings ?? []) io.err(`warning: ${warning}\n`);
  const { maxLength, rollout, seed } = training;
  const read = async (path: string, maxNewTokens: number, unique: boolean) => {
    const longest = maxLength - maxNewTokens;
    const options = { ...data, config, tokenizer, longest, seed, unique };
    const loaded = await readPrompts(path, options);
    for (const line of describePrompts(path, loaded)) io.err(`${line}\n`);
    return loaded.prompts;
  };
  const train = await read(data.train, rollout.maxNewTokens, data.unique);
  if (data.eval === null || generation.prompts === 0) return { train, held: [] };
  const all = await read(data.eval, generation.maxNewTokens, true);
  const held = all.slice(0, generation.prompts);
  const known = new Set(train.map(({ ids }) => ids.join()));
  const seen = held.filter(({ ids }) => known.has(ids.join())).length;
  if (seen > 0) {
    io.err(`warning: ${data.eval}: ${seen} of ${held.length} prompts are trained on\n`);
  }
  return { train, held };
}
