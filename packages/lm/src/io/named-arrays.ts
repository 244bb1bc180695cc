/** Safetensors files of float32 arrays by name: optimizer state, adapters. */
import { CheckpointError } from "../checkpoint/error.ts";
import { encodeHeader } from "../checkpoint/safetensors.ts";
import { writeAtomically } from "./atomic-file.ts";
import { openSafetensors } from "./safetensors-file.ts";

/** An array to be written, which is asked for when its turn comes. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: () => Promise<Float32Array>;
}

/** Writes a file, atomically; holds one array at a time. */
export async function writeArrays(path: string, arrays: readonly NamedArray[]): Promise<void> {
  await writeAtomically(path, async (append) => {
    await append(encodeHeader(arrays.map(({ name, shape }) => ({ name, shape, dtype: "F32" }))));
    for (const { values } of arrays) {
      const { buffer, byteOffset, byteLength } = await values();
      await append(new Uint8Array(buffer, byteOffset, byteLength));
    }
  });
}

/**
 * Reads the arrays of `shapes`, one after another, and hands them to `use`.
 * @throws CheckpointError when the file is damaged, or has others or of other shapes: `use` is then
 *   not called
 */
export async function readArrays(
  path: string,
  shapes: Readonly<Record<string, readonly number[]>>,
  use: (name: string, values: Float32Array) => void,
): Promise<void> {
  const file = await openSafetensors(path);
  try {
    const stored = new Set(file.names());
    for (const name of new Set([...stored, ...Object.keys(shapes)])) {
      const expected = shapes[name];
      const actual = stored.has(name) ? file.spec(name).shape : undefined;
      if (expected && actual && expected.join() === actual.join()) continue;
      throw new CheckpointError(
        `${path}: expected ${name} to be ${show(expected)}, got ${show(actual)}. The file is of ` +
          "another model or training.",
      );
    }
    for (const name of Object.keys(shapes)) {
      const values = await file.read(name);
      if (values instanceof Float32Array) use(name, values);
      else throw new CheckpointError(`${path}: expected ${name} to hold floats, got integers.`);
    }
  } finally {
    await file.close();
  }
}

/** Shape of every array of a file. */
export async function arrayShapes(path: string): Promise<Record<string, readonly number[]>> {
  const file = await openSafetensors(path);
  try {
    return Object.fromEntries(file.names().map((name) => [name, file.spec(name).shape]));
  } finally {
    await file.close();
  }
}

function show(shape: readonly number[] | undefined): string {
  return shape ? `[${shape}]` : "absent";
}
