/**
 * Element types of graph values: the three tfjs types that tensors can have plus the ONNX types
 * that only appear inside a graph (indices, exact integer arithmetic).
 */

/** Element type of a graph value. Tensors at the edge of a graph are float32, int32 or bool. */
export type DType = "float32" | "int32" | "bool" | "int64" | "float64" | "uint8";

/** Host memory of a value: one typed array, row-major. bool is stored as 0 or 1 in a Uint8Array. */
export type HostArray = Float32Array | Int32Array | Uint8Array | BigInt64Array | Float64Array;

interface DTypeInfo {
  /** `TensorProto.DataType` of the ONNX specification. */
  readonly onnx: number;
  readonly bytes: number;
  readonly array: new (length: number) => HostArray;
}

const DTYPES: Readonly<Record<DType, DTypeInfo>> = {
  float32: { onnx: 1, bytes: 4, array: Float32Array },
  uint8: { onnx: 2, bytes: 1, array: Uint8Array },
  int32: { onnx: 6, bytes: 4, array: Int32Array },
  int64: { onnx: 7, bytes: 8, array: BigInt64Array },
  bool: { onnx: 9, bytes: 1, array: Uint8Array },
  float64: { onnx: 11, bytes: 8, array: Float64Array },
};

/** The number ONNX gives `dtype` (`TensorProto.DataType`). */
export function onnxType(dtype: DType): number {
  return DTYPES[dtype].onnx;
}

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return DTYPES[dtype].bytes;
}

/** A zeroed host array of `length` elements. */
export function allocate(dtype: DType, length: number): HostArray {
  return new DTYPES[dtype].array(length);
}

/** Whether `dtype` names one of the element types a graph can hold. */
export function isDType(dtype: string): dtype is DType {
  return Object.hasOwn(DTYPES, dtype);
}

/** Number of elements of `shape`; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** Whether two shapes are equal, dimension by dimension. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
