/** The numbers of a task made from real reviews. */
import type { SplitName } from "@preflab/data";
import type { ClassifierSettings } from "./classifier.ts";

/** All that decides the task, beside the reviews. */
export interface ImdbSettings {
  /** Tokens in all, bytes and special tokens included; at most 2^16. */
  readonly vocabulary: number;
  readonly prompts: Readonly<Record<SplitName, number>>;
  /** Tokens of a text that the language model learns from, and most that it can have. */
  readonly textLength: number;
  /** Tokens of a completion: the classifier is calibrated on prompts with so many more. */
  readonly completionLength: number;
  readonly classifier: Omit<ClassifierSettings, "seed">;
  readonly seed: number;
}
