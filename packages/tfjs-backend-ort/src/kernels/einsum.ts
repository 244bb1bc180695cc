/**
 * Einsum of one or two operands, lowered to sums, transposes and one product, so that it shares the
 * speed and the semantics of those kernels for every type.
 */
import { backend_util, type EinsumAttrs, type Tensor } from "@tensorflow/tfjs-core";
import { type DType, sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { combine } from "./elementwise.ts";
import { type HandlerTable, listHandler } from "./kernel.ts";
import { matMul } from "./matmul.ts";
import { castTo, reduceOver, reshapeTo, transposeTo } from "./shape.ts";
import { shapeOnly } from "./tensor-info.ts";

/** A value whose axes are named, one distinct letter each. */
interface Labeled {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** Handler of Einsum. */
export const EINSUM: HandlerTable = {
  Einsum: listHandler<EinsumAttrs>((graph, values, { equation }) => {
    const { allDims, idDims } = backend_util.decodeEinsumEquation(equation, values.length);
    // Declared for tensors, but only shapes are read.
    backend_util.checkEinsumDimSizes(allDims.length, idDims, values.map(shapeOnly) as Tensor[]);
    const output = [...(equation.replace(/\s/g, "").split("->")[1] ?? "")];
    const labels = idDims.map((dims) => dims.map((dim) => allDims[dim] as string));
    const dtype = resultType(values, allDims.length > output.length);
    const [a, b] = values.map((value, i): Labeled => {
      const others = labels.filter((_, j) => j !== i).flat();
      const operand = { value: castTo(graph, value, dtype), labels: labels[i] ?? [] };
      return sumOut(graph, operand, [...output, ...others]);
    }) as [Labeled, Labeled?];
    return ordered(graph, b ? product(graph, a, b, output) : a, output).value;
  }),
};

/** Type of the result; bool counts as a number only when something is added up. */
function resultType(values: readonly Value[], sums: boolean): DType {
  if (values.some(({ dtype }) => dtype === "float32")) return "float32";
  return sums || values.some(({ dtype }) => dtype === "int32") ? "int32" : "bool";
}

/** Sums over the axes whose labels are not in `needed`. */
function sumOut(graph: Graph, { value, labels }: Labeled, needed: readonly string[]): Labeled {
  const axes = labels.flatMap((label, axis) => (needed.includes(label) ? [] : [axis]));
  if (axes.length === 0) return { value, labels };
  return {
    value: reduceOver(graph, "ReduceSum", value, axes, false),
    labels: labels.filter((label) => needed.includes(label)),
  };
}

/** Both operands multiplied, summed over the labels they share and `output` lacks. */
function product(graph: Graph, a: Labeled, b: Labeled, output: readonly string[]): Labeled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const inner = shared.filter((label) => !output.includes(label));
  if (inner.length === 0) return elementwiseProduct(graph, a, b, output);
  const batch = output.filter((label) => shared.includes(label));
  const left = output.filter((label) => a.labels.includes(label) && !shared.includes(label));
  const right = output.filter((label) => b.labels.includes(label) && !shared.includes(label));
  // Whichever side of the product an operand is stored for saves a transpose.
  const transposeA = same(a.labels, [...batch, ...inner, ...left]);
  const transposeB = same(b.labels, [...batch, ...right, ...inner]);
  const size = (labels: readonly string[]) => sizeOf(dimsOf(labels, a, b));
  const matrix = (operand: Labeled, groups: readonly (readonly string[])[]) => {
    const { value } = ordered(graph, operand, groups.flat());
    return reshapeTo(graph, value, groups.map(size));
  };
  const result = matMul(
    graph,
    matrix(a, transposeA ? [batch, inner, left] : [batch, left, inner]),
    matrix(b, transposeB ? [batch, right, inner] : [batch, inner, right]),
    { transposeA, transposeB },
  );
  const labels = [...batch, ...left, ...right];
  return { value: reshapeTo(graph, result, dimsOf(labels, a, b)), labels };
}

/** Both operands laid out along `output` and multiplied with broadcasting. */
function elementwiseProduct(
  graph: Graph,
  a: Labeled,
  b: Labeled,
  output: readonly string[],
): Labeled {
  const [x, y] = [a, b].map((operand) => {
    const own = output.filter((label) => operand.labels.includes(label));
    const { value } = ordered(graph, operand, own);
    const shape = output.map((label) => (own.includes(label) ? dimsOf([label], a, b)[0] : 1));
    return reshapeTo(graph, value, shape as number[]);
  }) as [Value, Value];
  return { value: combine(graph, x.dtype === "bool" ? "And" : "Mul", x, y), labels: output };
}

/** Transposes to the order of `labels`, which are those of `operand`. */
function ordered(graph: Graph, operand: Labeled, labels: readonly string[]): Labeled {
  const perm = labels.map((label) => operand.labels.indexOf(label));
  return { value: transposeTo(graph, operand.value, perm), labels };
}

function dimsOf(labels: readonly string[], a: Labeled, b: Labeled): number[] {
  return labels.map((label) => {
    const owner = a.labels.includes(label) ? a : b;
    return owner.value.shape[owner.labels.indexOf(label)] as number;
  });
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((label, i) => label === b[i]);
}
