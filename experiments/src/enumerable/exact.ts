/**
 * Policies as the log-probabilities of all their completions, and what follows from those in float64:
 * rewards, divergences, the best policy for a KL weight, the limit that no policy can pass. Knows no
 * model.
 */

import { END, firstOfLength, LETTERS, LONGEST, STRINGS } from "./strings.ts";

/** One number per completion, for every prompt. All prompts count alike. */
export type PerString = readonly Float64Array[];

/** The policy of the largest reward less beta times the divergence from the reference. */
export interface Optimum {
  /** `log ref + r / beta - log Z`, nats. */
  readonly logps: PerString;
  /** What it reaches: the mean over prompts of `beta log Z`. */
  readonly value: number;
}

/** A point of the plane of rewards and divergences. */
export interface Point {
  readonly reward: number;
  /** nats */
  readonly kl: number;
}

/** Range of 1 / beta: below, log Z loses the digits that count; above, the best string has it all. */
const SHARPNESS = [2 ** -14, 2 ** 14] as const;
/** Halvings of that range: as many as float64 has bits. */
const HALVINGS = 53;

/** Sums over a completion's tokens of what is estimated from them, for every completion, nats. */
export interface Estimates {
  readonly k1: PerString;
  readonly k3: PerString;
}

/** `log sum exp`, without overflow. */
export function logSumExp(numbers: Float64Array): number {
  const top = numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return top + Math.log(numbers.reduce((sum, x) => sum + Math.exp(x - top), 0));
}

/** Mean of a number per completion under a policy. */
export function expectation(logps: PerString, numbers: PerString): number {
  return meanOverPrompts(logps, (own, prompt) => {
    const values = numbers[prompt] as Float64Array;
    return own.reduce((sum, logp, i) => sum + Math.exp(logp) * (values[i] as number), 0);
  });
}

/** KL(policy || reference) of whole completions, nats. */
export function divergence(policy: PerString, reference: PerString): number {
  const ratios = policy.map((own, prompt) => {
    const other = reference[prompt] as Float64Array;
    return own.map((logp, i) => logp - (other[i] as number));
  });
  return expectation(policy, ratios);
}

/** Standard error of the mean of a number per completion over so many samples of each prompt. */
export function standardError(logps: PerString, numbers: PerString, samples: number): number {
  const variances = logps.map((own, prompt) => {
    const values = [numbers[prompt] as Float64Array];
    const mean = expectation([own], values);
    return expectation(
      [own],
      values.map((row) => row.map((x) => (x - mean) ** 2)),
    );
  });
  const sum = variances.reduce((total, variance) => total + variance / samples, 0);
  return Math.sqrt(sum) / logps.length;
}

/** The estimates of Schulman's note for every completion, in float64. */
export function estimates(policy: PerString, reference: PerString): Estimates {
  const both = policy.map((own, prompt) => {
    const [p, q] = [tokenLogps(own), tokenLogps(reference[prompt] as Float64Array)];
    const sum = (of: (x: number) => number) =>
      Float64Array.from(p, (row, i) => {
        return row.reduce((total, logp, t) => total + of(logp - (q[i]?.[t] as number)), 0);
      });
    return { k1: sum((x) => x), k3: sum((x) => Math.expm1(-x) + x) };
  });
  return { k1: both.map(({ k1 }) => k1), k3: both.map(({ k3 }) => k3) };
}

/** Log-probability of every token of every completion given those before it. */
function tokenLogps(logps: Float64Array): number[][] {
  // Probability that a completion begins with a word, from the longest words to the empty one.
  const begins = logps.map(Math.exp);
  for (let word = firstOfLength(LONGEST) - 1; word >= 0; word--) {
    for (let letter = 1; letter <= LETTERS; letter++) {
      begins[word] = (begins[word] as number) + (begins[word * LETTERS + letter] as number);
    }
  }
  return STRINGS.map((ids, number) => {
    let word = 0;
    return ids.map((id) => {
      const before = begins[word] as number;
      word = word * LETTERS + id;
      return Math.log(
        (id === END ? Math.exp(logps[number] as number) : (begins[word] as number)) / before,
      );
    });
  });
}

/** `ref exp(r / beta) / Z`. Eq. 4 of Rafailov et al. 2023 (arXiv:2305.18290). */
export function optimum(reference: PerString, rewards: PerString, beta: number): Optimum {
  const tilted = reference.map((own, prompt) => {
    const values = rewards[prompt] as Float64Array;
    return own.map((logp, i) => logp + (values[i] as number) / beta);
  });
  const logZ = tilted.map(logSumExp);
  return {
    logps: tilted.map((own, prompt) => own.map((x) => x - (logZ[prompt] as number))),
    value: meanOverPrompts(tilted, (_, prompt) => beta * (logZ[prompt] as number)),
  };
}

/** Where a policy is. */
export function pointOf(policy: PerString, reference: PerString, rewards: PerString): Point {
  return { reward: expectation(policy, rewards), kl: divergence(policy, reference) };
}

/** Where the best policy for a KL weight is: the limit curve, as beta varies. */
export function limitPoint(reference: PerString, rewards: PerString, beta: number): Point {
  return pointOf(optimum(reference, rewards, beta).logps, reference, rewards);
}

/**
 * Largest reward that a policy can have at a divergence: what the limit curve says there. The
 * divergence of the best policy falls with beta, so bisection finds the beta.
 * @param kl nats, at least 0
 */
export function limitReward(reference: PerString, rewards: PerString, kl: number): number {
  let [low, high]: [number, number] = [...SHARPNESS];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (limitPoint(reference, rewards, 1 / middle).kl > kl) high = middle;
    else low = middle;
  }
  // The tangent there bounds the reward at every divergence, so that rounding of beta costs nothing.
  const beta = 1 / high;
  return optimum(reference, rewards, beta).value + beta * kl;
}

/** The policy that takes the best of n completions of the reference; all scores differ. */
export function bestOfNLogps(reference: PerString, rewards: PerString, n: number): PerString {
  return reference.map((own, prompt) => {
    const values = rewards[prompt] as Float64Array;
    const order = Array.from(own, (_, i) => i);
    order.sort((a, b) => (values[a] as number) - (values[b] as number));
    const logps = new Float64Array(own.length);
    let below = 0;
    for (const i of order) {
      const p = Math.exp(own[i] as number);
      // (F + p)^n - F^n as a sum of products, which does not cancel.
      let sum = 0;
      for (let k = 0; k < n; k++) sum += below ** k * (below + p) ** (n - 1 - k);
      logps[i] = (own[i] as number) + Math.log(sum);
      below += p;
    }
    return logps;
  });
}

function meanOverPrompts(
  numbers: PerString,
  of: (own: Float64Array, prompt: number) => number,
): number {
  return numbers.reduce((sum, own, prompt) => sum + of(own, prompt), 0) / numbers.length;
}
