/** What methods are compared on: prompts, texts of a language and a gold reward. */
import type { SplitName } from "@preflab/data";
import type { Tokenizer, TokenizerFiles } from "@preflab/lm";
import type { PolicyPrompt, RewardFunction } from "@preflab/rlhf";
import type { Judge } from "../judges/judge.ts";
import type { JudgeFacts } from "../study/comparisons.ts";
import type { Json, Stage } from "../study/experiment.ts";
import type { Deviation, StudyLabels } from "../study/results.ts";
import type { Outcomes } from "./reward-limit.ts";

/** A task, ready to use. */
export interface PreferenceTask {
  readonly tokenizer: Tokenizer;
  /** For model folders. */
  readonly files: TokenizerFiles;
  /** Of the vocabulary; PAD is never EOS, and null where there is none. */
  readonly specialIds: { readonly bos: number; readonly eos: number; readonly pad: number | null };
  /** Different prompts, each in one part only. */
  readonly prompts: Readonly<Record<SplitName, readonly PolicyPrompt[]>>;
  /** Texts to learn the language from, with BOS and EOS; for another use others. */
  texts(use: "train" | "validation", count: number): readonly (readonly number[])[];
  /** Gold rewards; the caller disposes it. */
  gold(): Promise<RewardFunction>;
  /** Whether a prompt with its completion is well-formed; null where that cannot be known. */
  isValid: ((ids: readonly number[]) => boolean) | null;
  /** Of the language, nats per token; null where it cannot be known. */
  readonly entropy: number | null;
  /** What replies are compared with, and by whom; null where only rewards count. */
  readonly comparison: ReplyComparison | null;
}

/** How replies of a task are compared with those of its data. All texts are without EOS. */
export interface ReplyComparison {
  /** Who decides, as results say it. */
  readonly facts: JudgeFacts;
  /** The judge; the caller disposes it. */
  judge(): Promise<Judge & { dispose(): void }>;
  /** The reply of the data to a prompt of `prompts` or `newTopics`. */
  rival(prompt: PolicyPrompt): string;
  /** Prompts on topics that no pair is about; none where no such topics are known. */
  readonly newTopics: readonly PolicyPrompt[];
  /**
   * A prompt after examples of dialogues, for a model that has only learned the language.
   * @param most tokens of it all: examples that do not fit are left out
   */
  withExamples(prompt: PolicyPrompt, most: number): PolicyPrompt;
  /** Judges to be compared with each other; null where there is no more than one. */
  readonly panel: JudgePanel | null;
}

/** Judges of the same pairs. */
export interface JudgePanel {
  /** Several judges of one name are alike, such as people. */
  readonly members: readonly { readonly name: string; readonly judges: readonly Judge[] }[];
  /**
   * Names whose agreement is measured; the second is what counts as right, so that its ties are left
   * out. A name with itself: one of them with another.
   */
  readonly agreements: readonly (readonly [string, string])[];
}

/** Where a task comes from. */
export interface TaskSource<Task extends PreferenceTask = PreferenceTask> {
  /** All that decides the task, beside the stages and files it is made from. */
  readonly config: Json;
  /** What the task itself is made in, before all other stages. */
  readonly stages: readonly Stage[];
  /** Ids of stages that `open` reads. */
  readonly inputs: readonly string[];
  readonly files: readonly string[];
  /** @param input folder of a finished stage */
  open(input: (id: string) => string): Promise<Task>;
  /**
   * Gold rewards of completions under the language that texts are drawn from, exactly, for so many of
   * the test prompts; missing where they are not known.
   */
  outcomes?(prompts: number): readonly Outcomes[];
  /** Where the task departs from the paper, in place of what is said of all tasks by these names. */
  readonly deviations: readonly Deviation[];
  /** Words of the task in place of the experiment's. */
  readonly labels?: Partial<StudyLabels>;
  /** What was measured of the task, for results. @param input folder of any of its stages */
  facts(input: (id: string) => string): Promise<Readonly<Record<string, Json>>>;
}
