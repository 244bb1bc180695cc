import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { type ConfiguredPair, implicitRewards, parseObjective } from "@preflab/dpo";
import { RandomStream } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { s } from "../objectives/float64.ts";
import {
  bestPolicy,
  divergence,
  evaluatePopulation,
  type LabelledPair,
  logPartition,
  meanLoss,
  type Policy,
  population,
  scoreGradient,
  softmax,
  solve,
  total,
} from "./tabular.ts";

beforeAll(() => tf.setBackend("cpu"));

/** Largest difference of probabilities that counts as the closed form. */
const CLOSED_FORM = { rtol: 0, atol: 1e-6 };
/** Identities between sums of float64 numbers. */
const EXACT = { rtol: 1e-12, atol: 1e-12 };
/** Numbers that went through float32. */
const FLOAT32 = { rtol: 1e-5, atol: 1e-5 };

const REFERENCE: Policy = [0.3, 0.25, 0.2, 0.15, 0.07, 0.03];
const REWARDS = [0.1, -0.8, 0.6, 1.2, -0.3, 0.9];

function objective(settings: Readonly<Record<string, unknown>>): ConfiguredPair {
  return parseObjective(settings) as ConfiguredPair;
}

/** Bradley-Terry: the first response wins with probability sigmoid(kappa (r_i - r_j)). */
function bradleyTerry(kappa: number): (i: number, j: number) => number {
  return (i, j) => s(kappa * ((REWARDS[i] as number) - (REWARDS[j] as number)));
}

/**
 * Minimises DPO's loss on a population over all policies: Newton's method in float64 on gradients
 * that the package computes. The curvature is DPO's, beta^2 sigmoid(z) sigmoid(-z) per pair.
 */
function minimise(pairs: readonly LabelledPair[], reference: Policy, beta: number): number[] {
  const dpo = objective({ name: "sigmoid", beta });
  let scores = reference.map(Math.log);
  for (let step = 0; step < 20; step++) {
    const policy = softmax(scores);
    const gradient = scoreGradient(
      pairs,
      evaluatePopulation(dpo, pairs, policy, reference),
      policy,
    );
    const ratios = policy.map((p, k) => Math.log(p / (reference[k] as number)));
    // The score of the first response stays where it is: policies do not depend on a common shift.
    const hessian = scores.map((_, i) => scores.map((_, j) => (i === 0 && j === 0 ? 1 : 0)));
    for (const { chosen, rejected, weight } of pairs) {
      const z = beta * ((ratios[chosen] as number) - (ratios[rejected] as number));
      const curvature = weight * beta ** 2 * s(z) * s(-z);
      for (const [i, j, sign] of [
        [chosen, chosen, 1],
        [rejected, rejected, 1],
        [chosen, rejected, -1],
        [rejected, chosen, -1],
      ] as const) {
        const row = hessian[i] as number[];
        if (i > 0 && j > 0) row[j] = (row[j] as number) + sign * curvature;
      }
    }
    const move = solve(hessian, [0, ...gradient.slice(1)]);
    scores = scores.map((score, k) => score - (move[k] as number));
  }
  return softmax(scores);
}

describe("theory/optimum", () => {
  for (const [beta, kappa] of [
    [0.1, 0.05],
    [0.5, 1],
    [1, 2],
    [5, 1],
  ] as const) {
    it(`DPO with beta ${beta} on Bradley-Terry labels of scale ${kappa} reaches ref exp(kappa r / beta) / Z`, () => {
      const pairs = population(REFERENCE, bradleyTerry(kappa));
      const reached = minimise(pairs, REFERENCE, beta);
      const utilities = REWARDS.map((r) => kappa * r);
      expect(reached).toBeAllClose(bestPolicy(REFERENCE, utilities, beta), CLOSED_FORM);
    });
  }

  it("at the closed form the gradient of the package's loss vanishes, and elsewhere it does not", () => {
    const pairs = population(REFERENCE, bradleyTerry(1));
    const dpo = objective({ name: "sigmoid", beta: 0.5 });
    const slopeAt = (policy: Policy) =>
      scoreGradient(pairs, evaluatePopulation(dpo, pairs, policy, REFERENCE), policy);
    const slope = slopeAt(bestPolicy(REFERENCE, REWARDS, 0.5));
    expect(slope).toBeAllClose(
      REFERENCE.map(() => 0),
      { rtol: 0, atol: 1e-8 },
    );
    expect(Math.max(...slopeAt(REFERENCE).map(Math.abs))).toBeGreaterThan(1e-2);
  });

  it("what a policy loses against the best one is beta KL(policy || best)", () => {
    const random = new RandomStream(6, "theory/policies");
    for (const beta of [0.1, 1, 5]) {
      const best = bestPolicy(REFERENCE, REWARDS, beta);
      const value = (policy: Policy) =>
        total(policy.map((p, k) => p * (REWARDS[k] as number))) -
        beta * divergence(policy, REFERENCE);
      expect(value(best)).toBeAllClose(beta * logPartition(REFERENCE, REWARDS, beta), EXACT);
      for (let i = 0; i < 5; i++) {
        const policy = softmax(REFERENCE.map(() => 3 * random.uniform()));
        expect(value(best) - value(policy)).toBeAllClose(beta * divergence(policy, best), EXACT);
      }
    }
  });

  it("the implicit reward of the best policy is the reward less beta log Z", () => {
    for (const beta of [0.1, 1, 5]) {
      const logs = (policy: Policy) => tf.tensor1d(policy.map(Math.log));
      const best = bestPolicy(REFERENCE, REWARDS, beta);
      const implicit = implicitRewards(logs(best), logs(REFERENCE), beta).dataSync();
      const shift = beta * logPartition(REFERENCE, REWARDS, beta);
      expect(implicit).toBeAllClose(
        REWARDS.map((r) => r - shift),
        FLOAT32,
      );
      // Theorem 1: of all rewards that differ by f(x), this one has a partition function of 1.
      const representative = REWARDS.map((r) => r - shift);
      expect(logPartition(REFERENCE, representative, beta)).toBeAllClose(0, EXACT);
    }
  });

  it("DPO's margin of a pair preferred with probability p is logit(p) / beta", () => {
    for (const [beta, p] of [
      [0.1, 0.6],
      [0.5, 0.9],
      [2, 0.99],
    ] as const) {
      const two: Policy = [0.5, 0.5];
      const pairs = population(two, (i) => (i === 0 ? p : 1 - p));
      const [first, second] = minimise(pairs, two, beta) as [number, number];
      expect(Math.log(first / second)).toBeAllClose(Math.log(p / (1 - p)) / beta, FLOAT32);
    }
  });

  it("under deterministic labels DPO has no finite optimum: its loss falls with every larger margin", () => {
    for (const beta of [0.05, 0.1, 1, 5]) {
      const dpo = objective({ name: "sigmoid", beta });
      const pairs = population(REFERENCE, (i, j) =>
        (REWARDS[i] as number) > (REWARDS[j] as number) ? 1 : 0,
      ).filter(({ weight }) => weight > 0);
      let before = Number.POSITIVE_INFINITY;
      for (const scale of [0, 1, 5, 20, 80].map((x) => x / beta)) {
        const policy = softmax(
          REFERENCE.map((q, k) => Math.log(q) + scale * (REWARDS[k] as number)),
        );
        // Beyond, float64 has no probabilities left for the worst responses.
        if (Math.min(...policy) === 0) break;
        const numbers = evaluatePopulation(dpo, pairs, policy, REFERENCE);
        const loss = meanLoss(pairs, numbers);
        expect(loss).toBeLessThan(before);
        expect(loss).toBeGreaterThan(0);
        // Towards larger margins it falls further.
        const slope = scoreGradient(pairs, numbers, policy);
        expect(total(slope.map((g, k) => g * (REWARDS[k] as number)))).toBeLessThan(0);
        before = loss;
      }
    }
  });

  it("and the divergence then goes to -log ref of the best response, whatever beta is", () => {
    const best = REWARDS.indexOf(Math.max(...REWARDS));
    const policy = softmax(REFERENCE.map((q, k) => Math.log(q) + 100 * (REWARDS[k] as number)));
    expect(divergence(policy, REFERENCE)).toBeAllClose(-Math.log(REFERENCE[best] as number), EXACT);
  });

  it("IPO stops at the margin 1 / (2 beta), or (2 p - 1) / (2 beta) of labels right with p", () => {
    const two: Policy = [0.5, 0.5];
    for (const beta of [0.05, 0.5, 2]) {
      for (const average of ["sum", "token"]) {
        for (const p of [1, 0.8]) {
          const pairs = population(two, (i) => (i === 0 ? p : 1 - p));
          const slopeAt = (margin: number) => {
            const policy = softmax([margin, 0]);
            const ipo = objective({ name: "ipo", beta, average });
            const numbers = evaluatePopulation(ipo, pairs, policy, two);
            return scoreGradient(pairs, numbers, policy)[0] as number;
          };
          const margin = (2 * p - 1) / (2 * beta);
          expect(slopeAt(margin)).toBeAllClose(0, { rtol: 0, atol: 1e-5 });
          expect(slopeAt(0.9 * margin)).toBeLessThan(-0.01);
          expect(slopeAt(1.1 * margin)).toBeGreaterThan(0.01);
        }
      }
    }
  });

  it("DPO is content with a policy that prefers a response no pair has seen", () => {
    // Xu et al. 2024 (arXiv:2404.10719), section 4: 3 actions, one pair.
    const reference: Policy = [0.5, 0.5 - 1e-9, 1e-9];
    const pairs = [{ chosen: 0, rejected: 1, weight: 1 }];
    const dpo = objective({ name: "sigmoid", beta: 1 });
    const lossOf = (policy: Policy) =>
      meanLoss(pairs, evaluatePopulation(dpo, pairs, policy, reference));
    expect(lossOf([0.1, 0, 0.9])).toBe(0);
    expect(lossOf([0.1, 1e-9, 0.9])).toBeLessThan(lossOf([0.9, 0.05, 0.05]));
  });
});
