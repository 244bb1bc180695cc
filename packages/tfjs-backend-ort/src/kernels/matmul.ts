/**
 * Matrix products. Transposes never become nodes for floats: Gemm takes them for plain matrices,
 * com.microsoft FusedMatMul for batches. Batches of the left side against one right side are one
 * plain product over all rows.
 */
import type { BatchMatMulAttrs, BatchMatMulInputs } from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { combine } from "./elementwise.ts";
import { activate, type FusedActivation } from "./fused-activation.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import {
  broadcastShapes,
  castTo,
  emptyOf,
  filled,
  isEmpty,
  reshapeTo,
  transposeTo,
} from "./shape.ts";

/** Which sides are stored with their last two dimensions swapped. */
export interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

interface FusedMatMulInputs {
  readonly a: Value;
  readonly b: Value;
  readonly bias?: Value;
  readonly preluActivationWeights?: Value;
}

/**
 * Product of the last two dimensions, over all others broadcast, plus an optional bias.
 * @param a `[..., M, K]`, or `[..., K, M]` with `transposeA`
 * @param b `[..., K, N]`, or `[..., N, K]` with `transposeB`; same type as `a`
 * @param bias broadcasts to `[..., M, N]`; same type as `a`
 * @returns `[..., M, N]` in the type of `a`; integers wrap around
 */
export function matMul(
  graph: Graph,
  a: Value,
  b: Value,
  transposes: Transposes,
  bias?: Value,
): Value {
  const { transposeA, transposeB } = transposes;
  const m = a.shape.at(transposeA ? -1 : -2) as number;
  const k = a.shape.at(transposeA ? -2 : -1) as number;
  const n = b.shape.at(transposeB ? -2 : -1) as number;
  const inner = b.shape.at(transposeB ? -1 : -2);
  if (inner !== k) {
    throw new Error(
      `BatchMatMul: expected equal inner dimensions, got ${k} and ${inner} of [${a.shape}] and ` +
        `[${b.shape}] with transposeA=${transposeA}, transposeB=${transposeB}.`,
    );
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, m, n];
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, a.dtype);
  if (a.dtype !== "float32") return integerProduct(graph, a, b, transposes, shape, bias);
  if (k === 0) return plusBias(graph, filled(graph, 0, shape, a.dtype), bias);
  const oneRight = isOneMatrix(b);
  if (oneRight && (!transposeA || isOneMatrix(a))) {
    const rows = sizeOf(a.shape) / k;
    const left = reshapeTo(graph, a, transposeA ? [k, rows] : [rows, k]);
    const right = reshapeTo(graph, b, b.shape.slice(-2));
    const fits = bias && isGemmBias(bias, rows === m);
    const product = plainProduct(
      graph,
      left,
      right,
      transposes,
      [rows, n],
      fits ? bias : undefined,
    );
    const result = reshapeTo(graph, product, shape);
    return fits ? result : plusBias(graph, result, bias);
  }
  return plusBias(graph, batchProduct(graph, a, b, transposes, shape), bias);
}

/** Handlers of the matrix products. */
export const MATMUL: HandlerTable = {
  BatchMatMul: handler<keyof BatchMatMulInputs, BatchMatMulAttrs>((graph, { a, b }, attributes) =>
    matMul(graph, a, b, attributes),
  ),

  _FusedMatMul: handler<"a" | "b", Transposes & FusedActivation>((graph, inputs, attributes) => {
    const { a, b, bias, preluActivationWeights }: FusedMatMulInputs = inputs;
    const product = matMul(graph, a, b, attributes, bias);
    return activate(graph, product, attributes, preluActivationWeights);
  }),
};

/** `[rows, K] x [K, N]` with either side stored transposed. */
function plainProduct(
  graph: Graph,
  a: Value,
  b: Value,
  { transposeA, transposeB }: Transposes,
  shape: readonly number[],
  bias: Value | undefined,
): Value {
  const spec = { shape, dtype: a.dtype };
  if (!transposeA && !transposeB && !bias) return graph.node("MatMul", [a, b], spec);
  const attributes = { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) } };
  if (!bias) return graph.node("Gemm", [a, b], spec, attributes);
  return graph.node("Gemm", [a, b, withoutLeadingOnes(graph, bias)], spec, attributes);
}

function batchProduct(
  graph: Graph,
  a: Value,
  b: Value,
  { transposeA, transposeB }: Transposes,
  shape: readonly number[],
): Value {
  const spec = { shape, dtype: a.dtype };
  if (!transposeA && !transposeB) return graph.node("MatMul", [a, b], spec);
  const attributes = { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) } };
  return graph.node("FusedMatMul", [a, b], spec, attributes, "com.microsoft");
}

/** ONNX Runtime multiplies integer matrices only as they are stored. */
function integerProduct(
  graph: Graph,
  a: Value,
  b: Value,
  { transposeA, transposeB }: Transposes,
  shape: readonly number[],
  bias: Value | undefined,
): Value {
  const left = castTo(graph, transposeA ? swapLast(graph, a) : a, "int32");
  const right = castTo(graph, transposeB ? swapLast(graph, b) : b, "int32");
  const product = isEmpty(left)
    ? filled(graph, 0, shape, "int32")
    : graph.node("MatMul", [left, right], { shape, dtype: "int32" });
  const sum = plusBias(graph, product, bias && castTo(graph, bias, "int32"));
  return castTo(graph, sum, a.dtype);
}

function plusBias(graph: Graph, product: Value, bias: Value | undefined): Value {
  if (!bias) return product;
  return combine(graph, "Add", product, bias);
}

function swapLast(graph: Graph, value: Value): Value {
  const last = value.shape.length - 1;
  const perm = value.shape.map((_, i) => i);
  return transposeTo(graph, value, [...perm.slice(0, -2), last, last - 1]);
}

/** Whether all dimensions but the last two are 1. */
function isOneMatrix({ shape }: Value): boolean {
  return sizeOf(shape.slice(0, -2)) === 1;
}

/** Whether Gemm can add `bias`: one row for all rows, or a matrix if the product has no batches. */
function isGemmBias({ shape }: Value, oneBatch: boolean): boolean {
  const rank = shape.length - leadingOnes(shape);
  return rank <= 1 || (rank === 2 && oneBatch);
}

function withoutLeadingOnes(graph: Graph, value: Value): Value {
  return reshapeTo(graph, value, value.shape.slice(leadingOnes(value.shape)));
}

function leadingOnes(shape: readonly number[]): number {
  const first = shape.findIndex((dim) => dim !== 1);
  return first < 0 ? shape.length : first;
}
