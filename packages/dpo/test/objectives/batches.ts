/** Batches of plain numbers, and an objective's numbers on them on the current backend. */
import {
  type Configured,
  type ConfiguredPair,
  type ConfiguredRanked,
  type ConfiguredUnpaired,
  lossGradients,
  type PairLogps,
  type RankedLogps,
  type UnpairedLogps,
} from "@preflab/dpo";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";

/** Numbers of pairs, `[B]` each. */
export type PairColumns = Readonly<Record<keyof PairLogps, ArrayLike<number>>>;

/** Losses and gradients of pairs as plain numbers. */
export interface PairNumbers {
  readonly losses: Float32Array;
  readonly gradChosen: Float32Array;
  readonly gradRejected: Float32Array;
  readonly chosenRewards: Float32Array;
  readonly rejectedRewards: Float32Array;
}

/** Tensors of columns; the caller disposes them. */
function toPairs(columns: PairColumns): PairLogps {
  const column = (name: keyof PairLogps) => tf.tensor1d(Float32Array.from(columns[name]));
  return {
    policyChosenLogps: column("policyChosenLogps"),
    policyRejectedLogps: column("policyRejectedLogps"),
    referenceChosenLogps: column("referenceChosenLogps"),
    referenceRejectedLogps: column("referenceRejectedLogps"),
    chosenLengths: column("chosenLengths"),
    rejectedLengths: column("rejectedLengths"),
  };
}

/** Evaluates an objective, compiled where the backend compiles. */
export function evaluatePairs(objective: ConfiguredPair, columns: PairColumns): PairNumbers {
  const step = jit(
    (batch: PairLogps) => {
      const { result, gradients } = lossGradients(objective, batch, [
        "policyChosenLogps",
        "policyRejectedLogps",
      ]);
      return { ...result, ...gradients };
    },
    { name: objective.name },
  );
  const out = step(toPairs(columns));
  step.dispose();
  return {
    losses: read(out.losses),
    gradChosen: read(out.policyChosenLogps),
    gradRejected: read(out.policyRejectedLogps),
    chosenRewards: read(out.chosenRewards),
    rejectedRewards: read(out.rejectedRewards),
  };
}

/** Losses and gradients of responses as plain numbers. */
export interface ResponseNumbers {
  readonly losses: Float32Array;
  readonly gradients: Float32Array;
  readonly rewards: Float32Array;
}

/** The same for single responses. */
export function evaluateUnpaired(
  objective: ConfiguredUnpaired,
  columns: {
    readonly policyLogps: ArrayLike<number>;
    readonly referenceLogps: ArrayLike<number>;
    readonly labels: readonly boolean[];
    readonly kl: number;
  },
): ResponseNumbers {
  const batch: UnpairedLogps = {
    policyLogps: tf.tensor1d(Float32Array.from(columns.policyLogps)),
    referenceLogps: tf.tensor1d(Float32Array.from(columns.referenceLogps)),
    labels: tf.tensor1d([...columns.labels], "bool"),
    kl: tf.scalar(columns.kl),
  };
  return evaluateResponses(objective, batch);
}

/** The same for ranked responses, `[B, K]`. */
export function evaluateRanked(
  objective: ConfiguredRanked,
  columns: {
    readonly policyLogps: ArrayLike<number>;
    readonly referenceLogps: ArrayLike<number>;
    readonly shape: readonly [number, number];
  },
): ResponseNumbers {
  const matrix = (values: ArrayLike<number>) =>
    tf.tensor2d(Float32Array.from(values), [...columns.shape]);
  const batch: RankedLogps = {
    policyLogps: matrix(columns.policyLogps),
    referenceLogps: matrix(columns.referenceLogps),
  };
  return evaluateResponses(objective, batch);
}

function evaluateResponses<
  Batch extends { readonly policyLogps: tf.Tensor },
  Result extends { readonly losses: tf.Tensor1D; readonly rewards: tf.Tensor },
>(objective: Configured<string, Batch, Result>, batch: Batch): ResponseNumbers {
  const step = jit(
    (batch: Batch) => {
      const { result, gradients } = lossGradients(objective, batch, ["policyLogps"]);
      return { losses: result.losses, rewards: result.rewards, ...gradients };
    },
    { name: objective.name },
  );
  const { losses, rewards, policyLogps } = step(batch);
  step.dispose();
  return {
    losses: read(losses),
    gradients: read(policyLogps),
    rewards: read(rewards),
  };
}

function read(x: tf.Tensor): Float32Array {
  return x.dataSync() as Float32Array;
}
