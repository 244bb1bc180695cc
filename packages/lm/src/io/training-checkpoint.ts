/**
 * A checkpoint of a training run as a folder: params.safetensors (variables by name),
 * optimizer.safetensors (state by `<slot>/<variable>`), trainer_state.json (step and random
 * streams). ./run-folder.ts knows which one is the latest.
 */
import { join } from "node:path";
import { tensor, type Variable } from "@tensorflow/tfjs-core";
import { CheckpointError } from "../checkpoint/error.ts";
import { parseJsonObject } from "../checkpoint/json.ts";
import { encodeHeader } from "../checkpoint/safetensors.ts";
import { elementCount } from "../checkpoint/source.ts";
import type { Variables } from "../params.ts";
import type { Snapshot } from "../train/loop.ts";
import { writeAtomically, writeTextAtomically } from "./atomic-file.ts";
import { readSmallFile } from "./file-bytes.ts";
import { openSafetensors } from "./safetensors-file.ts";

const PARAMS = "params.safetensors";
const OPTIMIZER = "optimizer.safetensors";
const STATE = "trainer_state.json";

/** What {@link readCheckpoint} returns. */
export interface TrainingCheckpoint extends Snapshot {
  /** Positions of random streams by name. */
  readonly streams: Readonly<Record<string, number>>;
}

/** A named array to be written. */
interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: () => Promise<Float32Array>;
}

/** Writes a checkpoint into an empty folder. */
export async function writeCheckpoint(
  folder: string,
  variables: Variables,
  { step, optimizer }: Snapshot,
  streams: Readonly<Record<string, number>>,
): Promise<void> {
  await writeArrays(
    join(folder, PARAMS),
    Object.entries(variables).map(([name, variable]) => ({
      name,
      shape: variable.shape,
      values: () => variable.data<"float32">(),
    })),
  );
  await writeArrays(
    join(folder, OPTIMIZER),
    Object.entries(optimizer.slots).map(([name, values]) => ({
      name,
      shape: [values.length],
      values: async () => values,
    })),
  );
  const state = { version: 1, step, optimizerStep: optimizer.step, streams };
  await writeTextAtomically(join(folder, STATE), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * Reads a checkpoint and gives `variables` its values.
 * @throws CheckpointError when it is damaged, or of other variables, which are then unchanged
 */
export async function readCheckpoint(
  folder: string,
  variables: Variables,
): Promise<TrainingCheckpoint> {
  const state = parseState(await readSmallFile(join(folder, STATE)));
  const slots = await readArrays(join(folder, OPTIMIZER));
  await restoreVariables(join(folder, PARAMS), variables);
  const { step, optimizerStep, streams } = state;
  return { step, streams, optimizer: { step: optimizerStep, slots } };
}

async function writeArrays(path: string, arrays: readonly NamedArray[]): Promise<void> {
  await writeAtomically(path, async (append) => {
    await append(encodeHeader(arrays.map(({ name, shape }) => ({ name, shape, dtype: "F32" }))));
    for (const { values } of arrays) {
      const { buffer, byteOffset, byteLength } = await values();
      await append(new Uint8Array(buffer, byteOffset, byteLength));
    }
  });
}

async function readArrays(path: string): Promise<Record<string, Float32Array>> {
  const file = await openSafetensors(path);
  try {
    const arrays: Record<string, Float32Array> = {};
    for (const name of file.names()) arrays[name] = (await file.read(name)) as Float32Array;
    return arrays;
  } finally {
    await file.close();
  }
}

/** All names and shapes are checked before the first variable changes; one at a time is read. */
async function restoreVariables(path: string, variables: Variables): Promise<void> {
  const file = await openSafetensors(path);
  try {
    const names = new Set([...file.names(), ...Object.keys(variables)]);
    for (const name of names) {
      const expected = variables[name]?.shape;
      const stored = file.names().includes(name) ? file.spec(name).shape : undefined;
      if (expected && stored && expected.join() === stored.join()) continue;
      throw new CheckpointError(
        `${path}: expected ${name} to be ${show(expected)}, got ${show(stored)}. The checkpoint is ` +
          "of another model or training.",
      );
    }
    for (const name of names) {
      const values = (await file.read(name)) as Float32Array;
      const variable = variables[name] as Variable;
      const value = tensor(values, variable.shape);
      variable.assign(value);
      value.dispose();
    }
  } finally {
    await file.close();
  }
}

function parseState(bytes: Uint8Array): {
  step: number;
  optimizerStep: number;
  streams: Record<string, number>;
} {
  const { version, step, optimizerStep, streams } = parseJsonObject(bytes, STATE);
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value);
  const positions = Object.entries(streams ?? {});
  if (
    version === 1 &&
    isCount(step) &&
    isCount(optimizerStep) &&
    positions.every(([, position]) => isCount(position))
  ) {
    return { step, optimizerStep, streams: Object.fromEntries(positions) };
  }
  throw new CheckpointError(
    `${STATE}: expected version 1 with whole numbers step and optimizerStep and positions of ` +
      `streams, got ${new TextDecoder().decode(bytes.subarray(0, 200))}. The checkpoint is damaged.`,
  );
}

function show(shape: readonly number[] | undefined): string {
  return shape ? `[${shape}] of ${elementCount(shape)} numbers` : "absent";
}
