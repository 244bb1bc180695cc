/**
 * Keeps the parameters of the best evaluation beside those in training. They are part of every
 * checkpoint, so that a resumed run has those that it would have without the interruption.
 */
import {
  type Better,
  bestSoFar,
  copyParameters,
  trainableParameters,
  type Variables,
} from "@preflab/lm";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";

/** What makes an evaluation the best: the first number, then, where that is equal, the next. */
export type KeepBest = readonly [
  readonly [metric: string, better: Better],
  ...(readonly [metric: string, better: Better])[],
];

/** The best parameters so far. */
export interface BestParameters {
  /** For checkpoints, by names that begin with `best/`. */
  readonly variables: Variables;
  /** Takes the metrics of a step, while the model is still as they say. */
  note(metrics: Readonly<Record<string, unknown>>): void;
  /** Gives the model the best parameters. @returns their step; null where there are none */
  use(): number | null;
  dispose(): void;
}

/**
 * Begins to keep the best values of `current`.
 * @param past metrics of the steps before the checkpoint that a run goes on from
 */
export function bestParameters(
  current: Variables,
  criteria: KeepBest,
  past: readonly Readonly<Record<string, unknown>>[],
): BestParameters {
  const kept = trainableParameters(current);
  const isBest = bestSoFar(...criteria);
  let step = past.reduce<number | null>(
    (before, metrics) => (isBest(metrics) ? Number(metrics["step"]) : before),
    null,
  );
  return {
    variables: Object.fromEntries(
      Object.entries(kept).map(([name, variable]) => [`best/${name}`, variable]),
    ),
    note: (metrics) => {
      if (!isBest(metrics)) return;
      step = Number(metrics["step"]);
      assign(kept, current);
    },
    use: () => {
      if (step !== null) assign(current, kept);
      return step;
    },
    dispose: () => dispose({ ...kept }),
  };
}

/** Copies values, since an optimizer may change those of a variable in place. */
function assign(to: Variables, from: Variables): void {
  for (const [name, variable] of Object.entries(to)) {
    const copies = copyParameters({ value: from[name] as Tensor });
    variable.assign(copies["value"] as Tensor);
    dispose(copies);
  }
}
