/**
 * Checkpoints in several safetensors files with an index that says which tensor is where. The
 * index is not believed: file names are names, not paths, and each file holds exactly the tensors
 * the index places there.
 */
import { CheckpointError, listNames } from "./error.ts";
import { describe, isJsonObject, parseJsonObject } from "./json.ts";
import type { CheckpointSource, TensorSpec, TensorValues } from "./source.ts";

/** A name inside the folder: no separators, no leading dot, no control characters. */
const FILE_NAME = /^[^./\\\p{Cc}][^/\\\p{Cc}]*\.safetensors$/u;

/**
 * Parses a `model.safetensors.index.json`.
 *
 * @returns file name of each tensor.
 * @throws CheckpointError when it has no `weight_map` of names of safetensors files.
 */
export function parseShardIndex(bytes: Uint8Array, where: string): Map<string, string> {
  const { weight_map: map } = parseJsonObject(bytes, where);
  if (!isJsonObject(map)) {
    throw new CheckpointError(
      `${where}: expected an object weight_map, got ${describe(map)}. The file is damaged.`,
    );
  }
  return new Map(
    Object.entries(map).map(([tensor, file]) => {
      if (typeof file === "string" && FILE_NAME.test(file)) return [tensor, file];
      throw new CheckpointError(
        `${where}: expected the name of a safetensors file beside it for "${tensor}", got ` +
          `${describe(file)}. Do not use this checkpoint unless you trust its source.`,
      );
    }),
  );
}

/** Text of a `model.safetensors.index.json`. */
export function encodeShardIndex(files: ReadonlyMap<string, string>, totalBytes: number): string {
  const index = { metadata: { total_size: totalBytes }, weight_map: Object.fromEntries(files) };
  return `${JSON.stringify(index, null, 2)}\n`;
}

/** Several files as one checkpoint. */
export class ShardedSource implements CheckpointSource {
  readonly #shardOf: ReadonlyMap<string, CheckpointSource>;

  /**
   * @param index file name of each tensor.
   * @param shards the files it names, opened.
   * @throws CheckpointError when a file lacks a tensor of the index or holds others.
   */
  constructor(index: ReadonlyMap<string, string>, shards: ReadonlyMap<string, CheckpointSource>) {
    const shardOf = new Map<string, CheckpointSource>();
    for (const [file, shard] of shards) {
      const names = shard.names();
      const strange = names.filter((name) => index.get(name) !== file);
      if (strange.length > 0) {
        throw new CheckpointError(
          `${file}: expected the tensors that the index places there, got also ` +
            `${listNames(strange)}. Get index and files of one version.`,
        );
      }
      for (const name of names) shardOf.set(name, shard);
    }
    const missing = [...index.keys()].filter((name) => !shardOf.has(name));
    if (missing.length > 0) {
      throw new CheckpointError(
        `checkpoint: expected the tensors of the index, got none named ${listNames(missing)}. ` +
          "Get index and files of one version.",
      );
    }
    this.#shardOf = shardOf;
  }

  names(): readonly string[] {
    return [...this.#shardOf.keys()];
  }

  spec(name: string): TensorSpec {
    return this.#shard(name).spec(name);
  }

  read(name: string): Promise<TensorValues> {
    return this.#shard(name).read(name);
  }

  #shard(name: string): CheckpointSource {
    const shard = this.#shardOf.get(name);
    if (shard) return shard;
    throw new CheckpointError(`checkpoint: expected a tensor "${name}", got none.`);
  }
}
