/**
 * A checkpoint of a training run as a folder: params.safetensors (variables by name),
 * optimizer.safetensors (state by `<slot>/<variable>`), trainer_state.json (step and other numbers).
 * ./run-folder.ts knows which one is the latest.
 */
import { join } from "node:path";
import { tensor, type Variable } from "@tensorflow/tfjs-core";
import { CheckpointError } from "../checkpoint/error.ts";
import { parseJsonObject } from "../checkpoint/json.ts";
import type { Variables } from "../params.ts";
import type { Snapshot } from "../train/loop.ts";
import { writeTextAtomically } from "./atomic-file.ts";
import { readSmallFile } from "./file-bytes.ts";
import { arrayShapes, readArrays, writeArrays } from "./named-arrays.ts";

const PARAMS = "params.safetensors";
const OPTIMIZER = "optimizer.safetensors";
const STATE = "trainer_state.json";

/** Writes a checkpoint into an empty folder. */
export async function writeCheckpoint(
  folder: string,
  variables: Variables,
  { step, optimizer, numbers }: Snapshot,
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
  const state = { version: 2, step, optimizerStep: optimizer.step, numbers };
  await writeTextAtomically(join(folder, STATE), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * Reads a checkpoint and gives `variables` its values.
 * @throws CheckpointError when it is damaged, or of other variables, which are then unchanged
 */
export async function readCheckpoint(folder: string, variables: Variables): Promise<Snapshot> {
  const state = parseState(await readSmallFile(join(folder, STATE)));
  const slots: Record<string, Float32Array> = {};
  const path = join(folder, OPTIMIZER);
  // The optimizer checks its own state, when it gets it.
  await readArrays(path, await arrayShapes(path), (name, values) => {
    slots[name] = values;
  });
  const shapes = Object.entries(variables).map(([name, { shape }]) => [name, shape] as const);
  await readArrays(join(folder, PARAMS), Object.fromEntries(shapes), (name, values) => {
    const variable = variables[name] as Variable;
    const value = tensor(values, variable.shape);
    variable.assign(value);
    value.dispose();
  });
  const { step, optimizerStep, numbers } = state;
  return { step, numbers, optimizer: { step: optimizerStep, slots } };
}

function parseState(bytes: Uint8Array): {
  step: number;
  optimizerStep: number;
  numbers: Record<string, number>;
} {
  const { version, step, optimizerStep, numbers } = parseJsonObject(bytes, STATE);
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value);
  const entries = Object.entries(numbers ?? {});
  if (
    version === 2 &&
    isCount(step) &&
    isCount(optimizerStep) &&
    entries.every(([, number]) => Number.isFinite(number))
  ) {
    return { step, optimizerStep, numbers: Object.fromEntries(entries) };
  }
  throw new CheckpointError(
    `${STATE}: expected version 2 with whole numbers step and optimizerStep and finite numbers, ` +
      `got ${new TextDecoder().decode(bytes.subarray(0, 200))}. The checkpoint is damaged.`,
  );
}
