/**
 * Logistic regression on sets of features, trained by AdaGrad (Duchi et al. 2011) one example at a
 * time. Pure: examples come from the caller in the order in which they are learned.
 */

/** Weights by feature, and a constant. */
export interface LogisticModel {
  readonly weights: Float64Array;
  readonly bias: number;
}

/** How fast, and how large weights may become. */
export interface LogisticOptions {
  readonly lr: number;
  /** Of the weights of an example's features: `l2 * w` is added to their gradient. */
  readonly l2: number;
}

/** A set of features with its class. */
export interface LabeledFeatures {
  /** Indices, each once. */
  readonly features: Uint32Array;
  readonly label: 0 | 1;
}

/** Keeps the first steps of AdaGrad finite. */
const EPSILON = 1e-8;

/** Log-odds of class 1. */
export function logOdds({ weights, bias }: LogisticModel, features: Uint32Array): number {
  let sum = bias;
  for (const feature of features) sum += weights[feature] as number;
  return sum;
}

/** Learns from examples one after the other. @param size of all features */
export function trainLogistic(
  examples: Iterable<LabeledFeatures>,
  size: number,
  { lr, l2 }: LogisticOptions,
): LogisticModel {
  const weights = new Float64Array(size);
  const squares = new Float64Array(size);
  let bias = 0;
  let biasSquares = 0;
  for (const { features, label } of examples) {
    const error = sigmoid(logOdds({ weights, bias }, features)) - label;
    for (const feature of features) {
      const weight = weights[feature] as number;
      const gradient = error + l2 * weight;
      const square = (squares[feature] as number) + gradient * gradient;
      squares[feature] = square;
      weights[feature] = weight - (lr * gradient) / (Math.sqrt(square) + EPSILON);
    }
    biasSquares += error * error;
    bias -= (lr * error) / (Math.sqrt(biasSquares) + EPSILON);
  }
  return { weights, bias };
}

/** `1 / (1 + exp(-x))`. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
