/** Element types of the safetensors format: their sizes, and their bytes to and from numbers. */
import { narrowBf16, narrowF16, widenBf16, widenF16 } from "./half.ts";
import type { TensorValues } from "./source.ts";

/** Bytes per element. */
const SIZES = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8, U8: 1, BOOL: 1 } as const;

/** An element type that can be read. */
export type Dtype = keyof typeof SIZES;

/** An element type that can be written. */
export type FloatDtype = "F32" | "F16" | "BF16";

/** Whether a name is that of a type that can be read. */
export function isDtype(name: unknown): name is Dtype {
  return typeof name === "string" && Object.hasOwn(SIZES, name);
}

/** The types that can be read, for messages. */
export const dtypeNames: string = Object.keys(SIZES).join(", ");

/** Bytes of one element. */
export function dtypeSize(dtype: Dtype): number {
  return SIZES[dtype];
}

/** Room for elements of a type: float32 for the float types, else as stored. */
export function allocate(dtype: Dtype, length: number): TensorValues {
  switch (dtype) {
    case "I32":
      return new Int32Array(length);
    case "I64":
      return new BigInt64Array(length);
    case "U8":
    case "BOOL":
      return new Uint8Array(length);
    default:
      return new Float32Array(length);
  }
}

/** Whether elements are stored as they are held, so that bytes can be read in place. */
export function isStoredAsHeld(dtype: Dtype): boolean {
  return dtype !== "F16" && dtype !== "BF16";
}

/** Widens stored 16-bit floats into `target`, from element `at` on. */
export function widen(
  dtype: "F16" | "BF16",
  bits: Uint16Array,
  target: Float32Array,
  at: number,
): void {
  if (dtype === "F16") widenF16(bits, target, at);
  else widenBf16(bits, target, at);
}

/** The bytes that hold `values` as `dtype`, rounded to nearest, ties to even. */
export function encode(dtype: FloatDtype, values: Float32Array): Uint8Array {
  const elements =
    dtype === "F32" ? values : dtype === "F16" ? narrowF16(values) : narrowBf16(values);
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}
