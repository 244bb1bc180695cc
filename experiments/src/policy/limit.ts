/**
 * The most reward that any policy can have at a KL, as a curve: of the neural reference by
 * self-normalised importance sampling from a pool of its completions, trusted only as far as the
 * effective number of samples goes; of the language itself exactly, where its rewards are known. The
 * second is not a limit for policies: their KL is from the reference, which only approximates the
 * language.
 */
import type { LimitSample } from "../study/results.ts";
import { type Outcomes, RewardLimit } from "./reward-limit.ts";

/** Effective samples of a prompt, on average, below which the limit is not drawn. */
const LEAST_EFFECTIVE = 50;

/** Lambdas of the points: 0, and up from the first, each times the growth. */
const FIRST_LAMBDA = 0.25;
const GROWTH = 1.25;
const LAMBDAS = Array.from({ length: 61 }, (_, i) =>
  i === 0 ? 0 : FIRST_LAMBDA * GROWTH ** (i - 1),
);

/** Halvings of the last step, to where effective samples run out. */
const BISECTIONS = 12;

/** Less KL between two points than this, nats, and the best completions are all that is left. */
const LEAST_STEP = 1e-3;

/**
 * The limit curve of the reference from a pool: the optimum is the reference tilted by
 * `exp(lambda reward)`, so its moments are weighted means over the pool.
 * @param pools gold rewards of each prompt's completions
 * @returns ascending KL, from 0 to where effective samples run out
 */
export function importanceLimit(pools: readonly (readonly number[])[]): LimitSample[] {
  const limit = new RewardLimit(
    pools.map((rewards) => ({ rewards, probabilities: rewards.map(() => 1 / rewards.length) })),
  );
  const essAt = (lambda: number) => meanOf(pools.map((own) => effectiveSamples(own, lambda)));
  const pointAt = (lambda: number): LimitSample => {
    const { kl, reward } = limit.at(lambda);
    return { kl, reward, kind: "importance", ess: essAt(lambda) };
  };
  const beyond = LAMBDAS.findIndex((lambda) => essAt(lambda) < LEAST_EFFECTIVE);
  if (beyond === -1) return LAMBDAS.map(pointAt);
  if (beyond === 0) return [];
  let [low, high] = [LAMBDAS[beyond - 1] as number, LAMBDAS[beyond] as number];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (essAt(middle) < LEAST_EFFECTIVE) high = middle;
    else low = middle;
  }
  return [...LAMBDAS.slice(0, beyond), low].map(pointAt);
}

/**
 * The limit curve of a language whose rewards are known.
 * @param prompts gold rewards of each prompt's completions, with their probabilities
 * @returns ascending KL, from 0 to that of the best completions
 */
export function exactLimit(prompts: readonly Outcomes[]): LimitSample[] {
  const limit = new RewardLimit(prompts);
  const points: LimitSample[] = [];
  for (const lambda of LAMBDAS) {
    const { kl, reward } = limit.at(lambda);
    const last = points.at(-1);
    if (last && kl - last.kl < LEAST_STEP) break;
    points.push({ kl, reward, kind: "exact" });
  }
  return points;
}

/** `(sum w)^2 / sum w^2` of the weights `exp(lambda reward)`. */
function effectiveSamples(rewards: readonly number[], lambda: number): number {
  const most = Math.max(...rewards);
  const weights = rewards.map((reward) => Math.exp(lambda * (reward - most)));
  const sum = weights.reduce((total, w) => total + w, 0);
  return sum ** 2 / weights.reduce((total, w) => total + w * w, 0);
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}
