/**
 * A second implementation of every objective on pairs, independent of the first: plain numbers in
 * float64, one row at a time, formulas as the papers print them, gradients derived by hand.
 */

/** One pair. */
export interface Row {
  readonly pw: number;
  readonly pl: number;
  readonly rw: number;
  readonly rl: number;
  readonly nw: number;
  readonly nl: number;
}

/** Loss, and its derivatives by the policy's log-probability of chosen and of rejected. */
export type Outcome = readonly [loss: number, byChosen: number, byRejected: number];

/** Options with which the formulas are evaluated; every formula takes what it needs. */
export interface Options {
  readonly beta: number;
  readonly labelSmoothing: number;
  readonly divergence: "reverse_kl" | "forward_kl" | "js" | "alpha";
  readonly divergenceAlpha: number;
  readonly referenceFree: boolean;
  readonly average: "token" | "sum";
  readonly tau: number;
  readonly alpha: number;
  readonly delta: number;
  readonly regularization: number;
  readonly lambda: number;
  readonly gamma: number;
  readonly lossType: "sigmoid" | "hinge" | "ipo";
}

const { exp, log, log1p, max } = Math;

/** The logistic function. */
export function s(x: number): number {
  return 1 / (1 + exp(-x));
}

/** Its logarithm. */
function ls(x: number): number {
  return x > 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

/** A score and its derivative by the log-ratio. */
function score(x: number, { divergence, divergenceAlpha: a }: Options): [number, number] {
  if (divergence === "forward_kl") return [1 - exp(-x), exp(-x)];
  if (divergence === "js") return [log(2) + ls(x), s(-x)];
  if (divergence === "alpha" && a !== 1)
    return [(exp((a - 1) * x) - 1) / (a - 1), exp((a - 1) * x)];
  return [x, 1];
}

function ratios({ pw, pl, rw, rl }: Row, { referenceFree }: Options): [number, number] {
  return referenceFree ? [pw, pl] : [pw - rw, pl - rl];
}

/** Scores C and R and their derivatives. */
function bothScores(row: Row, o: Options): [number, number, number, number] {
  const [c, r] = ratios(row, o);
  return [...score(c, o), ...score(r, o)];
}

/** A loss of `h = u C - v R` given as f and its derivative. */
function ofMargin(
  row: Row,
  o: Options,
  f: (h: number) => readonly [number, number],
  [u, v]: readonly [number, number] = [1, 1],
): Outcome {
  const [C, dC, R, dR] = bothScores(row, o);
  const [loss, slope] = f(u * C - v * R);
  return [loss, slope * u * dC, -slope * v * dR];
}

function logistic(e: number, b: number): (h: number) => [number, number] {
  return (h) => [
    -(1 - e) * ls(b * h) - (e ? e * ls(-b * h) : 0),
    b * (e * s(b * h) - (1 - e) * s(-b * h)),
  ];
}

function squared(b: number): (h: number) => [number, number] {
  return (h) => [(h - 1 / (2 * b)) ** 2, 2 * (h - 1 / (2 * b))];
}

function hinged(b: number): (h: number) => [number, number] {
  return (h) => [max(0, 1 - b * h), b * h < 1 ? -b : 0];
}

/** `[1 / nw, 1 / nl]` */
function perToken({ nw, nl }: Row): readonly [number, number] {
  return [1 / max(nw, 1), 1 / max(nl, 1)];
}

const WITHOUT_REFERENCE = { referenceFree: true, divergence: "reverse_kl" } as const;

/** Formulas of the objectives with one loss per pair. */
export const FORMULAS: Readonly<Record<string, (row: Row, o: Options) => Outcome>> = {
  sigmoid: (row, o) => ofMargin(row, o, logistic(o.labelSmoothing, o.beta)),
  robust: (row, o) => {
    const { labelSmoothing: e, beta: b } = o;
    return ofMargin(row, o, (h) => [
      (-(1 - e) * ls(b * h) + (e ? e * ls(-b * h) : 0)) / (1 - 2 * e),
      (-b * ((1 - e) * s(-b * h) + e * s(b * h))) / (1 - 2 * e),
    ]);
  },
  ipo: (row, o) =>
    ofMargin(row, o, squared(o.beta), o.average === "token" ? perToken(row) : undefined),
  hinge: (row, o) => ofMargin(row, o, hinged(o.beta)),
  slic: ({ pw, pl }, { delta, regularization }) => {
    const active = delta - pw + pl > 0 ? 1 : 0;
    return [
      max(0, delta - pw + pl) - (regularization ? regularization * pw : 0),
      -active - regularization,
      active,
    ];
  },
  exo_pair: (row, o) => {
    const { labelSmoothing: e, beta: b } = o;
    return ofMargin(row, o, (h) => {
      const [q, p] = [s(b * h), s(-b * h)];
      return [
        q * (ls(b * h) - log(1 - e)) + p * (ls(-b * h) - log(e)),
        b * q * p * (b * h - log((1 - e) / e)),
      ];
    });
  },
  nca_pair: (row, o) => {
    const b = o.beta;
    const [C, dC, R, dR] = bothScores(row, o);
    return [
      -ls(b * C) - ls(-b * C) / 2 - ls(-b * R) / 2,
      b * dC * (s(b * C) / 2 - s(-b * C)),
      (b * dR * s(b * R)) / 2,
    ];
  },
  bco_pair: (row, o) => {
    const b = o.beta;
    const [C, dC, R, dR] = bothScores(row, o);
    return [-ls(b * C) - ls(-b * R), -b * dC * s(-b * C), b * dR * s(b * R)];
  },
  sppo_hard: (row, o) => {
    const target = 1 / (2 * o.beta);
    const [C, dC, R, dR] = bothScores(row, o);
    return [(C - target) ** 2 + (R + target) ** 2, 2 * (C - target) * dC, 2 * (R + target) * dR];
  },
  apo_zero: (row, o) => {
    const [c, r] = ratios(row, o).map((x) => x * o.beta) as [number, number];
    return [s(-c) + s(r), -o.beta * s(c) * s(-c), o.beta * s(r) * s(-r)];
  },
  apo_down: (row, o) => {
    const b = o.beta;
    const [c, r] = ratios(row, o);
    const slope = b * s(b * (c - r)) * s(-b * (c - r));
    return [s(b * c) + s(-b * (c - r)), b * s(b * c) * s(-b * c) - slope, slope];
  },
  discopop: (row, o) =>
    ofMargin(row, o, (h) => {
      const z = o.beta * h;
      const [m, n] = [s(z / o.tau), s(-z / o.tau)];
      const power = exp(-z + ls(z / o.tau)); // exp(-z) m
      return [
        -ls(z) * n + power,
        o.beta * (-s(-z) * n + (ls(z) * m * n) / o.tau - power + (power * n) / o.tau),
      ];
    }),
  sigmoid_norm: (row, o) => ofMargin(row, o, logistic(0, o.beta), perToken(row)),
  unlikelihood: ({ pw, pl }, { alpha }) => [-(pw - (alpha ? alpha * pl : 0)), -1, alpha],
  dpop: ({ pw, pl, rw, rl }, { beta: b, lambda }) => {
    const z = b * (pw - rw - (pl - rl) - (lambda ? lambda * max(0, rw - pw) : 0));
    return [-ls(z), -b * s(-z) * (1 + (pw < rw ? lambda : 0)), b * s(-z)];
  },
  simpo: (row, o) => {
    const { beta: b, gamma } = o;
    const f = (h: number): [number, number] => [-ls(b * h - gamma), -b * s(gamma - b * h)];
    return ofMargin(row, { ...o, ...WITHOUT_REFERENCE }, f, perToken(row));
  },
  alphapo: ({ pw, pl, nw, nl }, { beta: b, gamma, alpha: a }) => {
    const [x, y] = [pw / nw, pl / nl];
    const u = (t: number) => (a === 0 ? t : (1 - exp(-a * t)) / a);
    const z = b * (u(x) - u(y)) - gamma;
    return [-ls(z), (-b * s(-z) * exp(-a * x)) / nw, (b * s(-z) * exp(-a * y)) / nl];
  },
  orpo: ({ pw, pl, nw, nl }, { beta: b }) => {
    const [p, q] = [exp(pw / nw), exp(pl / nl)];
    const z = log(p / (1 - p)) - log(q / (1 - q));
    return [-pw / nw - b * ls(z), (-1 - (b * s(-z)) / (1 - p)) / nw, (b * s(-z)) / (1 - q) / nl];
  },
  cpo: (row, o) => {
    const f = {
      sigmoid: logistic(o.labelSmoothing, o.beta),
      hinge: hinged(o.beta),
      ipo: squared(o.beta),
    };
    return ofMargin(row, { ...o, ...WITHOUT_REFERENCE }, f[o.lossType]);
  },
};

/** Losses of a batch in ascending order of the sorted margins, and gradients of their mean. */
export function transport(
  rows: readonly Row[],
  o: Options,
  paired: boolean,
): readonly { readonly loss: number; readonly byChosen: number; readonly byRejected: number }[] {
  const order = (values: readonly number[]) =>
    [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
  const left = rows.map(({ pw, pl, rw }) => (paired ? pw - pl : pw - (o.referenceFree ? 0 : rw)));
  const right = rows.map(({ pl, rw, rl }) => {
    if (paired) return o.referenceFree ? 0 : rw - rl;
    return pl - (o.referenceFree ? 0 : rl);
  });
  const [from, to] = [order(left), order(right)];
  const results = rows.map(() => ({ loss: 0, byChosen: 0, byRejected: 0 }));
  const f = logistic(o.labelSmoothing, o.beta);
  from.forEach((i, rank) => {
    const j = to[rank] as number;
    const [loss, slope] = f((left[i] as number) - (right[j] as number));
    const [at, chosen, rejected] = [results[rank], results[i], results[paired ? i : j]];
    if (!at || !chosen || !rejected) throw new Error("transport: expected a permutation.");
    at.loss = loss;
    chosen.byChosen = slope / rows.length;
    rejected.byRejected = -slope / rows.length;
  });
  return results;
}

/** KTO of one response. */
export function kahnemanTversky(
  logRatio: number,
  desirable: boolean,
  kl: number,
  { beta, weight }: { readonly beta: number; readonly weight: number },
): readonly [loss: number, slope: number] {
  const sign = desirable ? 1 : -1;
  const v = s(sign * beta * (logRatio - max(0, kl)));
  return [weight * (1 - v), -sign * weight * beta * v * (1 - v)];
}

/** Plackett-Luce of one prompt, rewards best first: loss and gradient by the log-probabilities. */
export function plackettLuce(logRatios: readonly number[], beta: number): [number, number[]] {
  const rewards = logRatios.map((x) => beta * x);
  const gradient = rewards.map(() => 0);
  let loss = 0;
  for (let k = 0; k < rewards.length; k++) {
    const rest = rewards.slice(k);
    const top = max(...rest);
    const logSum = top + log(rest.reduce((sum, x) => sum + exp(x - top), 0));
    loss += logSum - (rewards[k] as number);
    rest.forEach((x, j) => {
      gradient[k + j] = (gradient[k + j] as number) + beta * exp(x - logSum);
    });
    gradient[k] = (gradient[k] as number) - beta;
  }
  return [loss, gradient];
}
