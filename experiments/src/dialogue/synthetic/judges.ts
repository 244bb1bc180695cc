/**
 * Noisy judges of two completions, which stand for models and people that judge. A judge prefers the
 * first with probability
 *
 *     sigmoid(sharpness * (gold1 - gold2 + lengthBias * (words1 - words2) + positionBias))
 *
 * (Bradley and Terry 1952). The noise belongs to the two completions, not to their order: a judge
 * that is asked again says the same, and swapping them changes the position bias alone.
 */
import { RandomStream } from "@preflab/lm";
import type { DialoguePrompt } from "./prompts.ts";
import type { DialogueTask } from "./task.ts";

/** What makes a judge. */
export interface JudgeSettings {
  readonly name: string;
  /** Per unit of gold score, above 0. */
  readonly sharpness: number;
  /** Gold score that a word more seems worth. */
  readonly lengthBias: number;
  /** Gold score that coming first seems worth. */
  readonly positionBias: number;
}

/**
 * Judges with the names of the two prompts of Rafailov et al. 2023, and a person without bias. On
 * pairs of the mixture policy, with the order swapped and averaged, S agrees with the gold score in
 * 73 %, C in 80 % and the person in 76 % of the cases.
 */
export const JUDGES = {
  /** Asked which is more helpful: prefers longer answers. */
  simple: { name: "S", sharpness: 2.5, lengthBias: 0.1, positionBias: 0.1 },
  /** Asked to mind brevity too. */
  concise: { name: "C", sharpness: 2.5, lengthBias: 0, positionBias: 0.1 },
  human: { name: "human", sharpness: 2, lengthBias: 0, positionBias: 0 },
} as const satisfies Record<string, JudgeSettings>;

/** A judge of a task's completions. */
export class NoisyJudge {
  readonly settings: JudgeSettings;
  readonly #task: DialogueTask;
  readonly #seed: number;

  /** @param seed of the judge's noise: another one is another person of the same kind */
  constructor(task: DialogueTask, settings: JudgeSettings, seed: number) {
    this.#task = task;
    this.settings = settings;
    this.#seed = seed;
  }

  /** Probability over seeds that the first is preferred; 1/2 for the same text twice. */
  probability(prompt: DialoguePrompt, first: ArrayLike<number>, second: ArrayLike<number>): number {
    if (isSame(first, second)) return 0.5;
    return 1 / (1 + Math.exp(-this.#advantage(prompt, first, second)));
  }

  /** 1 where the first is preferred, 0 where the second is, 1/2 for the same text twice. */
  verdict(prompt: DialoguePrompt, first: ArrayLike<number>, second: ArrayLike<number>): number {
    if (isSame(first, second)) return 0.5;
    const [key, otherKey] = [Array.from(first).join(), Array.from(second).join()];
    const isInOrder = key < otherKey;
    const pair = isInOrder ? `${key}/${otherKey}` : `${otherKey}/${key}`;
    const name = `dialogue/judge/${this.settings.name}/${prompt.text}/${pair}`;
    const u = new RandomStream(this.#seed, name).uniform();
    // Logistic, so that the probability is the sigmoid of the advantage; u may be 0.
    const noise = Math.log((u + Number.MIN_VALUE) / (1 - u)) * (isInOrder ? 1 : -1);
    return this.#advantage(prompt, first, second) + noise > 0 ? 1 : 0;
  }

  #advantage(
    { asked }: DialoguePrompt,
    first: ArrayLike<number>,
    second: ArrayLike<number>,
  ): number {
    const { sharpness, lengthBias, positionBias } = this.settings;
    const gold = this.#task.score(asked, first) - this.#task.score(asked, second);
    return sharpness * (gold + lengthBias * (first.length - second.length) + positionBias);
  }
}

function isSame(first: ArrayLike<number>, second: ArrayLike<number>): boolean {
  return Array.from(first).join() === Array.from(second).join();
}
