import "@tensorflow/tfjs-backend-cpu";
import {
  type ConfiguredPair,
  lengthDesensitizedLogps,
  nllLosses,
  parseWeightedSum,
  responseWeights,
  sftLosses,
} from "@preflab/dpo";
import { sftLoss } from "@preflab/lm";
import { jit, logSoftmaxAt } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { entriesOf, type GoldenEntry, golden, goldenShape, goldenValues } from "./golden.ts";

const { loss: LOSS, grad: GRAD } = golden.tolerance;
/** Rewards and log-probabilities of a batch are means of float32 sums of 11 tokens. */
const METRIC = { rtol: 1e-5, atol: 1e-5 };
/** Rounding of a few float32 operations. */
const ROUNDING = { rtol: 1e-6, atol: 1e-6 };

const [ROWS, LENGTH, WORDS] = goldenShape("input.logits.policy") as [number, number, number];
const PAIRS = ROWS / 2;

/** What the batch of logits looks like to a trainer, chosen rows first. */
function batchOf() {
  const matrix = (name: string) =>
    tf.tensor2d(Int32Array.from(goldenValues(`input.logits.${name}`)), [ROWS, LENGTH], "int32");
  return { ids: matrix("input_ids"), completionMask: matrix("completion_mask") };
}

/** `[ROWS, LENGTH - 1]` */
function tokenLogps(logits: tf.Tensor3D, ids: tf.Tensor2D): tf.Tensor2D {
  const predictions = tf.slice(logits, [0, 0, 0], [ROWS, LENGTH - 1, WORDS]);
  const targets = tf.slice(ids, [0, 1], [ROWS, LENGTH - 1]);
  const size = ROWS * (LENGTH - 1);
  const logps = logSoftmaxAt(
    tf.reshape(predictions, [size, WORDS]),
    tf.reshape(targets, [size]) as tf.Tensor1D,
  );
  return tf.reshape(logps, [ROWS, LENGTH - 1]);
}

interface Settings {
  readonly loss_types: readonly string[];
  readonly loss_weights: readonly number[];
  readonly beta: number;
  readonly ld_alpha: number | null;
  readonly use_weighting: boolean;
}

function halves(x: tf.Tensor1D): [tf.Tensor1D, tf.Tensor1D] {
  return [tf.slice(x, [0], [PAIRS]), tf.slice(x, [PAIRS], [PAIRS])];
}

/** The loss of the batch as a trainer would put it together from the terms of this package. */
function lossOf(policy: tf.Tensor3D, reference: tf.Tensor3D, settings: Settings) {
  const { ids, completionMask } = batchOf();
  const completion: tf.Tensor2D = tf.cast(tf.slice(completionMask, [0, 1], [-1, -1]), "float32");
  const counts = tf.sum(completion, 1) as tf.Tensor1D;
  const [chosenLengths, rejectedLengths] = halves(counts);
  const shorter = tf.tile(tf.minimum(chosenLengths, rejectedLengths), [2]) as tf.Tensor1D;
  const scores = tokenLogps(policy, ids);
  const sumOf = (x: tf.Tensor2D): tf.Tensor1D =>
    lengthDesensitizedLogps(x, completion, shorter, settings.ld_alpha ?? 1);
  const [policyChosenLogps, policyRejectedLogps] = halves(sumOf(scores));
  const [referenceChosenLogps, referenceRejectedLogps] = halves(sumOf(tokenLogps(reference, ids)));
  const preferences = settings.loss_types.flatMap((name, k) => {
    // TRL's label smoothing is 0 unless set, also for this objective.
    const others = name === "robust" ? { labelSmoothing: 0 } : {};
    const { beta, loss_weights } = settings;
    return name === "sft" ? [] : [{ name, weight: loss_weights[k], beta, ...others }];
  });
  const logps = {
    policyChosenLogps,
    policyRejectedLogps,
    referenceChosenLogps,
    referenceRejectedLogps,
    chosenLengths,
    rejectedLengths,
  };
  const parts: tf.Tensor1D[] = [];
  let rewards: { chosenRewards: tf.Tensor1D; rejectedRewards: tf.Tensor1D } | undefined;
  if (preferences.length > 0) {
    const objective: ConfiguredPair = parseWeightedSum(preferences);
    const { losses, ...others } = objective.evaluate(logps);
    parts.push(losses);
    rewards = others;
  }
  const sft = settings.loss_types.indexOf("sft");
  if (sft >= 0) {
    const weight = settings.loss_weights[sft] as number;
    parts.push(tf.mul(sftLosses(policyChosenLogps, chosenLengths), weight));
  }
  let losses = tf.addN(parts) as tf.Tensor1D;
  if (settings.use_weighting) {
    const predictions = tf.slice(policy, [0, 0, 0], [ROWS, LENGTH - 1, WORDS]);
    const [chosen, rejected] = halves(
      responseWeights(scores, collisionsOf(predictions), completion),
    );
    losses = tf.mul(losses, tf.mul(chosen, rejected));
  }
  return { loss: tf.mean(losses), logps, rewards };
}

function mean(x: tf.Tensor): number {
  return tf.mean(x).dataSync()[0] as number;
}

/** `log sum_v p_v^2`, `[..., V] -> [...]` */
function collisionsOf(logits: tf.Tensor): tf.Tensor2D {
  return tf.log(tf.sum(tf.square(tf.softmax(logits)), -1));
}

describe.each(["cpu", "ort"])("objectives/token-terms on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  for (const entry of entriesOf("logits.") as readonly GoldenEntry[]) {
    it(`${entry.name} gives TRL's loss and its gradient in the logits`, () => {
      const settings = entry.settings as unknown as Settings;
      const shape: [number, number, number] = [ROWS, LENGTH, WORDS];
      const policy = tf.tensor3d(goldenValues("input.logits.policy"), shape);
      const reference = tf.tensor3d(goldenValues("input.logits.ref"), shape);
      const step = jit((policy: tf.Tensor3D, reference: tf.Tensor3D) => {
        const { value, grad } = tf.valueAndGrad(
          (x: tf.Tensor) => lossOf(x as tf.Tensor3D, reference, settings).loss,
        )(policy);
        const { logps, rewards } = lossOf(policy, reference, settings);
        return { value, grad, logps, rewards };
      });
      const { value, grad, logps, rewards } = step(policy, reference);
      expect(value.dataSync()).toBeAllClose(goldenValues(`${entry.name}/loss`), LOSS);
      expect(grad.dataSync()).toBeAllClose(goldenValues(`${entry.name}/grad_logits`), GRAD);
      const metric = (name: string) => entry.metrics?.[name] as number;
      expect(mean(logps.policyChosenLogps)).toBeAllClose(metric("logps/chosen"), METRIC);
      expect(mean(logps.policyRejectedLogps)).toBeAllClose(metric("logps/rejected"), METRIC);
      if (rewards) {
        expect(mean(rewards.chosenRewards)).toBeAllClose(metric("rewards/chosen"), METRIC);
        expect(mean(rewards.rejectedRewards)).toBeAllClose(metric("rewards/rejected"), METRIC);
      }
      step.dispose();
    });
  }

  it("tokens beyond the shorter length count alpha, prompt and padding nothing", () => {
    const logps = tf.tensor2d([[-1, -2, -4, -8, -16]]);
    const mask = tf.tensor2d([[0, 1, 1, 1, 0]]);
    const sums = [0, 0.5, 1].map(
      (alpha) => lengthDesensitizedLogps(logps, mask, tf.tensor1d([1]), alpha).dataSync()[0],
    );
    expect(sums).toEqual([-2, -8, -14]);
  });

  it("a token as likely as two agreeing draws has weight 1, and weights have no gradient", () => {
    const mask = tf.tensor2d([[1, 1, 0]]);
    const collisions = tf.tensor2d([[-1, -2, 5]]);
    const weightOf = (x: tf.Tensor) => responseWeights(x as tf.Tensor2D, collisions, mask);
    expect(weightOf(tf.tensor2d([[-1, -2, -9]])).dataSync()).toBeAllClose(1, ROUNDING);
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => tf.sum(weightOf(x)))(
      tf.tensor2d([[-2, -3, -9]]),
    );
    expect(value.dataSync()).toBeAllClose(Math.exp(-1), ROUNDING);
    expect([...grad.dataSync()]).toEqual([0, 0, 0]);
  });

  it("the likelihood term is the mean per response, fine-tuning the mean per token", () => {
    const logps = tf.tensor1d([-6, -2]);
    const lengths = tf.tensor1d([3, 1], "int32");
    expect([...nllLosses(logps, lengths).dataSync()]).toEqual([2, 2]);
    expect([...sftLosses(logps, tf.tensor1d([1, 3], "int32")).dataSync()]).toEqual([3, 1]);
  });

  it("fine-tuning is the loss of the language-model package", () => {
    const scores = tf.tensor2d([
      [-1, -2, -3],
      [-4, -5, -6],
    ]);
    const mask = (rows: number[][]) => tf.tensor2d(rows, undefined, "int32");
    const completionMask = mask([
      [0, 0, 1, 1],
      [0, 1, 0, 0],
    ]);
    const ones = mask([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ]);
    const expected = sftLoss(scores, { ids: ones, attentionMask: ones, completionMask });
    const losses = sftLosses(tf.tensor1d([-5, -4]), tf.tensor1d([2, 1], "int32"));
    expect(mean(losses)).toBeAllClose(expected.dataSync(), ROUNDING);
  });
});
