/**
 * Cuts rows of token ids to a length. Pure; what becomes of rows that lose their meaning is for the
 * caller, who is told.
 */

/**
 * How rows are cut; a row is a prompt and one completion. A prompt is cut alike for all of its
 * completions, as its longest row needs. Rows of at most `maxLength` tokens are left alone.
 *
 * With `maxPromptLength`: a prompt of a longer row is cut to that many tokens, of which it keeps the
 * first ("keep_start") or the last ("keep_end"). Where that is not enough, completions lose their
 * end. This is the rule of the DPO reference code, except that completions get all that the prompt
 * leaves; there it is `maxLength - maxPromptLength` even after a short prompt.
 *
 * Without: rows keep their first `maxLength` tokens ("keep_start"), so a long prompt may leave no
 * completion; or their last ones ("keep_end"). This is TRL's rule, except that there prompts are
 * cut by row.
 */
export interface TruncationOptions {
  /** Most tokens of prompt and completion together, > 0. */
  readonly maxLength: number;
  /** Most tokens of a prompt where rows are too long, in `(0, maxLength)`; default: no limit. */
  readonly maxPromptLength?: number;
  /** What is kept of a prompt that is too long; default "keep_start". */
  readonly mode?: "keep_start" | "keep_end";
}

/** A row's parts after truncation, and what it did to them. */
export interface Truncated {
  readonly promptIds: ArrayLike<number>;
  /** In the order given. */
  readonly completionIds: readonly ArrayLike<number>[];
  readonly promptCut: boolean;
  /** A completion lost its last token, so the model would not see that it ends there. */
  readonly lostEos: boolean;
  /** Two completions differed and do not any more: they teach nothing of each other. */
  readonly becameIdentical: boolean;
  /** A completion had tokens and has none any more. */
  readonly becameEmpty: boolean;
}

/** @throws RangeError where lengths are not integers > 0 or leave no room for completions */
export function checkTruncation({ maxLength, maxPromptLength }: TruncationOptions): void {
  const wrong = [maxLength, maxPromptLength ?? 1].find((n) => !Number.isSafeInteger(n) || n < 1);
  if (wrong !== undefined) {
    throw new RangeError(`truncation: expected lengths that are integers from 1, got ${wrong}.`);
  }
  if (maxPromptLength === undefined || maxPromptLength < maxLength) return;
  throw new RangeError(
    `truncation: expected maxPromptLength below maxLength, got ${maxPromptLength} and ${maxLength}. ` +
      "Raise maxLength or shorten prompts.",
  );
}

/** Cuts a prompt and its completions by the rule of {@link TruncationOptions}. */
export function truncateRow(
  promptIds: ArrayLike<number>,
  completionIds: readonly ArrayLike<number>[],
  options: TruncationOptions,
): Truncated {
  const { maxLength, maxPromptLength, mode = "keep_start" } = options;
  const longest = completionIds.reduce((most, ids) => Math.max(most, ids.length), 0);
  const fits = promptIds.length + longest <= maxLength;
  const prompt = fits ? promptIds.length : promptBudget(promptIds.length, longest, options);
  const room = maxLength - prompt;
  const keepsTail = mode === "keep_end" && maxPromptLength === undefined;
  const kept = completionIds.map((ids) => (keepsTail ? last(ids, room) : first(ids, room)));
  return {
    promptIds: mode === "keep_end" ? last(promptIds, prompt) : first(promptIds, prompt),
    completionIds: kept,
    promptCut: prompt < promptIds.length,
    lostEos: !keepsTail && completionIds.some((ids) => ids.length > room),
    becameIdentical: kept.some((ids, i) =>
      kept.slice(0, i).some((other, j) => sameIds(ids, other) && differ(completionIds, i, j)),
    ),
    becameEmpty: kept.some((ids, i) => ids.length === 0 && completionIds[i]?.length !== 0),
  };
}

/** Tokens that a prompt keeps where its longest row is too long. */
function promptBudget(
  length: number,
  completion: number,
  { maxLength, maxPromptLength, mode = "keep_start" }: TruncationOptions,
): number {
  if (maxPromptLength !== undefined) return Math.min(length, maxPromptLength);
  if (mode === "keep_start") return Math.min(length, maxLength);
  return Math.max(0, maxLength - completion);
}

/** Whether two lists of ids are the same. */
export function sameIds(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function differ(rows: readonly ArrayLike<number>[], i: number, j: number): boolean {
  return !sameIds(rows[i] ?? [], rows[j] ?? []);
}

function first(ids: ArrayLike<number>, count: number): ArrayLike<number> {
  return ids.length <= count ? ids : Array.from(ids).slice(0, count);
}

function last(ids: ArrayLike<number>, count: number): ArrayLike<number> {
  return ids.length <= count ? ids : Array.from(ids).slice(ids.length - count);
}
