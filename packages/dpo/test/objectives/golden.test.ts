import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type ConfiguredPair,
  type ConfiguredRanked,
  type ConfiguredUnpaired,
  parseObjective,
} from "@preflab/dpo";
import { describeWithFixture } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluatePairs, evaluateRanked, evaluateUnpaired, type PairColumns } from "./batches.ts";
import {
  entriesOf,
  golden,
  goldenShape,
  goldenValues,
  objectiveOf,
  PAIR_ENTRIES,
} from "./golden.ts";

const { loss: LOSS, grad: GRAD } = golden.tolerance;

const PAIRS: PairColumns = {
  policyChosenLogps: goldenValues("input.policy_chosen_logps"),
  policyRejectedLogps: goldenValues("input.policy_rejected_logps"),
  referenceChosenLogps: goldenValues("input.ref_chosen_logps"),
  referenceRejectedLogps: goldenValues("input.ref_rejected_logps"),
  chosenLengths: goldenValues("input.chosen_lengths"),
  rejectedLengths: goldenValues("input.rejected_lengths"),
};

/** The rows whose golden numbers are all finite; the others are overflows of the other side. */
function finiteRows(entry: string): number[] {
  const columns = ["loss", "grad_chosen", "grad_rejected"].map((x) =>
    goldenValues(`${entry}/${x}`),
  );
  return [...(columns[0] as Float32Array).keys()].filter((row) =>
    columns.every((column) => Number.isFinite(column[row])),
  );
}

function rowsOf(values: Float32Array, rows: readonly number[]): Float32Array {
  return Float32Array.from(rows, (row) => values[row] as number);
}

describe.each(["cpu", "ort"])("objectives/golden on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  for (const entry of PAIR_ENTRIES) {
    it(`${entry.name} gives ${entry.source}'s losses and gradients`, () => {
      const ours = evaluatePairs(objectiveOf(entry) as ConfiguredPair, PAIRS);
      const rows = finiteRows(entry.name);
      const expected = (what: string) => rowsOf(goldenValues(`${entry.name}/${what}`), rows);
      expect(rowsOf(ours.losses, rows)).toBeAllClose(expected("loss"), LOSS);
      expect(rowsOf(ours.gradChosen, rows)).toBeAllClose(expected("grad_chosen"), GRAD);
      expect(rowsOf(ours.gradRejected, rows)).toBeAllClose(expected("grad_rejected"), GRAD);
      // Where the golden numbers overflow, ours are numbers all the same.
      for (const values of Object.values(ours)) expect(values.every(Number.isFinite)).toBe(true);
    });
  }

  for (const entry of entriesOf("aot")) {
    it(`${entry.name} gives the losses of the sorted batch and gradients of its mean`, () => {
      const ours = evaluatePairs(objectiveOf(entry) as ConfiguredPair, PAIRS);
      const mean = ours.losses.reduce((sum, x) => sum + x, 0) / ours.losses.length;
      expect(ours.losses).toBeAllClose(goldenValues(`${entry.name}/loss_sorted`), LOSS);
      expect(mean).toBeAllClose(goldenValues(`${entry.name}/batch_mean`), LOSS);
      expect(ours.gradChosen).toBeAllClose(goldenValues(`${entry.name}/grad_chosen`), GRAD);
      expect(ours.gradRejected).toBeAllClose(goldenValues(`${entry.name}/grad_rejected`), GRAD);
    });
  }

  for (const entry of entriesOf("orpo_or_term")) {
    it(`orpo less the likelihood is minus ${entry.name}`, () => {
      const ours = evaluatePairs(objectiveOf(entry) as ConfiguredPair, PAIRS);
      const lengths = Float32Array.from(PAIRS.chosenLengths);
      const term = ours.losses.map(
        (x, i) => -x - (PAIRS.policyChosenLogps[i] as number) / (lengths[i] as number),
      );
      const slope = ours.gradChosen.map((x, i) => -x - 1 / (lengths[i] as number));
      expect(term).toBeAllClose(goldenValues(`${entry.name}/loss`), LOSS);
      expect(slope).toBeAllClose(goldenValues(`${entry.name}/grad_chosen`), GRAD);
      expect(ours.gradRejected.map((x) => -x)).toBeAllClose(
        goldenValues(`${entry.name}/grad_rejected`),
        GRAD,
      );
    });
  }

  for (const entry of entriesOf("kto")) {
    it(`${entry.name} gives ${entry.source}'s losses of both responses together`, () => {
      const both = (chosen: ArrayLike<number>, rejected: ArrayLike<number>) => [
        ...Array.from(chosen),
        ...Array.from(rejected),
      ];
      const count = PAIRS.policyChosenLogps.length;
      const ours = evaluateUnpaired(objectiveOf(entry) as ConfiguredUnpaired, {
        policyLogps: both(PAIRS.policyChosenLogps, PAIRS.policyRejectedLogps),
        referenceLogps: both(PAIRS.referenceChosenLogps, PAIRS.referenceRejectedLogps),
        labels: Array.from({ length: 2 * count }, (_, i) => i < count),
        kl: entry.settings["kl"] as number,
      });
      const losses = ours.losses
        .slice(0, count)
        .map((x, i) => x + (ours.losses[count + i] as number));
      expect(losses).toBeAllClose(goldenValues(`${entry.name}/loss`), LOSS);
      expect(ours.gradients.slice(0, count)).toBeAllClose(
        goldenValues(`${entry.name}/grad_chosen`),
        GRAD,
      );
      expect(ours.gradients.slice(count)).toBeAllClose(
        goldenValues(`${entry.name}/grad_rejected`),
        GRAD,
      );
    });
  }

  for (const entry of entriesOf("plackett_luce")) {
    it(`${entry.name} gives the formula's losses and gradients`, () => {
      const inputs = `input.pl${entry.settings["K"]}`;
      const ours = evaluateRanked(objectiveOf(entry) as ConfiguredRanked, {
        policyLogps: goldenValues(`${inputs}.policy_logps`),
        referenceLogps: goldenValues(`${inputs}.ref_logps`),
        shape: goldenShape(`${inputs}.policy_logps`) as [number, number],
      });
      expect(ours.losses).toBeAllClose(goldenValues(`${entry.name}/loss`), LOSS);
      expect(ours.gradients).toBeAllClose(goldenValues(`${entry.name}/grad`), GRAD);
    });
  }

  // A reward model's loss is DPO's with rewards for log-ratios, a margin for the reference's.
  for (const entry of entriesOf("reward_bt").filter(
    ({ settings }) => !settings["center_rewards_coefficient"],
  )) {
    it(`sigmoid of rewards is ${entry.name}`, () => {
      const rewards = goldenValues("input.reward_chosen");
      const zeros = rewards.map(() => 0);
      const ours = evaluatePairs(parseObjective({ name: "sigmoid", beta: 1 }) as ConfiguredPair, {
        ...PAIRS,
        policyChosenLogps: rewards,
        policyRejectedLogps: goldenValues("input.reward_rejected"),
        referenceChosenLogps: entry.settings["margin"]
          ? goldenValues("input.reward_margin")
          : zeros,
        referenceRejectedLogps: zeros,
      });
      expect(ours.losses).toBeAllClose(goldenValues(`${entry.name}/loss`), LOSS);
      expect(ours.gradChosen).toBeAllClose(goldenValues(`${entry.name}/grad_chosen`), GRAD);
      expect(ours.gradRejected).toBeAllClose(goldenValues(`${entry.name}/grad_rejected`), GRAD);
    });
  }
});

describeWithFixture("objectives", "objectives/golden, the committed copy", (original) => {
  it("is the original", () => {
    const copy = new URL("../fixtures/objectives/objectives.safetensors", import.meta.url);
    const file = `${original.directory}/objectives.safetensors`;
    expect(readFileSync(fileURLToPath(copy)).equals(readFileSync(file))).toBe(true);
  });
});
