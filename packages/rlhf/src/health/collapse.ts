/**
 * Signs that a policy is collapsing, read from one step's metrics. How long a sign must last is
 * ./monitor.ts's business.
 */

import type { HealthSettings } from "./settings.ts";

/** Numbers by the names of metrics. */
type Numbers = Readonly<Record<string, number>>;

/** Looks for one sign. Metrics that a method does not have are no sign. */
interface Detector {
  readonly name: string;
  /** Whether it counts without patience. */
  readonly atOnce: boolean;
  /** @returns what is wrong and what to do, or null */
  readonly see: (metrics: Numbers, first: Numbers, settings: HealthSettings) => string | null;
}

/** What later steps are compared with. */
export const COMPARED_WITH_FIRST = ["length/mean", "eos_rate"] as const;

/** Fewer ends than this at the first step say nothing when there are fewer still. */
const EOS_RATE_TO_LOSE = 0.1;

/** Finite unless something is broken; others, such as explained variance, need not be. */
const ALWAYS_FINITE = [
  "score/mean",
  "score/std",
  "reward/mean",
  "kl/k1",
  "kl/k2",
  "kl/k3",
  "kl/exact",
  "kl/weight",
  "entropy",
  "ratio/max",
];

/** All detectors; their names are keys of the monitor's state. */
export const DETECTORS: readonly Detector[] = [
  {
    name: "finite",
    atOnce: true,
    see: (metrics) => {
      const wrong = ALWAYS_FINITE.filter(
        (name) => metrics[name] !== undefined && !Number.isFinite(metrics[name]),
      );
      if (wrong.length === 0) return null;
      const values = wrong.map((name) => `${name} ${metrics[name]}`).join(", ");
      return (
        `${values}: not a finite number. Look at the rewards of this step, and go on from the last ` +
        "checkpoint with a lower optimizer.lr."
      );
    },
  },
  {
    name: "entropy",
    atOnce: false,
    see: (metrics, _first, { entropyFloor }) => {
      const entropy = metrics["entropy"] ?? Number.NaN;
      if (entropyFloor === null || !(entropy < entropyFloor)) return null;
      return (
        `entropy ${show(entropy)} nats per token is below ${entropyFloor}: the policy has become ` +
        "deterministic. Lower optimizer.lr or raise kl.initial."
      );
    },
  },
  {
    name: "longer",
    atOnce: false,
    see: (metrics, first, { lengthFactor }) => {
      const { length, before } = lengths(metrics, first);
      if (lengthFactor === null || !(length > before * lengthFactor)) return null;
      return (
        `completions of ${show(length)} tokens on average are over ${lengthFactor} times as long as ` +
        `the first step's ${show(before)}: the reward may favour length. Look at samples, raise ` +
        "kl.initial, or set score.unfinished."
      );
    },
  },
  {
    name: "shorter",
    atOnce: false,
    see: (metrics, first, { lengthFactor }) => {
      const { length, before } = lengths(metrics, first);
      if (lengthFactor === null || !(length < before / lengthFactor)) return null;
      return (
        `completions of ${show(length)} tokens on average are over ${lengthFactor} times as short ` +
        `as the first step's ${show(before)}: the policy may have learned to stop at once. Look at ` +
        "samples and at what the reward gives to short completions, or raise kl.initial."
      );
    },
  },
  {
    name: "endless",
    atOnce: false,
    see: (metrics, first, { eosFactor }) => {
      const [rate, before] = [metrics, first].map((row) => row["eos_rate"] ?? Number.NaN);
      if (eosFactor === null || rate === undefined || before === undefined) return null;
      if (!(before >= EOS_RATE_TO_LOSE && rate < before / eosFactor)) return null;
      return (
        `${show(rate * 100)}% of completions end by themselves, ${show(before * 100)}% did at the ` +
        "first step: the policy has forgotten to end. Set score.unfinished or raise kl.initial."
      );
    },
  },
  {
    name: "divergence",
    atOnce: false,
    see: (metrics, _first, { klLimit }) => {
      const kl = metrics["kl/exact"] ?? metrics["kl/k1"] ?? Number.NaN;
      if (klLimit === null || !(kl > klLimit)) return null;
      return (
        `divergence from the reference of ${show(kl)} nats per completion is above ${klLimit}: the ` +
        "penalty no longer holds the policy. Raise kl.initial, lower kl.target or lower optimizer.lr."
      );
    },
  },
  {
    name: "ratio",
    atOnce: false,
    see: (metrics, _first, { ratioLimit }) => {
      const ratio = metrics["ratio/max"] ?? Number.NaN;
      if (ratioLimit === null || !(ratio > ratioLimit)) return null;
      return (
        `a token became ${show(ratio)} times as likely within one step, above ${ratioLimit}: clipping ` +
        "no longer holds the updates. Lower optimizer.lr or update.epochs, or set update.stopKl."
      );
    },
  },
];

/**
 * Sentences on what is wrong at one step and what to do; none for a healthy one.
 * @param metrics of the step @param first of the run's first step: {@link COMPARED_WITH_FIRST}
 */
export function collapseSigns(
  metrics: Numbers,
  first: Numbers,
  settings: HealthSettings,
): string[] {
  return DETECTORS.flatMap((detector) => detector.see(metrics, first, settings) ?? []);
}

/** Mean lengths now and at the first step; NaN, which is neither longer nor shorter, where unknown. */
function lengths(metrics: Numbers, first: Numbers): { length: number; before: number } {
  const before = first["length/mean"] ?? 0;
  return {
    length: metrics["length/mean"] ?? Number.NaN,
    before: before > 0 ? before : Number.NaN,
  };
}

/** Three digits. */
function show(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
