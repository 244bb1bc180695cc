/** A reward function that is not believed: results are checked, time is bounded, queries counted. */

import { RewardError, type RewardFunction, type RewardInput } from "./reward-function.ts";

/** Options of {@link CheckedReward}. */
export interface CheckedRewardOptions {
  /** Milliseconds that a call may take. Code that never yields cannot be interrupted. */
  readonly timeoutMs: number;
  /** Queries made before, from a checkpoint. Default 0. */
  readonly queries?: number;
}

/** Asks a reward function, and counts how often. */
export class CheckedReward {
  readonly #reward: RewardFunction;
  readonly #timeoutMs: number;
  #queries: number;

  constructor(reward: RewardFunction, { timeoutMs, queries = 0 }: CheckedRewardOptions) {
    this.#reward = reward;
    this.#timeoutMs = timeoutMs;
    this.#queries = queries;
  }

  /** Completions scored so far; those of calls that failed are not counted. */
  get queries(): number {
    return this.#queries;
  }

  /** Name of the function behind. */
  get name(): string {
    return this.#reward.name;
  }

  /**
   * Scores of completions.
   * @throws RewardError when the function throws, is too slow, or gives anything but one finite
   *   number per completion
   */
  async score(inputs: readonly RewardInput[]): Promise<Float64Array> {
    if (inputs.length === 0) return new Float64Array();
    const scores = await this.#call(inputs);
    this.#check(scores, inputs);
    this.#queries += inputs.length;
    return Float64Array.from(scores);
  }

  /** Frees what the function holds. */
  dispose(): void {
    this.#reward.dispose?.();
  }

  async #call(inputs: readonly RewardInput[]): Promise<ArrayLike<number>> {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = this.#error(
          `expected ${inputs.length} scores within ${this.#timeoutMs} ms, got none. Look for what ` +
            "it waits for, or raise the timeout.",
        );
        reject(error);
        controller.abort(error);
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([this.#reward.score(inputs, controller.signal), late]);
    } catch (error) {
      if (error instanceof RewardError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw this.#error(`expected ${inputs.length} scores, got an error: ${reason}`, error);
    } finally {
      clearTimeout(timer);
    }
  }

  #check(scores: unknown, inputs: readonly RewardInput[]): asserts scores is ArrayLike<number> {
    const isList = Array.isArray(scores) || ArrayBuffer.isView(scores);
    const length = isList ? (scores as unknown as ArrayLike<unknown>).length : null;
    if (length !== inputs.length) {
      const got = length === null ? typeof scores : `${length}`;
      throw this.#error(`expected a list of ${inputs.length} scores, got ${got}.`);
    }
    const list = Array.from(scores as ArrayLike<unknown>);
    const wrong = list.findIndex((score) => !Number.isFinite(score));
    if (wrong < 0) return;
    const text =
      inputs[wrong]?.completion ?? `ids ${Array.from(inputs[wrong]?.completionIds ?? [])}`;
    throw this.#error(
      `expected finite numbers, got ${String(list[wrong])} for completion ${wrong}: ` +
        `${JSON.stringify(text.slice(0, 200))}.`,
    );
  }

  #error(problem: string, cause?: unknown): RewardError {
    return new RewardError(`reward ${this.#reward.name}: ${problem}`, { cause });
  }
}
