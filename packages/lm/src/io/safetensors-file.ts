/** Opens and writes the safetensors files of a model folder. The format is in ../checkpoint. */
import { access, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "../checkpoint/error.ts";
import { type PackedTensor, packTensor, type Shard } from "../checkpoint/pack.ts";
import { byteLength, encodeHeader, SafetensorsSource } from "../checkpoint/safetensors.ts";
import { encodeShardIndex, parseShardIndex, ShardedSource } from "../checkpoint/shards.ts";
import type { CheckpointSource } from "../checkpoint/source.ts";
import { writeAtomically, writeTextAtomically } from "./atomic-file.ts";
import { FileBytes, readSmallFile } from "./file-bytes.ts";

/** A checkpoint whose files are open. */
export interface OpenCheckpoint extends CheckpointSource {
  close(): Promise<void>;
}

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** Names of the files that {@link writeShards} writes. */
const WRITTEN = /^model(-\d{5}-of-\d{5})?\.safetensors$|^model\.safetensors\.index\.json$/;

/**
 * Opens one safetensors file.
 *
 * @throws CheckpointError when there is none, or it is damaged.
 */
export async function openSafetensors(path: string): Promise<OpenCheckpoint> {
  return openAll([path], ([source]) => source as CheckpointSource);
}

/**
 * Opens the weights of a folder: `model.safetensors`, else the shards of
 * `model.safetensors.index.json`, which is the order that transformers looks in.
 *
 * @throws CheckpointError when there are none, or they are damaged.
 */
export async function openWeights(folder: string): Promise<OpenCheckpoint> {
  if (await exists(join(folder, SINGLE))) return openSafetensors(join(folder, SINGLE));
  if (!(await exists(join(folder, INDEX)))) {
    throw new CheckpointError(
      `${folder}: expected ${SINGLE} or ${INDEX}, got neither. Convert other formats with ` +
        "save_pretrained of transformers; of a GGUF file give the path of the file itself.",
    );
  }
  const index = parseShardIndex(await readSmallFile(join(folder, INDEX)), INDEX);
  const files = [...new Set(index.values())];
  return openAll(
    files.map((file) => join(folder, file)),
    (sources) =>
      new ShardedSource(index, new Map(sources.map((source, i) => [files[i] as string, source]))),
  );
}

/**
 * Writes the weights of a folder, each file atomically, and removes those of an earlier save that
 * would be read in their place.
 *
 * @param valuesOf reads a parameter by canonical name; asked once per parameter.
 */
export async function writeShards(
  folder: string,
  shards: readonly Shard[],
  valuesOf: (name: string) => Promise<Float32Array>,
): Promise<void> {
  const files = new Map<string, string>();
  let parameter: { name: string; values: Float32Array } | undefined;
  const pack = async (tensor: PackedTensor) => {
    const { name } = tensor.layout;
    if (parameter?.name !== name) parameter = { name, values: await valuesOf(name) };
    return packTensor(tensor, parameter.values);
  };
  let total = 0;
  for (const [number, shard] of shards.entries()) {
    const file = shards.length === 1 ? SINGLE : shardName(number + 1, shards.length);
    await writeAtomically(join(folder, file), async (append) => {
      await append(encodeHeader(shard));
      for (const tensor of shard) await append(await pack(tensor));
    });
    for (const tensor of shard) {
      files.set(tensor.name, file);
      total += byteLength(tensor);
    }
  }
  const kept = new Set(files.values());
  if (shards.length > 1) {
    await writeTextAtomically(join(folder, INDEX), encodeShardIndex(files, total));
    kept.add(INDEX);
  }
  for (const file of await readdir(folder)) {
    if (WRITTEN.test(file) && !kept.has(file)) await rm(join(folder, file));
  }
}

function shardName(number: number, count: number): string {
  const digits = (value: number) => String(value).padStart(5, "0");
  return `model-${digits(number)}-of-${digits(count)}.safetensors`;
}

/** Opens files and a source over them; closes them again if that fails. */
async function openAll(
  paths: readonly string[],
  combine: (sources: readonly CheckpointSource[]) => CheckpointSource,
): Promise<OpenCheckpoint> {
  const open: FileBytes[] = [];
  const close = async () => {
    for (const file of open) await file.close();
  };
  try {
    const sources: CheckpointSource[] = [];
    for (const path of paths) {
      const file = await FileBytes.open(path);
      open.push(file);
      sources.push(await SafetensorsSource.open(file));
    }
    const source = combine(sources);
    return {
      names: () => source.names(),
      spec: (name) => source.spec(name),
      read: (name) => source.read(name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
