/** The transformer and its log-probabilities against Hugging Face transformers. */

import { jit } from "@preflab/tfjs-backend-ort";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { logits } from "../../src/heads.ts";
import { predictionMask, sequenceLogps, tokenLogps } from "../../src/logps.ts";
import { checkParameters, trainableParameters, type Variables } from "../../src/params.ts";
import { layerStates } from "../../src/transformer.ts";
import type { TokenBatch } from "../../src/types.ts";
import {
  GoldenModel,
  GRADIENT_SHARE,
  HIDDEN,
  LOGITS,
  SEQUENCE_LOGPS,
  TOKEN_LOGPS,
} from "./golden.ts";

/** What the golden files hold, as tensors and then as numbers. */
interface Results<T> {
  readonly states: T;
  readonly logits: T;
  readonly tokenLogps: T;
  readonly sequenceLogps: T;
  readonly meanNll: T;
  readonly gradients: Readonly<Record<string, T>>;
}

/** Everything that the golden files hold, computed by one program. */
async function compute(golden: GoldenModel, compiled: boolean): Promise<Results<Float32Array>> {
  const params = await golden.parameters();
  checkParameters(golden.config, params);
  const variables = trainableParameters(params);
  tf.dispose(params);
  const batch = golden.batch();
  const program = (ids: tf.Tensor2D, mask: tf.Tensor2D, completion: tf.Tensor2D) =>
    forwardAndBackward(golden, variables, { ids, attentionMask: mask, completionMask: completion });
  const run = compiled ? jit(program) : null;
  const tensors = tf.tidy(() =>
    (run ?? program)(batch.ids, batch.attentionMask, batch.completionMask),
  );
  const results = read(tensors);
  run?.dispose();
  tf.dispose([variables, tensors, Object.values(batch)]);
  return results;
}

function forwardAndBackward({ config }: GoldenModel, variables: Variables, batch: TokenBatch) {
  const { ids, attentionMask } = batch;
  const states = layerStates(config, variables, ids, attentionMask);
  const hidden = states.at(-1) as tf.Tensor3D;
  // Zeros at padding, as in the golden files.
  const real = tf.expandDims(tf.cast(attentionMask, "float32"), 2);
  const rows: tf.Tensor2D = tf.reshape(hidden, [ids.size, config.width]);
  const scores = tf.reshape(logits(config, variables, rows), [...ids.shape, -1]);
  const logps = tokenLogps({ config, params: variables, hidden }, batch);
  const { value, grads } = tf.variableGrads(() => {
    const total = tf.sum(tokenLogps({ config, params: variables }, batch));
    return tf.neg(tf.div(total, tf.sum(predictionMask(attentionMask)))) as tf.Scalar;
  }, Object.values(variables));
  return {
    states: tf.stack(states.map((state) => tf.mul(state, real))),
    logits: tf.mul(scores, real),
    tokenLogps: logps,
    sequenceLogps: sequenceLogps(logps, batch.completionMask),
    meanNll: value,
    gradients: Object.fromEntries(
      Object.entries(variables).map(([name, { name: id }]) => [name, grads[id] as tf.Tensor]),
    ),
  };
}

function read({ gradients, ...rest }: Results<tf.Tensor>): Results<Float32Array> {
  const numbers = <Key extends string>(tensors: Readonly<Record<Key, tf.Tensor>>) =>
    Object.fromEntries(
      Object.entries<tf.Tensor>(tensors).map(([name, tensor]) => [name, tensor.dataSync()]),
    ) as Record<Key, Float32Array>;
  return { ...numbers(rest), gradients: numbers(gradients) };
}

/** Compares every number of a golden model on the current backend. */
export async function checkParity(folder: string, compiled: boolean): Promise<void> {
  const golden = new GoldenModel(folder);
  const results = await compute(golden, compiled);
  expect(results.states, "hidden states").toBeAllClose(golden.values("hidden_states"), HIDDEN);
  expect(results.logits, "logits").toBeAllClose(golden.values("logits"), LOGITS);
  expect(results.tokenLogps, "token logps").toBeAllClose(golden.values("token_logps"), TOKEN_LOGPS);
  expect(results.sequenceLogps, "sequence logps").toBeAllClose(
    golden.values("sequence_logps"),
    SEQUENCE_LOGPS,
  );
  expect(results.meanNll, "mean nll").toBeAllClose(golden.values("mean_nll"), TOKEN_LOGPS);
  const stored = golden.storedGradients(results.gradients);
  expect(golden.gradientNames().length).toBeGreaterThanOrEqual(3);
  for (const name of golden.gradientNames()) {
    expect(stored.has(name), name).toBe(true);
    const expected = golden.values(name) as Float32Array;
    const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(stored.get(name), name).toBeAllClose(expected, {
      atol: GRADIENT_SHARE * largest,
      rtol: 0,
    });
  }
  const norms = golden.gradientNorms();
  expect(norms.size === 0 || norms.size === stored.size).toBe(true);
  for (const [name, norm] of norms) {
    const squares = stored.get(name)?.reduce((sum, x) => sum + x * x, 0) ?? Number.NaN;
    expect(Math.sqrt(squares), `norm of ${name}`).toBeAllClose(norm, {
      atol: 0,
      rtol: GRADIENT_SHARE,
    });
  }
}
