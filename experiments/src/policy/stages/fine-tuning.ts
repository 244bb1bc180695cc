/** Supervised training within a stage: AdamW, a cosine schedule, checkpoints to go on from. */
import { join } from "node:path";
import {
  openRun,
  parseSftConfig,
  rowBatches,
  sftEvaluator,
  stepsOfRun,
  type TokenRow,
  type TrainablePolicy,
  trainSft,
} from "@preflab/lm";
import type { StageContext } from "../../study/experiment.ts";
import { finishInterrupted, trainingHooks } from "../../study/stage-training.ts";
import type { MicroBatches } from "../micro-batches.ts";

/** Evaluations, and checkpoints, of a training. */
const EVALUATIONS = 8;

/** What a policy learns from, and how. */
export interface FineTuning extends MicroBatches {
  readonly rows: readonly TokenRow[];
  /** Rows that it is measured on. */
  readonly held: readonly TokenRow[];
  readonly length: { readonly steps: number } | { readonly epochs: number };
  /** Tokens at which rows are cut. */
  readonly maxLength: number;
  readonly lr: number;
  /** Of the order of rows. */
  readonly seed: number;
}

/**
 * Trains a policy.
 * @returns cross-entropy on held-out rows, nats per token that is learned
 * @throws InterruptedError once a checkpoint is saved
 */
export async function fineTune(
  policy: TrainablePolicy,
  { rows, held, length, batchSize, gradAccum, maxLength, lr, seed }: FineTuning,
  context: StageContext,
): Promise<number> {
  const batches = rowBatches(rows, { batchSize, gradAccum, maxLength, seed });
  const steps =
    "steps" in length
      ? length.steps
      : stepsOfRun({ maxSteps: null, epochs: length.epochs }, batches.stepsPerEpoch);
  const every = Math.ceil(steps / EVALUATIONS);
  const config = parseSftConfig({
    ...{ batchSize, gradAccum, maxSteps: steps, maxLength, seed, evalEvery: every },
    ...{ saveEvery: every },
    optimizer: { name: "adamw", lr, schedule: "cosine", warmupSteps: Math.ceil(steps / 20) },
  });
  const evaluator = heldEvaluator(policy, { held, batchSize, maxLength, seed });
  const run = await openRun(join(context.folder, "partial"), { config }, { resume: true });
  try {
    const resumed = await run.restore(policy.variables);
    const hooks = trainingHooks(context, run, policy.variables, steps, (row) =>
      "eval/nll" in row ? `${row["eval/nll"]?.toFixed(3)} nats per token` : "",
    );
    const outcome = await trainSft(
      policy,
      batches,
      config,
      { ...hooks, evaluate: () => evaluator.evaluate() },
      resumed ?? undefined,
    );
    finishInterrupted(outcome, context);
    const { "eval/nll": crossEntropy } = await evaluator.evaluate();
    return crossEntropy;
  } finally {
    evaluator.dispose();
    await run.close();
  }
}

/** Cross-entropy of a policy that is not trained, as {@link fineTune} measures it. */
export async function crossEntropyOf(policy: TrainablePolicy, rows: HeldRows): Promise<number> {
  const evaluator = heldEvaluator(policy, rows);
  try {
    const { "eval/nll": crossEntropy } = await evaluator.evaluate();
    return crossEntropy;
  } finally {
    evaluator.dispose();
  }
}

type HeldRows = Pick<FineTuning, "held" | "batchSize" | "maxLength" | "seed">;

function heldEvaluator(
  policy: TrainablePolicy,
  { held, batchSize, maxLength, seed }: HeldRows,
): ReturnType<typeof sftEvaluator> {
  const batches = rowBatches(held, {
    ...{ batchSize: 4 * batchSize, maxLength, seed, shuffle: false },
  });
  return sftEvaluator(policy, batches, "tokenMean");
}
