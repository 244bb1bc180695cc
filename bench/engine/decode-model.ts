/**
 * One decoding step of the model in ./model.ts, compiled: a token per sequence in, the next one out,
 * drawn inside the graph from fed noise. Two ways to keep keys and values, see {@link CacheName}.
 */
import {
  gelu,
  type Jitted,
  jit,
  layerNorm,
  linear,
  logSoftmaxAt,
  updateAt,
} from "@preflab/tfjs-backend-ort";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Parameters } from "./model.ts";
import type { Size } from "./sizes.ts";

/**
 * `variables`: the cache is variables that the step writes one position of.
 * `feeds`: the cache is read-only arguments; the step returns new keys and values and the host
 * writes them.
 */
export type CacheName = "variables" | "feeds";

/** Draws a next token per sequence: `[B]` tokens at `position`, uniform noise `[B]` -> `[B]`. */
export type Decoder = (ids: Int32Array, position: number, noise: Float32Array) => Int32Array;

/** Keys and values of one layer. */
interface Pair {
  readonly keys: Tensor3D;
  readonly values: Tensor3D;
}

/** Takes queries and new keys and values of a layer `[B * H, 1, K]`; gives what they attend to. */
type Attend = (layer: number, q: Tensor3D, fresh: Pair) => Tensor3D;

interface Drawn {
  readonly ids: Tensor1D;
  readonly logps: Tensor1D;
}

const FORBIDDEN = -1e9;

/** @param size its `length` is the number of tokens decoded */
export function makeDecoder(cache: CacheName, size: Size, params: Parameters): Decoder {
  return cache === "variables" ? onVariables(size, params) : onFeeds(size, params);
}

function onVariables(size: Size, params: Parameters): Decoder {
  const { batch, length } = size;
  const empty = () => tf.variable(tf.zeros<tf.Rank.R3>(cacheShape(size)), false);
  const caches = Array.from({ length: size.layers }, () => ({ keys: empty(), values: empty() }));
  const step = jit((ids: Tensor1D, position: Tensor1D, noise: Tensor2D): Drawn => {
    const visible = tf.lessEqual(tf.range(0, length, 1, "int32"), position);
    const mask = tf.where(visible, 0, tf.fill([length], FORBIDDEN));
    const write = (cache: tf.Variable<tf.Rank.R3>, fresh: Tensor3D): Tensor3D => {
      cache.assign(updateAt(cache, position, fresh));
      return cache;
    };
    const attend: Attend = (layer, q, fresh) => {
      const { keys, values } = caches[layer] as (typeof caches)[number];
      const products = tf.matMul(q, write(keys, fresh.keys), false, true);
      return tf.matMul(softmax(tf.add(products, mask) as Tensor3D, q), write(values, fresh.values));
    };
    return draw(size, params, ids, position, noise, attend);
  });
  return runner(batch, (ids, position, noise) => step(ids, position, noise));
}

function onFeeds(size: Size, params: Parameters): Decoder {
  const { batch, layers, length } = size;
  const shape = cacheShape(size);
  const buffers = Array.from({ length: 2 * layers }, () => {
    return new Float32Array(shape[0] * shape[1] * shape[2]);
  });
  // Tensors on these arrays see what the host writes into them.
  const feeds = buffers.map((buffer) => tf.keep(tf.tensor3d(buffer, shape)));
  const step: Jitted<[Tensor1D, Tensor1D, Tensor2D, Tensor3D[]], Drawn & { fresh: Tensor3D[] }> =
    jit((ids, position, noise, feeds) => {
      const visible = tf.less(tf.range(0, length, 1, "int32"), position);
      const mask = tf.where(visible, 0, tf.fill([length], FORBIDDEN));
      const fresh: Tensor3D[] = [];
      const attend: Attend = (layer, q, { keys, values }) => {
        fresh.push(keys, values);
        const [pastKeys, pastValues] = feeds.slice(2 * layer) as [Tensor3D, Tensor3D];
        const past = tf.add(tf.matMul(q, pastKeys, false, true), mask) as Tensor3D;
        const weights = softmax(tf.concat([past, tf.matMul(q, keys, false, true)], 2), q);
        const [old, own] = tf.split(weights, [length, 1], 2) as [Tensor3D, Tensor3D];
        return tf.add(tf.matMul(old, pastValues), tf.mul(own, values));
      };
      return { ...draw(size, params, ids, position, noise, attend), fresh };
    });
  return runner(batch, (ids, position, noise, at) => {
    const { fresh, ...drawn } = step(ids, position, noise, feeds);
    fresh.forEach((tensor, i) => {
      copyInto(buffers[i] as Float32Array, tensor.dataSync<"float32">(), shape, at);
    });
    tf.dispose(fresh);
    return drawn;
  });
}

/** Copies rows `[B * H, K]` to position `at` of a cache `[B * H, T, K]`. */
function copyInto(
  cache: Float32Array,
  fresh: Float32Array,
  [rows, length, width]: readonly [number, number, number],
  at: number,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    const to = (row * length + at) * width;
    for (let i = 0; i < width; i++) cache[to + i] = fresh[from + i] as number;
  }
}

/** The model up to the drawn token and its log-probability; inverse of the cumulative distribution. */
function draw(
  size: Size,
  params: Parameters,
  ids: Tensor1D,
  position: Tensor1D,
  noise: Tensor2D,
  attend: Attend,
): Drawn {
  const { batch, width, heads, layers, vocabulary } = size;
  const weight = <T extends Tensor>(name: string) => params[name] as Tensor as T;
  const tokens = weight<Tensor2D>("tokens");
  let x = tf.add(tf.gather(tokens, ids), tf.gather(weight("positions"), position)) as Tensor2D;
  for (let layer = 0; layer < layers; layer++) {
    const at = <T extends Tensor>(name: string) => weight<T>(`${layer}.${name}`);
    const norm = (name: string, x: Tensor2D) =>
      layerNorm(x, at<Tensor1D>(`${name}.scale`), at<Tensor1D>(`${name}.offset`));
    const map = (name: string, x: Tensor2D) =>
      linear(x, at<Tensor2D>(`${name}.w`), at<Tensor1D>(`${name}.b`));
    const split = tf.split(map("qkv", norm("norm1", x)), 3, 1);
    const [q, keys, values] = split.map((part) =>
      tf.reshape(part, [batch * heads, 1, width / heads]),
    ) as [Tensor3D, Tensor3D, Tensor3D];
    const attended = tf.reshape(attend(layer, q, { keys, values }), [batch, width]) as Tensor2D;
    x = tf.add(x, map("projection", attended));
    x = tf.add(x, map("down", gelu(map("up", norm("norm2", x)))));
  }
  const hidden = layerNorm(x, weight<Tensor1D>("norm.scale"), weight<Tensor1D>("norm.offset"));
  const logits = tf.matMul(hidden, tokens, false, true) as Tensor2D;
  // Counted in float32, whose sums are vectorised; exact up to 2^24.
  const below = tf.cast(tf.less(tf.cumsum(tf.softmax(logits), 1), noise), "float32");
  const drawn = tf.cast(tf.minimum(tf.sum(below, 1), vocabulary - 1), "int32") as Tensor1D;
  return { ids: drawn, logps: logSoftmaxAt(logits, drawn) };
}

/**
 * Attention weights of scores that are not scaled yet. Scaled here and not right after the product,
 * ONNX Runtime cannot make the scale part of the product, which would cost the fast path that its
 * products of a single row have.
 */
function softmax(scores: Tensor3D, q: Tensor3D): Tensor3D {
  return tf.softmax(tf.mul(scores, 1 / Math.sqrt(q.shape[2])));
}

function cacheShape({ batch, heads, length, width }: Size): [number, number, number] {
  return [batch * heads, length, width / heads];
}

function runner(
  batch: number,
  step: (ids: Tensor1D, position: Tensor1D, noise: Tensor2D, at: number) => Drawn,
): Decoder {
  return (ids, position, noise) => {
    const inputs = [
      tf.tensor1d(ids, "int32"),
      tf.tensor1d([position], "int32"),
      tf.tensor2d(noise, [batch, 1]),
    ] as const;
    const drawn = step(...inputs, position);
    const next = drawn.ids.dataSync<"int32">();
    tf.dispose([...inputs, drawn.ids, drawn.logps]);
    return next;
  };
}
