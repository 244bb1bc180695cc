/**
 * Kernels that tfjs has not: the fused parts of the operations in ../ops. Each is one ONNX operator
 * or a short chain that would otherwise store large intermediates. They have no gradients.
 */
import type { Graph, Value } from "../graph/graph.ts";
import { checkedRows } from "./flat-indices.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { emptyOf, expandTo, isEmpty, reshapeTo } from "./shape.ts";

interface Epsilon {
  readonly epsilon: number;
}

type CacheInputs = "q" | "k" | "v" | "keys" | "values" | "lengths";

interface CacheAttributes {
  readonly scale: number;
  /** 0 for none. */
  readonly window: number;
}

/** Handlers of the kernels behind ../ops. */
export const NEURAL: HandlerTable = {
  /** Normalised rows `[N, D]`, their means `[N, 1]`, their inverse standard deviations `[N, 1]`. */
  LayerNormalization: handler<"x" | "scale" | "offset", Epsilon>(
    (graph, { x, scale, offset }, { epsilon }) =>
      normalization(graph, "LayerNormalization", [x, scale, offset], 3, epsilon),
  ),

  /** Normalised rows `[N, D]`, their inverse root mean squares `[N, 1]`. */
  RootMeanSquareNormalization: handler<"x" | "scale", Epsilon>((graph, { x, scale }, { epsilon }) =>
    normalization(graph, "SimplifiedLayerNormalization", [x, scale], 2, epsilon),
  ),

  /** The tanh form. */
  Gelu: handler<"x">((graph, { x }) =>
    isEmpty(x) ? x : graph.node("FastGelu", [x], x, {}, "com.microsoft"),
  ),

  /** The exact form. */
  GeluErf: handler<"x">((graph, { x }) =>
    isEmpty(x) ? x : graph.node("Gelu", [x], x, {}, "com.microsoft"),
  ),

  /** ONNX Runtime's QuickGelu is `x sigmoid(alpha x)`. */
  Silu: handler<"x">((graph, { x }) =>
    isEmpty(x) ? x : graph.node("QuickGelu", [x], x, { alpha: { float: 1 } }, "com.microsoft"),
  ),

  /** `[B, H, T, K]` rotated by the angles whose cosines and sines are `[B, T, R / 2]`. */
  RotaryEmbedding: handler<"x" | "cos" | "sin">((graph, { x, cos, sin }) => {
    if (isEmpty(x)) return x;
    const [batch, heads, length] = x.shape as [number, number, number];
    const [, , half] = cos.shape as [number, number, number];
    // The operator looks angles up by position: here every token is its own position.
    const ids = BigInt64Array.from({ length: batch * length }, (_, i) => BigInt(i));
    const tables = [cos, sin].map((table) => reshapeTo(graph, table, [batch * length, half]));
    return graph.node(
      "RotaryEmbedding",
      [x, graph.constant(ids, [batch, length], "int64"), ...tables],
      x,
      { num_heads: { int: heads }, rotary_embedding_dim: { int: 2 * half } },
      "com.microsoft",
    );
  }),

  /** The chosen elements `[N]`, then the whole log-softmax `[N, V]` for the gradient. */
  LogSoftmaxAt: handler<"logits" | "indices">((graph, { logits, indices }) => {
    const rows = logits.shape[0] as number;
    if (isEmpty(logits)) return [emptyOf(graph, [rows], "float32"), logits];
    const all = graph.node("LogSoftmax", [logits], logits, { axis: { int: 1 } });
    const column = reshapeTo(graph, indices, [rows, 1]);
    const spec = { shape: [rows, 1], dtype: logits.dtype };
    const chosen = graph.node("GatherElements", [all, column], spec, { axis: { int: 1 } });
    return [reshapeTo(graph, chosen, [rows]), all];
  }),

  /** Gradient of the logits `[N, V]`: `(oneHot(indices) - exp(logSoftmax)) * dy` by rows. */
  LogSoftmaxAtGrad: handler<"dy" | "logSoftmax" | "indices">(
    (graph, { dy, logSoftmax, indices }) => {
      if (isEmpty(logSoftmax)) return logSoftmax;
      const rows = logSoftmax.shape[0] as number;
      const column = reshapeTo(graph, dy, [rows, 1]);
      const probabilities = graph.node("Exp", [logSoftmax], logSoftmax);
      const pulled = graph.node("Mul", [probabilities, graph.node("Neg", [column], column)], {
        shape: logSoftmax.shape,
        dtype: logSoftmax.dtype,
      });
      return graph.node(
        "ScatterElements",
        [pulled, reshapeTo(graph, indices, [rows, 1]), column],
        logSoftmax,
        { axis: { int: 1 }, reduction: { string: "add" } },
      );
    },
  ),

  /** What was attended to `[B, H, 1, K]`, then keys and values `[B, G, S, K]` with the new column. */
  CachedAttention: handler<CacheInputs, CacheAttributes>(cachedAttention),

  /** `x` with `update` at `position`. The places differ, so ScatterND's threads do not meet. */
  UpdateAt: handler<"x" | "position" | "update">((graph, { x, position, update }) => {
    if (isEmpty(x)) return x;
    const [rows, length, width] = x.shape as [number, number, number];
    const at = reshapeTo(graph, checkedRows(graph, position, length, "UpdateAt"), [1, 1]);
    const numbers = BigInt64Array.from({ length: rows }, (_, i) => BigInt(i));
    const columns = [graph.constant(numbers, [rows, 1], "int64"), expandTo(graph, at, [rows, 1])];
    const pair = { shape: [rows, 2], dtype: "int64" } as const;
    const places = graph.node("Concat", columns, pair, { axis: { int: 1 } });
    return graph.node("ScatterND", [x, places, reshapeTo(graph, update, [rows, width])], x);
  }),
};

/** ONNX Runtime checks the lengths itself. It wants one row of all heads per token. */
function cachedAttention(
  graph: Graph,
  { q, k, v, keys, values, lengths }: Readonly<Record<CacheInputs, Value>>,
  { scale, window }: CacheAttributes,
): Value[] {
  const [batch, heads, , width] = q.shape as [number, number, number, number];
  const [, groups, columns] = keys.shape as [number, number, number];
  const row = (value: Value, count: number) => reshapeTo(graph, value, [batch, 1, count * width]);
  const total = graph.fill(columns, [1], "int32");
  const [attended, ...caches] = graph.multiNode(
    "GroupQueryAttention",
    [row(q, heads), row(k, groups), row(v, groups), keys, values, lengths, total],
    [{ shape: [batch, 1, heads * width], dtype: q.dtype }, keys, values],
    {
      num_heads: { int: heads },
      kv_num_heads: { int: groups },
      scale: { float: scale },
      ...(window === 0 ? {} : { local_window_size: { int: window } }),
    },
    "com.microsoft",
  ) as [Value, Value, Value];
  return [reshapeTo(graph, attended, q.shape), ...caches];
}

/** A normalisation of rows: the result and `statistics - 1` columns of row statistics. */
function normalization(
  graph: Graph,
  op: string,
  inputs: readonly [Value, ...Value[]],
  outputs: 2 | 3,
  epsilon: number,
): Value[] {
  const [x] = inputs;
  const rows = { shape: [x.shape[0] as number, 1], dtype: x.dtype };
  const statistics = Array.from({ length: outputs - 1 }, () => rows);
  if (isEmpty(x)) return [x, ...statistics.map(({ shape, dtype }) => graph.fill(0, shape, dtype))];
  const attributes = { axis: { int: -1 }, epsilon: { float: epsilon } };
  return graph.multiNode(op, inputs, [x, ...statistics], attributes);
}
