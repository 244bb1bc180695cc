/**
 * Preferences: pairs of completions of the mixture policy for every prompt, one of them preferred. All
 * randomness of a prompt comes from its words, so that other prompts never change it.
 */
import type { TokenizedPair } from "@preflab/data";
import { RandomStream } from "@preflab/lm";
import type { DialoguePrompt } from "./prompts.ts";
import type { DialogueTask } from "./task.ts";

/** How pairs are labelled. */
export type Labels =
  /** By the gold score; pairs of equal scores are left out. */
  | { readonly kind: "deterministic" }
  /** The first is chosen with probability `sigmoid(kappa * difference of gold scores)`. */
  | { readonly kind: "bradley-terry"; readonly kappa: number };

/**
 * A sharpness for which 84 % of labels are right, as of several people together: a reward model of a
 * quarter of a million parameters learns from them to check facts, and from those of one person (2,
 * 73 %) little but which style is right more often.
 */
export const LABEL_KAPPA = 4;

/** Labelled pairs. */
export interface Preferences {
  readonly pairs: readonly LabelledPair[];
  /** Pairs of the same completion, which are left out. */
  readonly identical: number;
  /** Pairs of equal gold scores that are left out: all of them with deterministic labels. */
  readonly ties: number;
}

/** A pair with what is known of it. */
export interface LabelledPair extends TokenizedPair {
  readonly chosenGold: number;
  readonly rejectedGold: number;
}

/**
 * Pairs of completions of prompts, in their order. Completions end with EOS.
 * @param perPrompt pairs of each, at least 1; more of them begin with those of fewer
 */
export function preferences(
  task: DialogueTask,
  prompts: readonly DialoguePrompt[],
  labels: Labels,
  seed: number,
  perPrompt = 1,
): Preferences {
  const pairs: LabelledPair[] = [];
  let [identical, ties] = [0, 0];
  for (const [row, prompt] of prompts.entries()) {
    for (const pair of drawPairs(task, prompt, labels, seed, perPrompt)) {
      if (pair.chosenIds.join() === pair.rejectedIds.join()) identical++;
      else if (labels.kind === "deterministic" && pair.chosenGold === pair.rejectedGold) ties++;
      else pairs.push({ ...pair, promptIds: prompt.ids, meta: { row } });
    }
  }
  return { pairs, identical, ties };
}

/** The chosen completion of a prompt's first pair, EOS included; one of the two where it is left out. */
export function chosenCompletion(
  task: DialogueTask,
  prompt: DialoguePrompt,
  labels: Labels,
  seed: number,
): readonly number[] {
  const [first] = drawPairs(task, prompt, labels, seed, 1) as [DrawnPair];
  return first.chosenIds;
}

/** A pair that may be of the same completion twice, or of equal scores. */
interface DrawnPair extends Pick<LabelledPair, "chosenGold" | "rejectedGold"> {
  readonly chosenIds: readonly number[];
  readonly rejectedIds: readonly number[];
}

function drawPairs(
  task: DialogueTask,
  prompt: DialoguePrompt,
  labels: Labels,
  seed: number,
  count: number,
): DrawnPair[] {
  const stream = new RandomStream(seed, `dialogue/preferences/${prompt.text}`);
  return Array.from({ length: count }, () => drawPair(task, prompt, labels, stream));
}

function drawPair(
  task: DialogueTask,
  prompt: DialoguePrompt,
  labels: Labels,
  stream: RandomStream,
): DrawnPair {
  const draw = () => task.completionIds(task.mixture.sample(prompt.asked, stream));
  const [a, b] = [draw(), draw()];
  const [goldA, goldB] = [task.score(prompt.asked, a), task.score(prompt.asked, b)];
  const isFirst = stream.uniform() < firstProbability(goldA - goldB, labels);
  const [chosenIds, rejectedIds] = isFirst ? [a, b] : [b, a];
  const [chosenGold, rejectedGold] = isFirst ? [goldA, goldB] : [goldB, goldA];
  return { chosenIds, rejectedIds, chosenGold, rejectedGold };
}

function firstProbability(difference: number, labels: Labels): number {
  if (labels.kind === "deterministic") return difference > 0 ? 1 : 0;
  return 1 / (1 + Math.exp(-labels.kappa * difference));
}
