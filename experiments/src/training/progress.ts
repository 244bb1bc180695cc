/** How far a training is, on stderr: one line that changes at a terminal, few lines elsewhere. */
import type { StepMetrics } from "@preflab/lm";
import type { Io } from "../io.ts";
import { progressTo } from "../output.ts";

/** Back to the start of the line, and clear it. */
const CLEAR_LINE = "\r\u001b[K";

/** Numbers that the progress shows, with their names. */
const SHOWN = {
  loss: "loss",
  "rewards/accuracies": "accuracy",
  accuracy: "accuracy",
  "score/mean": "score",
  "reward/mean": "reward",
  "kl/exact": "kl",
  "kl/target": "kl target",
  grad_norm: "grad",
  lr: "lr",
};

/** Shows progress. */
export interface TrainingProgress {
  /** A step is done. */
  step(metrics: StepMetrics, maxSteps: number): void;
  /** Prints a line that stays. */
  say(text: string): void;
}

/**
 * Progress of a training that begins now.
 * @param isTerminal whether stderr is one
 * @param clock seconds
 */
export function trainingProgress(
  io: Pick<Io, "err">,
  isTerminal: boolean,
  clock: () => number = () => performance.now() / 1000,
): TrainingProgress {
  const begin = clock();
  const plain = progressTo(io);
  let first: number | null = null;
  return {
    step: (metrics, maxSteps) => {
      // Steps before a resumed checkpoint took no time of this process.
      first ??= metrics.step - 1;
      const perStep = (clock() - begin) / (metrics.step - first);
      const text = progressText(metrics, maxSteps, perStep);
      if (!isTerminal) plain(text);
      else io.err(`${CLEAR_LINE}${text}${metrics.step === maxSteps ? "\n" : ""}`);
    },
    say: (text) => io.err(`${isTerminal ? CLEAR_LINE : ""}${text}\n`),
  };
}

/** One line: `step 12/24  loss 2.31  grad 0.9  lr 1e-6  1.3 s/step  0:16 left`. */
export function progressText(metrics: StepMetrics, maxSteps: number, perStep: number): string {
  const numbers = Object.entries(SHOWN).flatMap(([key, name]) => {
    const value = metrics[key];
    return value === undefined ? [] : [`${name} ${Number(value.toPrecision(4))}`];
  });
  const left = duration((maxSteps - metrics.step) * perStep);
  const speed = `${Number(perStep.toPrecision(3))} s/step`;
  return [`step ${metrics.step}/${maxSteps}`, ...numbers, speed, `${left} left`].join("  ");
}

/** `m:ss`, or `h:mm:ss`. @param seconds >= 0 */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}
