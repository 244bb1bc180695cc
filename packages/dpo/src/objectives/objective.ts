/**
 * What an objective is. One file per objective declares its name, source, options and formula with
 * `pairObjective` (or `unpairedObjective`, `rankedObjective`, for other batches); options are then
 * checked and the formula is bound to them by `configure`. Formulas are tfjs functions without
 * data-dependent control flow, so that they can be compiled.
 */

import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { implicitRewards, type PairRewards } from "../implicit-reward.ts";
import { type OptionSpecs, type OptionsOf, readOptions } from "./options.ts";

/**
 * Pairs of responses to the same prompt: log-probabilities summed over the completion, nats. One of
 * them may be -Infinity: losses, gradients and rewards are then the limits, infinite ones included.
 * Where a formula has no limit, such as for a response that is impossible under both models, the
 * loss is NaN.
 */
export interface PairLogps {
  /** `[B]` */
  readonly policyChosenLogps: Tensor1D;
  /** `[B]` */
  readonly policyRejectedLogps: Tensor1D;
  /** `[B]`; no gradient flows into it; anything where the objective uses no reference. */
  readonly referenceChosenLogps: Tensor1D;
  /** `[B]`, likewise. */
  readonly referenceRejectedLogps: Tensor1D;
  /** `[B]` tokens of the completion, EOS included; int32 or float32, 0 counts as 1. */
  readonly chosenLengths: Tensor1D;
  /** `[B]`, likewise. */
  readonly rejectedLengths: Tensor1D;
}

/** Single responses, each with a verdict. */
export interface UnpairedLogps {
  /** `[B]` summed log-probabilities, nats. */
  readonly policyLogps: Tensor1D;
  /** `[B]` */
  readonly referenceLogps: Tensor1D;
  /** `[B]` bool, or 1 and 0: whether the response is desirable. */
  readonly labels: Tensor1D;
  /** Estimate of KL(policy || reference), nats, >= 0; no gradient flows into it. */
  readonly kl: Scalar;
}

/** K responses to each prompt, best first. */
export interface RankedLogps {
  /** `[B, K]` summed log-probabilities, nats. */
  readonly policyLogps: Tensor2D;
  /** `[B, K]` */
  readonly referenceLogps: Tensor2D;
}

/** Losses and implicit rewards of pairs. */
export interface PairResult extends PairRewards {
  /** `[B]`; their mean is what is minimised. */
  readonly losses: Tensor1D;
}

/** Losses and implicit rewards of single responses. */
export interface UnpairedResult {
  /** `[B]` */
  readonly losses: Tensor1D;
  /** `[B]` */
  readonly rewards: Tensor1D;
}

/** Losses and implicit rewards of ranked responses. */
export interface RankedResult {
  /** `[B]` */
  readonly losses: Tensor1D;
  /** `[B, K]` */
  readonly rewards: Tensor2D;
}

/** An objective with its options resolved. */
export interface Configured<Kind extends string, Batch, Result> {
  readonly kind: Kind;
  readonly name: string;
  /** All options; those that were not given have their defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether the reference's log-probabilities count. */
  readonly usesReference: boolean;
  /** Whether losses belong to the batch, sorted, and not to its rows. */
  readonly batchLevel: boolean;
  /** Disposes nothing: run it in a tidy. */
  readonly evaluate: (batch: Batch) => Result;
}

/** An objective on pairs, with its options resolved. */
export type ConfiguredPair = Configured<"pair", PairLogps, PairResult>;
/** An objective on single responses, with its options resolved. */
export type ConfiguredUnpaired = Configured<"unpaired", UnpairedLogps, UnpairedResult>;
/** An objective on ranked responses, with its options resolved. */
export type ConfiguredRanked = Configured<"ranked", RankedLogps, RankedResult>;

/** What an objective is called, where it comes from and what can be set. */
export interface ObjectiveInfo<Specs extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  readonly paper: string;
  /** The formula of one row's loss, and its number in the paper where it has one. */
  readonly equation: string;
  readonly options: Specs;
  /** Other names of options. */
  readonly synonyms?: Readonly<Record<string, string>>;
}

/** An objective as declared by its file. */
interface Definition<Batch, Specs extends OptionSpecs> extends ObjectiveInfo<Specs> {
  /** Whether the formula compares with a reference; default true. */
  readonly reference?: boolean;
  /** See {@link Configured}; default false. */
  readonly batchLevel?: boolean;
  /** Losses of the rows, `[B]`. */
  readonly losses: (batch: Batch, options: OptionsOf<Specs>) => Tensor1D;
}

/** An objective whose options are still open. */
export interface Objective<Resolved> extends ObjectiveInfo {
  /**
   * @param raw options by name
   * @throws ConfigError for unknown names and values that are not allowed
   */
  readonly configure: (raw: Readonly<Record<string, unknown>>) => Resolved;
}

/** An objective on pairs. */
export type PairObjective = Objective<ConfiguredPair>;
/** An objective on single responses with a verdict. */
export type UnpairedObjective = Objective<ConfiguredUnpaired>;
/** An objective on K ranked responses. */
export type RankedObjective = Objective<ConfiguredRanked>;

/** Declares an objective on pairs. Its rewards are those of implicit-reward.ts. */
export function pairObjective<Specs extends OptionSpecs>(
  definition: Definition<PairLogps, Specs>,
): PairObjective {
  return declare(definition, "pair", (batch, losses, beta, usesReference) => ({
    losses,
    chosenRewards: implicitRewards(
      batch.policyChosenLogps,
      usesReference ? batch.referenceChosenLogps : null,
      beta,
    ),
    rejectedRewards: implicitRewards(
      batch.policyRejectedLogps,
      usesReference ? batch.referenceRejectedLogps : null,
      beta,
    ),
  }));
}

/** Declares an objective on single responses with a verdict. */
export function unpairedObjective<Specs extends OptionSpecs>(
  definition: Definition<UnpairedLogps, Specs>,
): UnpairedObjective {
  return declare(definition, "unpaired", ({ policyLogps, referenceLogps }, losses, beta) => ({
    losses,
    rewards: implicitRewards(policyLogps, referenceLogps, beta),
  }));
}

/** Declares an objective on K ranked responses. */
export function rankedObjective<Specs extends OptionSpecs>(
  definition: Definition<RankedLogps, Specs>,
): RankedObjective {
  return declare(definition, "ranked", ({ policyLogps, referenceLogps }, losses, beta) => ({
    losses,
    rewards: implicitRewards(policyLogps, referenceLogps, beta),
  }));
}

function declare<Kind extends string, Batch, Result, Specs extends OptionSpecs>(
  definition: Definition<Batch, Specs>,
  kind: Kind,
  resultOf: (batch: Batch, losses: Tensor1D, beta: number, usesReference: boolean) => Result,
): Objective<Configured<Kind, Batch, Result>> {
  const { losses, reference = true, batchLevel = false, ...info } = definition;
  const configure = (raw: Readonly<Record<string, unknown>>): Configured<Kind, Batch, Result> => {
    const options = readOptions(`objective ${info.name}`, info, raw);
    const { beta, referenceFree } = options as { beta?: unknown; referenceFree?: unknown };
    const scale = typeof beta === "number" ? beta : 1;
    const usesReference = reference && referenceFree !== true;
    return {
      kind,
      name: info.name,
      options,
      usesReference,
      batchLevel,
      evaluate: (batch) => resultOf(batch, losses(batch, options), scale, usesReference),
    };
  };
  return { ...info, configure };
}
