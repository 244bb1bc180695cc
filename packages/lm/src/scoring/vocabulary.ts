/**
 * Sums over the vocabulary for every token, `logits = hidden head^T` being computed piece by piece
 * and never kept: the forward pass takes some tokens at a time, the backward pass computes the
 * logits anew for some words at a time. Costs one more matrix product than keeping them.
 */

import { logSoftmaxAt } from "@preflab/tfjs-backend-ort";
import type { GradSaveFunc, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { CHUNK_BYTES, type Chunk, chunksOf } from "./chunks.ts";

/** Two factors of logits. */
export interface LogitFactors {
  /** `[N, D]` */
  readonly hidden: Tensor2D;
  /** `[V, D]` */
  readonly head: Tensor2D;
}

/** Sums over the vocabulary, `[N]` each, nats. */
export interface VocabularySums {
  /** `log sum_v exp(logits[v])` */
  readonly logSumExp: Tensor1D;
  /** `-sum_v p[v] log p[v]` */
  readonly entropy?: Tensor1D;
  /** `sum_v p[v] (log p[v] - log q[v])`, q being the reference's probabilities. */
  readonly kl?: Tensor1D;
}

/** Rows of the stacked result, and what the backward pass needs to know of them. */
type Row = "logSumExp" | "entropy" | "kl" | "referenceLogSumExp";

/** What is computed beside the log-sum-exp. */
export interface SumOptions {
  /** Default: no. */
  readonly entropy?: boolean;
  /** Reference of the divergence, of the same N and V; no gradient flows into it. */
  readonly reference?: LogitFactors | undefined;
  /** Bytes of the largest matrix tokens x words; default: {@link CHUNK_BYTES}. */
  readonly chunkBytes?: number;
}

/**
 * Sums over the vocabulary with gradients for `hidden` and `head`.
 * @throws Error when the shapes of policy and reference differ in N or V
 */
export function vocabularySums(policy: LogitFactors, options: SumOptions = {}): VocabularySums {
  const { reference = null, chunkBytes = CHUNK_BYTES } = options;
  if (reference) checkSizes(policy, reference);
  const rows: readonly Row[] = [
    "logSumExp",
    ...(options.entropy ? (["entropy"] as const) : []),
    ...(reference ? (["kl", "referenceLogSumExp"] as const) : []),
  ];
  const stacked = stackedSums(rows, { policy, reference, chunkBytes }); // [rows, N]
  const of = (row: Row) => rowOf(rows, stacked, row);
  return {
    logSumExp: of("logSumExp"),
    ...(options.entropy ? { entropy: of("entropy") } : {}),
    ...(reference ? { kl: of("kl") } : {}),
  };
}

/** What the sums are computed from. */
interface Operands {
  readonly policy: LogitFactors;
  readonly reference: LogitFactors | null;
  readonly chunkBytes: number;
}

function stackedSums(rows: readonly Row[], operands: Operands): Tensor2D {
  const { policy, reference, chunkBytes } = operands;
  const op = tf.customGrad<Tensor2D>((...args) => {
    const save = args.at(-1) as GradSaveFunc;
    const { hidden, head } = policy;
    const pieces = chunksOf(hidden.shape[0], head.shape[0], chunkBytes).map((tokens) =>
      tf.tidy(() => sumsOfTokens(rows, tokens, operands)),
    );
    const value = tf.concat(pieces, 1) as Tensor2D;
    const others = reference ? [reference.hidden, reference.head] : [];
    save([hidden, head, value, ...others]);
    return {
      value,
      gradFunc: (dy: Tensor2D, saved: Tensor[]) => {
        const [hidden, head, value, ...others] = saved as [Tensor2D, Tensor2D, Tensor2D];
        const [otherHidden, otherHead] = others as Tensor2D[];
        const reference =
          otherHidden && otherHead ? { hidden: otherHidden, head: otherHead } : null;
        return gradients(rows, dy, value, { policy: { hidden, head }, reference, chunkBytes });
      },
    };
  });
  return op(policy.hidden, policy.head);
}

/** The sums of some tokens. `[rows, n]` */
function sumsOfTokens(
  rows: readonly Row[],
  { begin, size }: Chunk,
  { policy, reference }: Operands,
): Tensor2D {
  const ofTokens = ({ hidden, head }: LogitFactors) => {
    const logits: Tensor2D = tf.matMul(tf.slice(hidden, [begin, 0], [size, -1]), head, false, true);
    // Any word's logit and log-probability differ by the log-sum-exp; one is enough.
    const logit = tf.reshape(tf.slice(logits, [0, 0], [size, 1]), [size]);
    const logSumExp = tf.sub(logit, logSoftmaxAt(logits, tf.zeros([size], "int32")));
    return { logits, logSumExp };
  };
  const own = ofTokens(policy);
  const other = reference && ofTokens(reference);
  const logps = ({ logits, logSumExp }: typeof own) => tf.sub(logits, tf.expandDims(logSumExp, 1)); // [n, V]
  const expectation = (x: Tensor) => tf.sum(tf.mul(tf.exp(logps(own)), x), 1);
  const sums: Readonly<Record<Row, () => Tensor>> = {
    logSumExp: () => own.logSumExp,
    entropy: () => tf.neg(expectation(logps(own))),
    kl: () => expectation(tf.sub(logps(own), logps(other as typeof own))),
    referenceLogSumExp: () => (other as typeof own).logSumExp,
  };
  return tf.stack(rows.map((row) => sums[row]())) as Tensor2D;
}

/**
 * Gradients of hidden states and head, word by word.
 * @param dy `[rows, N]` upstream
 * @param sums `[rows, N]` results of the forward pass
 */
function gradients(
  rows: readonly Row[],
  dy: Tensor2D,
  sums: Tensor2D,
  operands: Operands,
): [Tensor2D, Tensor2D] {
  const { hidden, head } = operands.policy;
  const headParts: Tensor2D[] = [];
  let hiddenSum: Tensor2D | null = null;
  let ordered = sums;
  for (const chunk of chunksOf(head.shape[0], hidden.shape[0], operands.chunkBytes)) {
    const [hiddenPart, headPart] = tf.tidy(() => {
      const dLogits = logitGradient(rows, dy, ordered, operands, chunk); // [v, N]
      return [
        tf.matMul(dLogits, wordsOf(head, chunk), true, false),
        tf.matMul(dLogits, hidden),
      ] as [Tensor2D, Tensor2D];
    });
    headParts.push(headPart);
    hiddenSum = hiddenSum ? accumulate(hiddenSum, hiddenPart) : hiddenPart;
    ordered = after(sums, [headPart, hiddenSum]);
  }
  const headGradient = tf.concat(headParts, 0);
  tf.dispose(headParts);
  return [hiddenSum as Tensor2D, headGradient];
}

/**
 * Gradient of the logits of some words, `[v, N]`. With z the logits of a token, p = softmax(z), L
 * its log-sum-exp, H its entropy and K its divergence from q:
 * dL/dz = p, dH/dz = -p (log p + H), dK/dz = p (log p - log q - K).
 */
function logitGradient(
  rows: readonly Row[],
  dy: Tensor2D,
  sums: Tensor2D,
  { policy, reference }: Operands,
  words: Chunk,
): Tensor2D {
  const sum = (row: Row) => rowOf(rows, sums, row);
  const upstream = (row: Row) => rowOf(rows, dy, row);
  const logps = logpsOfWords(policy, words, sum("logSumExp"));
  let factor: Tensor = upstream("logSumExp");
  if (rows.includes("entropy")) {
    factor = tf.sub(factor, tf.mul(upstream("entropy"), tf.add(logps, sum("entropy"))));
  }
  if (reference) {
    const others = logpsOfWords(reference, words, sum("referenceLogSumExp"));
    const excess = tf.sub(tf.sub(logps, others), sum("kl"));
    factor = tf.add(factor, tf.mul(upstream("kl"), excess));
  }
  return tf.mul(tf.exp(logps), factor) as Tensor2D;
}

/** Log-probabilities by word, `[v, N]`; a product of its own, lest a compiler keeps the first one. */
function logpsOfWords({ hidden, head }: LogitFactors, words: Chunk, logSumExp: Tensor1D): Tensor2D {
  const bias = tf.neg(logSumExp);
  return tf.fused.matMul({
    a: wordsOf(head, words),
    b: hidden,
    transposeB: true,
    bias,
  }) as Tensor2D;
}

function wordsOf(head: Tensor2D, { begin, size }: Chunk): Tensor2D {
  return tf.slice(head, [begin, 0], [size, -1]);
}

function rowOf(rows: readonly Row[], stacked: Tensor2D, row: Row): Tensor1D {
  const count = stacked.shape[1];
  return tf.reshape(tf.slice(stacked, [rows.indexOf(row), 0], [1, count]), [count]);
}

function accumulate(sum: Tensor2D, part: Tensor2D): Tensor2D {
  const next = tf.add(sum, part) as Tensor2D;
  tf.dispose([sum, part]);
  return next;
}

/**
 * `x`, which does not exist before `others` do. Else a runtime may compute the logits of all words
 * before it uses those of the first.
 */
function after(x: Tensor2D, others: readonly Tensor2D[]): Tensor2D {
  const pieces = others.map((other) => tf.reshape(tf.slice(other, [0, 0], [1, 1]), [1]));
  const joined = tf.concat([tf.reshape(x, [x.size]), ...pieces]);
  return tf.reshape(tf.slice(joined, [0], [x.size]), x.shape);
}

function checkSizes(policy: LogitFactors, reference: LogitFactors): void {
  const sizes = ({ hidden, head }: LogitFactors) => `${hidden.shape[0]} x ${head.shape[0]}`;
  if (sizes(policy) === sizes(reference)) return;
  throw new Error(
    `vocabularySums: expected a reference of as many tokens and words, ${sizes(policy)}, got ` +
      `${sizes(reference)}. Use models with the same tokenizer.`,
  );
}
