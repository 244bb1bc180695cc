/**
 * The examples that preference learning starts from, as text and as token ids. Immutable values
 * only: readers make them, formats name them, nothing changes them. Start reading here.
 */

/** One turn of a conversation. */
export interface Message {
  /** Who speaks, such as "system", "user" or "assistant". */
  readonly role: string;
  readonly content: string;
}

/** A plain text, or turns that a chat template makes a text of. */
export type Text = string | readonly Message[];

/** Where an example comes from, and what its file says beside the texts. */
export interface ExampleMeta {
  /** Row of the data set, from 0, bad rows counted too. */
  readonly row: number;
  /** By how much chosen is better than rejected, in the unit of the data set. */
  readonly margin?: number;
  /** Score of the one completion or text, in the unit of the data set. */
  readonly score?: number;
  /** Score of the chosen completion, in the unit of the data set. */
  readonly chosenScore?: number;
  /** Score of the rejected completion, in the unit of the data set. */
  readonly rejectedScore?: number;
}

interface Sourced {
  readonly meta?: ExampleMeta;
}

/** A prompt with the better and the worse of two completions. */
export interface PreferencePair extends Sourced {
  readonly prompt: Text;
  readonly chosen: Text;
  readonly rejected: Text;
}

/** A prompt and a completion that is good or bad in itself, as KTO learns from. */
export interface UnpairedExample extends Sourced {
  readonly prompt: Text;
  readonly completion: Text;
  /** True where the completion is desirable. */
  readonly label: boolean;
}

/** A prompt and the completion to learn. */
export interface PromptCompletion extends Sourced {
  readonly prompt: Text;
  readonly completion: Text;
}

/** A prompt to sample completions for. */
export interface PromptOnly extends Sourced {
  readonly prompt: Text;
}

/** A text all of which is to be learned. */
export interface LanguageModelingExample extends Sourced {
  readonly text: Text;
}

/** A prompt with K >= 2 completions, best first. */
export interface RankedExample extends Sourced {
  readonly prompt: Text;
  readonly completions: readonly Text[];
  /** One for each of `completions`, falling; equal ones are no preference. */
  readonly scores?: readonly number[];
}

/** A prompt with the steps of one completion, each judged right or wrong. */
export interface StepwiseExample extends Sourced {
  readonly prompt: Text;
  readonly completions: readonly string[];
  /** One for each of `completions`. */
  readonly labels: readonly boolean[];
}

/** A text with its class, such as a film review: 1 positive, 0 negative. */
export interface LabeledText extends Sourced {
  readonly text: string;
  readonly label: number;
}

/**
 * A tokenised preference pair. The ids of a row are those of the prompt followed by those of a
 * completion. Completions end with the end-of-text token where it is to be learned: nothing adds
 * it later.
 */
export interface TokenizedPair extends Sourced {
  readonly promptIds: ArrayLike<number>;
  readonly chosenIds: ArrayLike<number>;
  readonly rejectedIds: ArrayLike<number>;
}

/** A tokenised {@link UnpairedExample}; ids as in {@link TokenizedPair}. */
export interface TokenizedUnpaired extends Sourced {
  readonly promptIds: ArrayLike<number>;
  readonly completionIds: ArrayLike<number>;
  readonly label: boolean;
}

/** A tokenised {@link PromptCompletion}; ids as in {@link TokenizedPair}. */
export interface TokenizedCompletion extends Sourced {
  readonly promptIds: ArrayLike<number>;
  readonly completionIds: ArrayLike<number>;
}

/** A tokenised {@link RankedExample}, best first; ids as in {@link TokenizedPair}. */
export interface TokenizedRanked extends Sourced {
  readonly promptIds: ArrayLike<number>;
  readonly completionIds: readonly ArrayLike<number>[];
}

/** A kind of example by its name. A file holds examples of one kind. */
export interface ExampleKinds {
  readonly preference: PreferencePair;
  readonly unpaired: UnpairedExample;
  readonly "prompt-completion": PromptCompletion;
  readonly "prompt-only": PromptOnly;
  readonly "language-modeling": LanguageModelingExample;
  readonly ranked: RankedExample;
  readonly stepwise: StepwiseExample;
  readonly labeled: LabeledText;
  readonly "tokenized-preference": TokenizedPair;
  readonly "tokenized-unpaired": TokenizedUnpaired;
  readonly "tokenized-ranked": TokenizedRanked;
}

/** Name of a kind of example. */
export type ExampleKind = keyof ExampleKinds;
