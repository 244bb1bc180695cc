/** Losses, gradients and rewards of one objective on one batch, as plain numbers. */

import type { RankedLogps, UnpairedLogps } from "@preflab/dpo";
import { type AnyConfigured, lossGradients, type PairLogps } from "@preflab/dpo";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { CommandError } from "../errors.ts";
import { batchOf, type Columns, readColumns } from "./columns.ts";

/** `[B]`, or `[B][K]` for ranked responses. */
export type Numbers = readonly number[] | readonly (readonly number[])[];

/** Results of one batch. */
export interface Evaluation {
  /** `[B]`; of the sorted batch for objectives that sort it. */
  readonly losses: readonly number[];
  /** Of each row's loss, or of the mean loss of a sorted batch. */
  readonly gradients: Readonly<Record<string, Numbers>>;
  /** `chosenRewards` and `rejectedRewards` of pairs, `rewards` of other batches. */
  readonly rewards: Readonly<Record<string, Numbers>>;
}

/**
 * Evaluates an objective on the current backend, compiled where it compiles.
 * @param document the batch, as parsed from JSON
 * @param where the batch, for messages
 * @throws CommandError for malformed or missing columns, and where a result is not a number
 */
export function evaluateObjective(
  objective: AnyConfigured,
  document: unknown,
  where: string,
): Evaluation {
  const columns = readColumns(document, objective.kind, where);
  const step = jit((columns: Columns) => differentiate(objective, columns, where), {
    name: objective.name,
  });
  const { losses, gradients, rewards } = step(columns);
  step.dispose();
  tf.dispose(columns);
  const evaluation: Evaluation = {
    losses: takeNumbers(losses) as number[],
    gradients: mapValues(gradients, takeNumbers),
    rewards: mapValues(rewards, takeNumbers),
  };
  checkNumbers("losses", evaluation.losses, where);
  for (const [name, x] of Object.entries(evaluation.gradients)) checkNumbers(name, x, where);
  for (const [name, x] of Object.entries(evaluation.rewards)) checkNumbers(name, x, where);
  return evaluation;
}

interface Differentiated {
  readonly losses: tf.Tensor;
  readonly gradients: Columns;
  readonly rewards: Columns;
}

function differentiate(objective: AnyConfigured, columns: Columns, where: string): Differentiated {
  switch (objective.kind) {
    case "pair": {
      const names = ["policyChosenLogps", "policyRejectedLogps"] as const;
      const { result, gradients } = lossGradients(
        objective,
        batchOf<PairLogps>(columns, where),
        names,
      );
      const { losses, ...rewards } = result;
      return { losses, gradients, rewards: { ...rewards } };
    }
    case "unpaired": {
      const batch = batchOf<UnpairedLogps>(columns, where);
      const { result, gradients } = lossGradients(objective, batch, ["policyLogps"]);
      return { losses: result.losses, gradients, rewards: { rewards: result.rewards } };
    }
    case "ranked": {
      const batch = batchOf<RankedLogps>(columns, where);
      const { result, gradients } = lossGradients(objective, batch, ["policyLogps"]);
      return { losses: result.losses, gradients, rewards: { rewards: result.rewards } };
    }
  }
}

function takeNumbers(tensor: tf.Tensor): Numbers {
  const numbers = tensor.arraySync() as Numbers;
  tensor.dispose();
  return numbers;
}

/** NaN means infinity less infinity or the like: the formula has no value there. */
function checkNumbers(name: string, numbers: Numbers, where: string): void {
  const row = numbers.findIndex((x) => [x].flat().some(Number.isNaN));
  if (row < 0) return;
  throw new CommandError(
    `${where}: expected a result with a value, got NaN in ${name}[${row}]. Log-probabilities are ` +
      "-Infinity in a combination that has no limit, such as policy and reference of one response.",
  );
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  convert: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value)]));
}
