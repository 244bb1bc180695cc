/**
 * Computes nodes on the host. Only operators whose result is the same, bit for bit, wherever it is
 * computed (but for the bits of a NaN): no roots, no exponentials, no sums of many terms.
 */
import { allocate, type DType, type HostArray, sizeOf } from "../graph/dtypes.ts";
import type { Node, Value } from "../graph/graph.ts";

/** Elements of a node's output, one by one, from the elements of its inputs. */
type Elementwise = (operands: readonly Scalar[], dtype: DType) => Scalar | null;
/** bigint for int64 only. */
type Scalar = number | bigint;

const FLOATS: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};
const INTEGERS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
};
const UNARY: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Abs: (x) => Math.abs(x),
  Floor: (x) => Math.floor(x),
  Ceil: (x) => Math.ceil(x),
};
const COMPARISONS: Readonly<Record<string, (a: Scalar, b: Scalar) => boolean>> = {
  Equal: (a, b) => a === b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
};

/**
 * The elements of the one output of `node`; `null` where an input is not constant, the output has
 * more than `maxElements`, or the operator is not one of those computed here.
 */
export function evaluate(node: Node, maxElements: number): HostArray | null {
  const [output] = node.outputs;
  if (output === undefined) return null;
  for (const value of node.inputs) if (value?.data === undefined) return null;
  const inputs = node.inputs as readonly Constant[];
  if (node.op === "Reshape") return inputs[0]?.data ?? null;
  if (sizeOf(output.shape) > maxElements) return null;
  const source = places(node, inputs, output);
  if (source !== null) return pick(inputs[0] as Constant, output, source);
  const compute = elementwise(node.op);
  return compute && broadcastCompute(inputs, output, compute);
}

type Constant = Value & { readonly data: HostArray };

/** For each element of the output where it comes from in the first input, for movement operators. */
function places(node: Node, inputs: readonly Constant[], output: Value): Int32Array | null {
  const [x] = inputs;
  if (x === undefined) return null;
  if (node.op === "Identity") return walk([x.data.length], [1]);
  if (node.op === "Expand") return broadcastPlaces(x.shape, output.shape);
  if (node.op !== "Transpose") return null;
  const perm = node.attributes["perm"];
  const axes = perm && "ints" in perm ? perm.ints : x.shape.map((_, i) => x.shape.length - 1 - i);
  const strides = stridesOf(x.shape);
  return walk(
    output.shape,
    axes.map((axis) => strides[axis] as number),
  );
}

function pick(from: Constant, to: Value, source: Int32Array): HostArray {
  const data = allocate(to.dtype, source.length);
  for (let i = 0; i < source.length; i++) data[i] = from.data[source[i] as number] as never;
  return data;
}

function elementwise(op: string): Elementwise | null {
  const [float, integer, unary, comparison] = [
    FLOATS[op],
    INTEGERS[op],
    UNARY[op],
    COMPARISONS[op],
  ];
  if (op === "Cast") return ([x], dtype) => convert(x as Scalar, dtype);
  if (op === "Where") return ([condition, yes, no]) => (condition ? yes : no) as Scalar;
  if (op === "Not") return ([x]) => (x ? 0 : 1);
  if (comparison) return ([a, b]) => (comparison(a as Scalar, b as Scalar) ? 1 : 0);
  if (unary) {
    // ONNX Runtime's integer forms overflow in their own ways.
    return ([x], dtype) => (isFloat(dtype) ? unary(x as number) : null);
  }
  if (!float) return null;
  return ([a, b], dtype) => {
    if (isFloat(dtype)) return float(a as number, b as number);
    if (!integer || (dtype !== "int32" && dtype !== "int64")) return null;
    const exact = integer(BigInt(a as Scalar), BigInt(b as Scalar));
    return dtype === "int64" ? BigInt.asIntN(64, exact) : Number(BigInt.asIntN(32, exact));
  };
}

/**
 * Storing a double-precision sum, product or quotient of float32 numbers in a Float32Array rounds to
 * what single precision gives: double has more than twice the digits.
 */
function broadcastCompute(
  inputs: readonly Constant[],
  output: Value,
  compute: Elementwise,
): HostArray | null {
  const data = allocate(output.dtype, sizeOf(output.shape));
  const sources = inputs.map((value) => broadcastPlaces(value.shape, output.shape));
  for (let i = 0; i < data.length; i++) {
    const operands = inputs.map((value, k) => value.data[sources[k]?.[i] as number] as Scalar);
    const result = compute(operands, output.dtype);
    if (result === null) return null;
    data[i] = result as never;
  }
  return data;
}

/** `null` where the standard does not define the result: numbers that the type cannot hold. */
function convert(value: Scalar, dtype: DType): Scalar | null {
  // NaN is true, as in C.
  if (dtype === "bool") return value === 0 || value === 0n ? 0 : 1;
  const number = Math.trunc(Number(value));
  if (isFloat(dtype)) {
    // Rounding to double first would round twice.
    return typeof value === "bigint" && !Number.isSafeInteger(number) ? null : Number(value);
  }
  if (dtype === "int64") {
    if (typeof value === "bigint") return value;
    return Math.abs(number) < 2 ** 63 ? BigInt(number) : null;
  }
  const [low, high] = dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 255];
  return number >= low && number <= high ? number : null;
}

function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] as number;
  }
  return strides;
}

function broadcastPlaces(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = stridesOf(from);
  const offset = to.length - from.length;
  return walk(
    to,
    to.map((_, i) => (i < offset || from[i - offset] === 1 ? 0 : (strides[i - offset] as number))),
  );
}

/** Offsets met when an array of `shape` with `strides` is read in row-major order. */
function walk(shape: readonly number[], strides: readonly number[]): Int32Array {
  let offsets = Int32Array.of(0);
  for (let axis = 0; axis < shape.length; axis++) {
    const dim = shape[axis] as number;
    const next = new Int32Array(offsets.length * dim);
    for (let i = 0; i < next.length; i++) {
      next[i] = (offsets[Math.floor(i / dim)] as number) + (i % dim) * (strides[axis] as number);
    }
    offsets = next;
  }
  return offsets;
}
