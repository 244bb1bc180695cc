/**
 * What results.json holds of replies that judges compared: policies against the replies of the data,
 * by temperature and on prompts of new topics, and judges against each other. Kept apart from
 * results.ts, since not every study compares replies.
 */

/** Everything that judges said. */
export interface Comparisons {
  readonly judge: JudgeFacts;
  /** A policy and a seed each, in the order in which figures list them. */
  readonly policies: readonly ComparedPolicy[];
  /** How far judges agree with each other and with people; empty where there is one judge. */
  readonly agreement: readonly JudgeAgreement[];
  /** How much judges favour what they see first; empty where no judge sees an order. */
  readonly position_bias: readonly JudgePositionBias[];
}

/** Who decided. */
export interface JudgeFacts {
  readonly name: string;
  /** What it is and how far it is to be trusted: a sentence or two, printed with every figure. */
  readonly about: string;
  /** Share of held-out labels of people that it gives, where there are any. */
  readonly accuracy?: ShareOf;
}

/** A share with its 95 % interval. */
export interface ShareOf {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** What it is the share of. */
  readonly count: number;
}

/** Replies of one policy. */
export interface ComparedPolicy {
  /** Id of a run, or of what is no run, such as examples in the prompt. */
  readonly id: string;
  /** Such as `DPO beta = 0.1`. */
  readonly label: string;
  /** One line in figures, such as `DPO`. */
  readonly group: string;
  readonly seed: number;
  readonly points: readonly ComparedPoint[];
  /** Replies for reading, one for each of the first test prompts, at temperature 1 if there. */
  readonly samples: readonly ComparedSample[];
}

/** Replies of a policy to some prompts at a temperature. */
export interface ComparedPoint {
  /** `new topics`: topics that no preference is about. */
  readonly prompts: "test" | "new topics";
  /** 0 is greedy. */
  readonly temperature: number;
  /** Mean preference over the data's replies, ties half. Errors are standard errors over prompts. */
  readonly win_rate: number;
  readonly win_rate_error: number;
  readonly gold: number;
  readonly gold_error: number;
  /** Tokens of a reply. */
  readonly length: number;
  /** Win rate at equal lengths; null where it cannot be estimated. */
  readonly length_controlled: number | null;
  /** Judgements that could not be understood. */
  readonly invalid: number;
  /**
   * Means by prompt, for intervals. The same prompts for every policy. A prompt none of whose
   * judgements could be understood counts as a tie.
   */
  readonly per_prompt: { readonly win: readonly number[]; readonly gold: readonly number[] };
}

/** A reply beside that of the data. */
export interface ComparedSample {
  readonly prompt: string;
  readonly reply: string;
  readonly rival: string;
  /** The judge's word, from 0 to 1. */
  readonly preference: number | null;
}

/** How often two judges prefer the same reply, on one set of pairs. */
export interface JudgeAgreement {
  /** What is compared, such as `DPO against Preferred-FT`. */
  readonly pairs: string;
  readonly first: string;
  readonly second: string;
  /** Ties of one judge count half. */
  readonly agreement: ShareOf;
  /** How often each prefers the first policy. */
  readonly first_rate: number;
  readonly second_rate: number;
}

/** How much a judge favours what it sees first. */
export interface JudgePositionBias {
  readonly judge: string;
  /** Share of judgements for the reply that was seen first; 0.5 is none. */
  readonly first_preferred: ShareOf;
}
