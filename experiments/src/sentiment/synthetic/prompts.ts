/** Prompts: the first words of sampled reviews, each in one part only. */
import { promptSplitter, type SplitName } from "@preflab/data";
import { RandomStream } from "@preflab/lm";
import type { SyntheticTask } from "./task.ts";

/** The beginning of a review. */
export interface SyntheticPrompt {
  /** BOS and then 2 to 8 words. */
  readonly ids: readonly number[];
  /** The words alone; encoded with BOS before it, it gives `ids`. */
  readonly text: string;
}

/** How many prompts each part has. */
export type PromptCounts = Readonly<Record<SplitName, number>>;

/** Words of a prompt: Rafailov et al. 2023, section 6.1. */
const PROMPT_WORDS = { least: 2, most: 8 } as const;

/** Shares of all possible prompts; the rest is for training. */
const SHARES = { validation: 0.15, test: 0.25 };

/** So many reviews in a row without a new prompt, and the language counts as too small. */
const MOST_TRIES = 2000;

/**
 * Different prompts for every part. Which part a prompt belongs to depends on its words alone, so
 * parts are disjoint whatever seeds and counts are.
 * @param seed of the reviews that prompts are cut from
 * @throws RangeError where the language has too few prompts
 */
export function syntheticPrompts(
  task: SyntheticTask,
  counts: PromptCounts,
  seed: number,
): Readonly<Record<SplitName, readonly SyntheticPrompt[]>> {
  const partOf = promptSplitter(SHARES);
  const found: Record<SplitName, Map<string, SyntheticPrompt>> = {
    train: new Map(),
    validation: new Map(),
    test: new Map(),
  };
  const parts = Object.keys(found) as SplitName[];
  const stream = new RandomStream(seed, `sentiment/${task.name}/prompts`);
  let tries = 0;
  while (parts.some((part) => found[part].size < counts[part])) {
    if (tries++ > MOST_TRIES) {
      const got = parts.map((part) => `${found[part].size} of ${counts[part]} for ${part}`);
      throw new RangeError(
        `syntheticPrompts: expected enough different prompts in task ${task.name}, got ` +
          `${got.join(", ")}. Ask for fewer.`,
      );
    }
    const prompt = drawPrompt(task, stream);
    const part = partOf(prompt.text);
    if (found[part].size === counts[part] || found[part].has(prompt.text)) continue;
    found[part].set(prompt.text, prompt);
    tries = 0;
  }
  return {
    train: [...found.train.values()],
    validation: [...found.validation.values()],
    test: [...found.test.values()],
  };
}

/**
 * Whole reviews, from BOS to EOS, such as a language model learns from.
 * @param use names the stream that they are drawn from, so that another use has other reviews
 */
export function sampleReviews(
  task: SyntheticTask,
  count: number,
  seed: number,
  use: string,
): readonly (readonly number[])[] {
  const stream = new RandomStream(seed, `sentiment/${task.name}/reviews/${use}`);
  return Array.from({ length: count }, () => task.language.sample(stream));
}

function drawPrompt(
  { language, vocabulary }: SyntheticTask,
  stream: RandomStream,
): SyntheticPrompt {
  const { least, most } = PROMPT_WORDS;
  const review = language.sample(stream);
  const words = least + Math.floor(stream.uniform() * (most - least + 1));
  const ids = review.slice(0, 1 + words);
  return { ids, text: vocabulary.tokenizer.decode(ids.slice(1)) };
}
