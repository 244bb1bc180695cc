import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import {
  type ConfiguredPair,
  type ConfiguredRanked,
  type ConfiguredUnpaired,
  parseObjective,
} from "@preflab/dpo";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluatePairs, evaluateRanked, evaluateUnpaired } from "./batches.ts";

/** The values are given to six digits. */
const SIX_DIGITS = { rtol: 2e-6, atol: 1.5e-6 };

/** The three pairs of torchtune's test of DPO, with lengths: c = 0, 0.1, -0.9 and h = 0, 10, 20. */
const PAIRS = {
  policyChosenLogps: [-0.5, -10, -1],
  policyRejectedLogps: [-0.1, -30, -21],
  referenceChosenLogps: [-0.5, -10.1, -0.1],
  referenceRejectedLogps: [-0.1, -20.1, -0.1],
  chosenLengths: [4, 5, 2],
  rejectedLengths: [2, 10, 4],
};

/** Losses at beta 0.1 unless said otherwise, in the order of the pairs (aot: of the margins). */
const LOSSES: readonly (readonly [Readonly<Record<string, unknown>>, readonly number[]])[] = [
  [{ name: "sigmoid" }, [Math.LN2, 0.313262, 0.126928]],
  [{ name: "sigmoid", labelSmoothing: 0.1 }, [Math.LN2, 0.413262, 0.326928]],
  [{ name: "sigmoid", referenceFree: true }, [0.713347, 0.126928, 0.126928]],
  [{ name: "sigmoid", divergence: "js" }, [Math.LN2, 0.333831, 0.131056]],
  [{ name: "sigmoid", divergence: "alpha", divergenceAlpha: 0.5 }, [Math.LN2, 0, 0]],
  [{ name: "sigmoid", divergence: "forward_kl" }, [Math.LN2, 0, 0]],
  [{ name: "robust" }, [Math.LN2, 0.188262, -0.123072]],
  [{ name: "ipo" }, [25, 15.9201, 0.050625]],
  [{ name: "ipo", average: "sum" }, [25, 25, 225]],
  [{ name: "hinge" }, [1, 0, 0]],
  // delta - pw + pl = 1.4, -19, -19
  [{ name: "slic" }, [1.4, 0, 0]],
  // max(0, 10.4, -10, -10) + pw / 2
  [{ name: "slic", delta: 10, regularization: 0.5 }, [10.65, 5, 0.5]],
  [{ name: "exo_pair" }, [2.761231, 1.27631, 0.458972]],
  [{ name: "nca_pair" }, [1.386294, 1.19522, 1.122047]],
  [{ name: "bco_pair" }, [1.386294, 1.004121, 0.855775]],
  [{ name: "sppo_hard" }, [50, 48.02, 287.62]],
  [{ name: "aot" }, [Math.LN2, 0.126928, 0.313262]],
  [{ name: "aot_unpaired" }, [0.126928, 0.315961, 0.68816]],
  [{ name: "apo_zero" }, [1, 0.768412, 0.632557]],
  [{ name: "apo_down" }, [1, 0.771441, 0.596718]],
  [{ name: "discopop" }, [0.846574, 0.367879, 0.135335]],
  [{ name: "sigmoid_norm" }, [Math.LN2, 0.643922, 0.482631]],
  // -pw + pl
  [{ name: "unlikelihood" }, [0.4, -20, -20]],
  // 0, 1 and (20 - 50 * 0.9) / 10 = -2.5
  [{ name: "dpop" }, [Math.LN2, 0.313262, 2.57889]],
  // per token -0.125 and -0.05, -2 and -3, -0.5 and -5.25: z = -0.5075, -0.4, -0.025
  [{ name: "simpo" }, [0.978752, 0.913015, 0.705725]],
  [{ name: "alphapo" }, [0.978856, 0.861664, 0.461775]],
  // odds 7.510 and 19.504: 0.125 + 0.1 log(1 + 19.504 / 7.510) = 0.253009
  [{ name: "orpo" }, [0.253009, 2.028875, 0.500342]],
  // pw - pl = -0.4, 20, 20
  [{ name: "cpo" }, [0.713347, 0.126928, 0.126928]],
  [{ name: "cpo", lossType: "hinge" }, [1.04, 0, 0]],
  [{ name: "cpo", lossType: "ipo" }, [29.16, 225, 225]],
];

describe.each(["cpu", "ort"])("objectives/hand-values on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  for (const [settings, losses] of LOSSES) {
    it(`${JSON.stringify(settings)} has the losses worked out by hand`, () => {
      const objective = parseObjective(settings) as ConfiguredPair;
      expect(evaluatePairs(objective, PAIRS).losses).toBeAllClose(losses, SIX_DIGITS);
    });
  }

  it("kto has the losses worked out by hand", () => {
    const objective = parseObjective({ name: "kto" }) as ConfiguredUnpaired;
    const { losses } = evaluateUnpaired(objective, {
      policyLogps: [...PAIRS.policyChosenLogps, ...PAIRS.policyRejectedLogps],
      referenceLogps: [...PAIRS.referenceChosenLogps, ...PAIRS.referenceRejectedLogps],
      labels: [true, true, true, false, false, false],
      kl: 0.2,
    });
    const expected = [0.505, 0.5025, 0.527472, 0.495, 0.26698, 0.108129];
    expect(losses).toBeAllClose(expected, SIX_DIGITS);
  });

  it("plackett_luce has the loss worked out by hand", () => {
    const objective = parseObjective({ name: "plackett_luce" }) as ConfiguredRanked;
    const { losses, rewards } = evaluateRanked(objective, {
      policyLogps: [-8, -10, -11],
      referenceLogps: [-10, -10, -10],
      shape: [1, 3],
    });
    // log(1 + exp(-0.2) + exp(-0.3)) + log(1 + exp(-0.1))
    expect(losses).toBeAllClose(1.584228, SIX_DIGITS);
    expect(rewards).toBeAllClose([0.2, 0, -0.1], SIX_DIGITS);
  });

  it("rewards are beta times log-ratios whatever the divergence, log-probabilities without reference", () => {
    const rewardsOf = (settings: Readonly<Record<string, unknown>>) => {
      const numbers = evaluatePairs(parseObjective(settings) as ConfiguredPair, PAIRS);
      return [...numbers.chosenRewards, ...numbers.rejectedRewards];
    };
    const ratios = [0, 0.01, -0.09, 0, -0.99, -2.09];
    for (const settings of [
      { name: "sigmoid" },
      { name: "ipo", divergence: "js" },
      { name: "aot" },
    ]) {
      expect(rewardsOf(settings)).toBeAllClose(ratios, SIX_DIGITS);
    }
    const alone = [-0.05, -1, -0.1, -0.01, -3, -2.1];
    for (const settings of [{ name: "simpo" }, { name: "sigmoid", referenceFree: true }]) {
      expect(rewardsOf(settings)).toBeAllClose(alone, SIX_DIGITS);
    }
    expect(rewardsOf({ name: "unlikelihood" })).toBeAllClose(
      alone.map((x) => 10 * x),
      SIX_DIGITS,
    );
  });
});
