/**
 * Reader of the safetensors layout for golden numbers: 8 bytes of header length, a JSON header,
 * then the data. F32 and I32 only, which is all that fixtures of numbers hold.
 */

/** A named array of a fixture. */
export interface GoldenTensor {
  readonly dtype: "F32" | "I32";
  readonly shape: readonly number[];
  /** Row-major elements, as many as the shape has. */
  readonly values: Float32Array | Int32Array;
}

/**
 * Decodes a safetensors file of F32 and I32 tensors. The elements are copied, because a file does
 * not have to align them.
 *
 * @throws Error when the header, a dtype or a range of bytes is not valid.
 */
export function parseSafetensors(bytes: Uint8Array): Map<string, GoldenTensor> {
  const headerLength = readHeaderLength(bytes);
  const dataStart = 8 + headerLength;
  const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, dataStart)));
  if (typeof header !== "object" || header === null) throw invalid("the header is not an object");
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== "__metadata__") tensors.set(name, readTensor(name, entry, bytes, dataStart));
  }
  return tensors;
}

function readHeaderLength(bytes: Uint8Array): number {
  if (bytes.length < 8) throw invalid(`expected at least 8 bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) {
    throw invalid(`expected a header inside the file, got one of ${length} bytes`);
  }
  return Number(length);
}

function readTensor(
  name: string,
  entry: unknown,
  bytes: Uint8Array,
  dataStart: number,
): GoldenTensor {
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (dtype !== "F32" && dtype !== "I32") {
    throw invalid(`"${name}": expected dtype F32 or I32, got ${String(dtype)}`);
  }
  if (!isNumberList(shape) || !isNumberList(offsets)) {
    throw invalid(`"${name}": expected number lists "shape" and "data_offsets"`);
  }
  const [begin = -1, end = -1] = offsets;
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (begin < 0 || end - begin !== size * 4 || dataStart + end > bytes.length) {
    throw invalid(`"${name}": expected ${size * 4} bytes inside the file, got ${begin}..${end}`);
  }
  // Not bytes.slice(): on a Buffer that is a view.
  const { buffer } = Uint8Array.from(bytes.subarray(dataStart + begin, dataStart + end));
  const values = dtype === "F32" ? new Float32Array(buffer) : new Int32Array(buffer);
  return { dtype, shape, values };
}

function isNumberList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((element) => Number.isInteger(element));
}

function invalid(problem: string): Error {
  return new Error(`parseSafetensors: ${problem}. Check that the file is complete.`);
}
