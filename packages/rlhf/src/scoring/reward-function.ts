/** What gives completions their scores. All methods get them through this, whatever is behind it. */

/** A completion to score. */
export interface RewardInput {
  readonly promptIds: ArrayLike<number>;
  readonly completionIds: ArrayLike<number>;
  /** The same as texts; null where there is no tokenizer. */
  readonly prompt: string | null;
  readonly completion: string | null;
}

/** Scores completions. */
export interface RewardFunction {
  /** For messages and manifests. */
  readonly name: string;
  /**
   * @param signal aborted when nobody waits for the scores any more
   * @returns one finite number per input, in their order
   */
  score(inputs: readonly RewardInput[], signal: AbortSignal): Promise<ArrayLike<number>>;
  /** Frees what it holds. */
  dispose?(): void;
}

/** Scores that cannot be used. */
export class RewardError extends Error {
  override readonly name = "RewardError";
}

/** A reward function from an ordinary one, such as the gold reward of a synthetic task. */
export function functionReward(
  name: string,
  score: (input: RewardInput) => number | Promise<number>,
): RewardFunction {
  return { name, score: (inputs) => Promise.all(inputs.map((input) => score(input))) };
}

/**
 * Prompt and completion as one text, or the completion alone.
 * @throws RewardError where there are no texts
 */
export function textOf(
  { prompt, completion }: RewardInput,
  part: "text" | "completion",
  where: string,
): string {
  if (prompt !== null && completion !== null) {
    return part === "text" ? prompt + completion : completion;
  }
  throw new RewardError(
    `${where}: expected completions as texts, got token ids alone. Give the model a tokenizer.`,
  );
}

/** Prompt and completion as one row of ids. */
export function idsOf({ promptIds, completionIds }: RewardInput): number[] {
  return [...Array.from(promptIds), ...Array.from(completionIds)];
}
