/** What `preflab dpo` finds out about the policy while it trains: numbers, and texts to read. */
import { type DpoInputs, dpoEvaluator, type Preferences } from "@preflab/dpo";
import { differentPrompts } from "./dpo-data.ts";
import type { DpoModels, DpoRun } from "./dpo-models.ts";
import { sampleMeter } from "./sample-meter.ts";
import { createSampler, type Sampler, samplePrompts } from "./samples.ts";

/** Measures the policy on held-out examples. */
export interface DpoEvaluation {
  /** Numbers by names that begin with `eval/`. */
  measure(): Promise<Record<string, number>>;
  dispose(): void;
}

/** The evaluation on held-out examples: losses and rewards on them, samples from their prompts. */
export function dpoEvaluation(
  { trained, reference, start }: DpoModels,
  held: Preferences,
  { training, generation }: DpoRun["settings"],
): DpoEvaluation {
  const { policy } = trained;
  const inputs: DpoInputs = { preferences: held, reference: reference.held };
  const evaluator = dpoEvaluator(policy, inputs, training);
  const { seed, batchSize, maxLength } = training;
  const prompts = differentPrompts(held.groups, generation.prompts, maxLength);
  const { samples, maxNewTokens } = generation;
  const meter =
    prompts.length > 0
      ? sampleMeter(policy, start, prompts, { samples, maxNewTokens, seed, batchSize })
      : null;
  return {
    measure: async () => ({
      ...(await evaluator.evaluate()),
      ...(await meter?.measure())?.metrics,
    }),
    dispose: () => {
      evaluator.dispose();
      meter?.dispose();
    },
  };
}

/** What writes samples.jsonl; null for nothing to write. */
export function dpoSampler({ trained }: DpoModels, run: DpoRun): Sampler | null {
  const { settings, model, data } = run;
  const { samples, training } = settings;
  if (samples.every === 0) return null;
  const { groups } = data.held ?? data.train;
  const prompts =
    samples.prompts.length > 0
      ? samplePrompts(samples, model.tokenizer, [])
      : differentPrompts(groups, samples.count, training.maxLength);
  if (prompts.length === 0) return null;
  return createSampler(trained.policy, model.tokenizer, prompts, samples, training.seed);
}
