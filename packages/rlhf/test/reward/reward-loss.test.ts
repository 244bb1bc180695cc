import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { fileURLToPath } from "node:url";
import { Fixture, numericGradient, type Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { centering, rewardLosses } from "../../src/reward/reward-loss.ts";

interface Entry {
  readonly name: string;
  readonly settings: { readonly margin?: boolean; readonly center_rewards_coefficient?: number };
}

const fixture = new Fixture(
  fileURLToPath(new URL("../../../dpo/test/fixtures/objectives", import.meta.url)),
);
const index = fixture.json<{
  readonly tolerance: { readonly loss: Tolerance; readonly grad: Tolerance };
  readonly entries: readonly Entry[];
}>("index.json");
const tensors = fixture.tensors("objectives.safetensors");
const values = (name: string) => Float32Array.from(tensors.get(name)?.values ?? []);
const CHOSEN = values("input.reward_chosen");
const REJECTED = values("input.reward_rejected");
const MARGIN = values("input.reward_margin");

/** Central differences in float32. */
const DIFFERENCES = { atol: 2e-3, rtol: 2e-3 };

/** Losses per pair and, pair by pair, their gradients. */
function evaluate(
  chosen: ArrayLike<number>,
  rejected: ArrayLike<number>,
  margins: ArrayLike<number>,
  centerWeight: number,
) {
  return tf.tidy(() => {
    const vector = (x: ArrayLike<number>) => tf.tensor1d(Float32Array.from(x));
    const total = (w: tf.Tensor1D, l: tf.Tensor1D): tf.Tensor1D => {
      const losses = rewardLosses(w, l, vector(margins));
      return centerWeight === 0
        ? losses
        : tf.add(losses, tf.mul(tf.square(tf.add(w, l)), centerWeight));
    };
    const gradients = tf.grads((w, l) => tf.sum(total(w as tf.Tensor1D, l as tf.Tensor1D)));
    const [byChosen, byRejected] = gradients([vector(chosen), vector(rejected)]) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const numbers = (x: tf.Tensor) => x.dataSync<"float32">();
    return {
      losses: numbers(total(vector(chosen), vector(rejected))),
      byChosen: numbers(byChosen),
      byRejected: numbers(byRejected),
    };
  });
}

describe.each(["cpu", "ort"])("reward/reward-loss on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  const entries = index.entries.filter(({ name }) => name.startsWith("reward_"));
  test.each(entries)("$name is TRL's, with its gradients", ({ name, settings }) => {
    const margins = settings.margin ? MARGIN : MARGIN.map(() => 0);
    const ours = evaluate(CHOSEN, REJECTED, margins, settings.center_rewards_coefficient ?? 0);
    expect(ours.losses).toBeAllClose(values(`${name}/loss`), index.tolerance.loss);
    expect(ours.byChosen).toBeAllClose(values(`${name}/grad_chosen`), index.tolerance.grad);
    expect(ours.byRejected).toBeAllClose(values(`${name}/grad_rejected`), index.tolerance.grad);
  });

  test("of equal rewards it is log 2, and with a margin log(1 + exp(margin))", () => {
    const { losses, byChosen } = evaluate([1, 1], [1, 1], [0, 2], 0);
    expect(losses).toBeAllClose([Math.LN2, Math.log1p(Math.exp(2))], { atol: 0, rtol: 1e-6 });
    expect(byChosen[0]).toBe(-0.5);
  });

  test("of certain orders it is 0 or the difference, without overflow", () => {
    const { losses, byChosen } = evaluate([1000, -1000], [-1000, 1000], [0, 0], 0);
    expect([...losses]).toEqual([0, 2000]);
    expect(byChosen).toBeAllClose([0, -1], { atol: 1e-7, rtol: 0 });
  });

  test("has the gradient of finite differences", () => {
    const [chosen, rejected] = [
      [0.3, -1, 2],
      [0.1, 0.5, -0.7],
    ] as const;
    const sum = (x: Float64Array) =>
      evaluate(x, rejected, [0.5, 0, 1], 0.1).losses.reduce((total, loss) => total + loss, 0);
    const { byChosen } = evaluate(chosen, rejected, [0.5, 0, 1], 0.1);
    expect(byChosen).toBeAllClose(numericGradient(sum, chosen), DIFFERENCES);
  });

  test("centering is the mean square of sums", () => {
    const number = tf.tidy(() => centering(tf.tensor1d([1, 2]), tf.tensor1d([1, -5])).dataSync());
    expect(number[0]).toBe((4 + 9) / 2);
  });
});
