/**
 * Where weights come from. Readers of the file formats implement `CheckpointSource` over a
 * `ByteSource`, which the caller opens: this folder touches no files.
 */

/** Bytes that are read piece by piece, such as an open file. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /**
   * Fills `target` with the bytes from `position` on.
   *
   * @throws CheckpointError when there are fewer.
   */
  read(target: Uint8Array, position: number): Promise<void>;
}

/** A stored tensor, without its elements. */
export interface TensorSpec {
  /** Type of the stored elements, in the words of the file format. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Elements of a stored tensor, row-major. Floats of every width come as float32. */
export type TensorValues = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** The tensors of a checkpoint, of which one at a time is read. */
export interface CheckpointSource {
  names(): readonly string[];
  /** @throws CheckpointError when there is no such tensor. */
  spec(name: string): TensorSpec;
  /** @throws CheckpointError when there is no such tensor, or the file is damaged. */
  read(name: string): Promise<TensorValues>;
}

/** Elements per stored type of a checkpoint, such as `{ F16: 70426624 }`, buffers included. */
export function storedTypes(source: CheckpointSource): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of source.names()) {
    const { dtype, shape } = source.spec(name);
    counts[dtype] = (counts[dtype] ?? 0) + elementCount(shape);
  }
  return counts;
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A shape for messages: `[2, 3]`. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
