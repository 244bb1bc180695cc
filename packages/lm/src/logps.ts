/**
 * Log-probabilities of given tokens: the one place that shifts tokens against predictions and masks
 * padding. The prediction for token t + 1 is made at token t, so all results are `[B, T - 1]`: entry
 * t belongs to token t + 1.
 */

import { embedding, logSoftmaxAt } from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "./config.ts";
import type { Dropout } from "./dropout.ts";
import { outputHead } from "./heads.ts";
import { areKept } from "./scoring/chunks.ts";
import { logCollisions } from "./scoring/collisions.ts";
import { type LogitFactors, vocabularySums } from "./scoring/vocabulary.ts";
import { hiddenStates } from "./transformer.ts";
import type { Params, TokenBatch } from "./types.ts";

/** Tokens and their padding, see {@link TokenBatch}. */
export type Tokens = Pick<TokenBatch, "ids" | "attentionMask" | "positions">;

/** A model that predicts tokens, and its hidden states for a batch if they are known. */
export interface Predictor {
  readonly config: ModelConfig;
  readonly params: Params;
  /** `[B, T, D]` after the final norm; default: computed from the batch. */
  readonly hidden?: Tensor3D;
  /** Elements that the forward pass leaves out, in training only. */
  readonly dropout?: Dropout | undefined;
}

/**
 * Numbers per token, `[B, T - 1]` nats, 0 where nothing is predicted: where the token or the one
 * before it is padding, and at the first token of a text.
 */
export interface TokenScores {
  /** Log-probability of the token. */
  readonly logps: Tensor2D;
  /** Entropy of the distribution that the token is drawn from. */
  readonly entropy: Tensor2D;
  /** KL(policy || reference) of that distribution, summed over the vocabulary. */
  readonly kl?: Tensor2D;
}

/**
 * Log-probability of every token given those before it, with gradients. Logits of a large batch and
 * vocabulary are computed piece by piece and never stored, see ./scoring.
 * @returns `[B, T - 1]` nats, 0 where nothing is predicted, see {@link predictionMask}
 */
export function tokenLogps(policy: Predictor, tokens: Tokens): Tensor2D {
  return perToken(targetLogps(logitFactors(policy, tokens), nextTokens(tokens)), tokens);
}

/**
 * Log-probabilities of tokens from the states that predict them, for rows that are not plain texts
 * and for callers that need few of the tokens, see `hiddenStatesAt`.
 * @param states `[M, D]` after the final norm
 * @param targets `[M]` int32, the tokens that are predicted
 * @returns `[M]` nats
 */
export function logpsAt(
  policy: Pick<Predictor, "config" | "params">,
  states: Tensor2D,
  targets: Tensor1D,
): Tensor1D {
  return targetLogps(factorsOf(policy, states), targets);
}

/** `log sum_v p_v^2` of the predictions that states make, as in {@link logpsAt}; no gradients. */
export function logCollisionsAt(
  policy: Pick<Predictor, "config" | "params">,
  states: Tensor2D,
): Tensor1D {
  return logCollisions(factorsOf(policy, states));
}

/**
 * Log-probabilities, entropies and, with a reference, divergences from it, all from one computation
 * of the logits. Gradients flow into the policy alone.
 */
export function scoreTokens(policy: Predictor, tokens: Tokens, reference?: Predictor): TokenScores {
  const { logps, entropy, kl } = scoresOf(
    logitFactors(policy, tokens),
    nextTokens(tokens),
    reference && logitFactors(reference, tokens),
  );
  return {
    logps: perToken(logps, tokens),
    entropy: perToken(entropy, tokens),
    ...(kl ? { kl: perToken(kl, tokens) } : {}),
  };
}

/** A model and `[M, D]` of its states after the final norm. */
export interface PredictingStates extends Pick<Predictor, "config" | "params"> {
  readonly states: Tensor2D;
}

/**
 * As {@link scoreTokens}, from the states that predict the tokens, see {@link logpsAt}. `[M]` each.
 * @param reference states for the same tokens
 */
export function scoresAt(
  policy: PredictingStates,
  targets: Tensor1D,
  reference?: PredictingStates,
): { readonly logps: Tensor1D; readonly entropy: Tensor1D; readonly kl?: Tensor1D } {
  return scoresOf(
    factorsOf(policy, policy.states),
    targets,
    reference && factorsOf(reference, reference.states),
  );
}

/**
 * Log-probabilities of completions: sums of those of their tokens.
 * @param tokenLogps `[B, T - 1]`, or any other number per token
 * @param completionMask `[B, T]` int32, 1 for tokens of the completion
 * @returns `[B]` nats
 */
export function sequenceLogps(tokenLogps: Tensor2D, completionMask: Tensor2D): Tensor1D {
  return tf.sum(tf.mul(tokenLogps, tf.cast(dropFirst(completionMask), "float32")), 1);
}

/**
 * Which entries of per-token results count: 1 where the token and the one before it are real and of
 * one text.
 * @param attentionMask `[B, T]` int32
 * @param positions `[B, T]` int32, of tokens in their texts; default: a row is one text
 * @returns `[B, T - 1]` float32
 */
export function predictionMask(attentionMask: Tensor2D, positions?: Tensor2D): Tensor2D {
  const real: Tensor2D = tf.mul(dropFirst(attentionMask), dropLast(attentionMask));
  if (!positions) return tf.cast(real, "float32");
  const isNotFirst = tf.minimum(dropFirst(positions), tf.scalar(1, "int32"));
  return tf.cast(tf.mul(real, isNotFirst) as Tensor2D, "float32");
}

/** Factors of the logits that predict tokens 1 to T - 1, `N = B (T - 1)`. */
function logitFactors(predictor: Predictor, tokens: Tokens): LogitFactors {
  const { config, params, hidden, dropout } = predictor;
  const { ids, attentionMask, positions } = tokens;
  if (ids.shape[1] < 2) {
    throw new Error(
      `logps: expected at least 2 tokens, since the first is not predicted, got ${ids.shape[1]}.`,
    );
  }
  const states = hidden ?? hiddenStates(config, params, ids, attentionMask, { positions, dropout });
  const [batch, length, width] = states.shape;
  const predicting: Tensor3D = tf.slice(states, [0, 0, 0], [batch, length - 1, width]);
  return {
    hidden: tf.reshape(predicting, [batch * (length - 1), width]),
    head: outputHead(config, params),
  };
}

function factorsOf(
  { config, params }: Pick<Predictor, "config" | "params">,
  states: Tensor2D,
): LogitFactors {
  return { hidden: states, head: outputHead(config, params) };
}

/** Log-probabilities of one word per token. `[N]` */
function targetLogps(factors: LogitFactors, targets: Tensor1D): Tensor1D {
  const { hidden, head } = factors;
  return areKept(hidden.shape[0], head.shape[0])
    ? logSoftmaxAt(tf.matMul(hidden, head, false, true) as Tensor2D, targets)
    : logpsFrom(factors, targets, vocabularySums(factors).logSumExp);
}

/** Everything that one computation of the logits gives. `[N]` each */
function scoresOf(
  factors: LogitFactors,
  targets: Tensor1D,
  reference?: LogitFactors,
): { readonly logps: Tensor1D; readonly entropy: Tensor1D; readonly kl?: Tensor1D } {
  const { logSumExp, entropy, kl } = vocabularySums(factors, { entropy: true, reference });
  return {
    logps: logpsFrom(factors, targets, logSumExp),
    entropy: entropy as Tensor1D,
    ...(kl && { kl }),
  };
}

/** The same, without the logits of the others. `[N]` */
function logpsFrom(
  { hidden, head }: LogitFactors,
  targets: Tensor1D,
  logSumExp: Tensor1D,
): Tensor1D {
  const chosen = tf.sum(tf.mul(hidden, embedding(head, targets)), 1) as Tensor1D;
  return tf.sub(chosen, logSumExp);
}

/** `[B (T - 1)]` int32 */
function nextTokens({ ids }: Tokens): Tensor1D {
  const next = dropFirst(ids);
  return tf.reshape(next, [next.size]);
}

/** `[B (T - 1)] -> [B, T - 1]`, 0 where nothing is predicted. */
function perToken(numbers: Tensor1D, { attentionMask, positions }: Tokens): Tensor2D {
  const mask = predictionMask(attentionMask, positions);
  return tf.mul(tf.reshape(numbers, mask.shape), mask);
}

function dropFirst(tokens: Tensor2D): Tensor2D {
  return tf.slice(tokens, [0, 1], [-1, -1]);
}

function dropLast(tokens: Tensor2D): Tensor2D {
  return tf.slice(tokens, [0, 0], [-1, tokens.shape[1] - 1]);
}
