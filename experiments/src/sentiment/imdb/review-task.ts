/** A task of reviews from the stages that have made tokens of them; who scores is for others to say. */
import type { Tokenizer } from "@preflab/lm";
import type { RewardFunction } from "@preflab/rlhf";
import type { PreferenceTask } from "../../policy/task.ts";
import type { TextEnds } from "../../text/tokenizer-stage.ts";
import { chunksOf } from "./chunks.ts";
import type { ImdbSettings } from "./settings.ts";
import { joinedReviews, readPrompts } from "./text-stages.ts";

/** What a task is opened from. */
export interface ReviewTaskParts {
  readonly tokenizer: Tokenizer;
  readonly ends: TextEnds;
  /** Folder of the stage with texts and prompts. */
  readonly texts: string;
  gold(): Promise<RewardFunction>;
}

/** Opens the task. Nothing about its language is known exactly. */
export async function openReviewTask(
  { textLength: length, seed }: Pick<ImdbSettings, "textLength" | "seed">,
  { tokenizer, ends, texts, gold }: ReviewTaskParts,
): Promise<PreferenceTask> {
  const joined = {
    train: await joinedReviews(texts, "train"),
    validation: await joinedReviews(texts, "validation"),
  };
  return {
    tokenizer,
    files: tokenizer.files,
    specialIds: ends,
    prompts: await readPrompts(texts),
    texts: (use, count) => chunksOf(joined[use], { ...ends, length, count, seed }),
    gold,
    ...{ isValid: null, entropy: null, comparison: null },
  };
}
