/**
 * Damaged files of every format, in memory. A reader may succeed, since not every byte matters, or
 * reject the file with a CheckpointError; anything else is a bug, and so is a large allocation.
 */
import { readFileSync } from "node:fs";
import { parseConfig } from "@preflab/lm";
import { expect, test } from "vitest";
import { CheckpointError } from "../../src/checkpoint/error.ts";
import { openGgufModel } from "../../src/checkpoint/gguf/model.ts";
import { parseJsonObject } from "../../src/checkpoint/json.ts";
import { readParameters } from "../../src/checkpoint/load.ts";
import { SafetensorsSource } from "../../src/checkpoint/safetensors.ts";
import { parseShardIndex, ShardedSource } from "../../src/checkpoint/shards.ts";
import { openWeights } from "../../src/io/safetensors-file.ts";
import { ggufBytes } from "./gguf/fixtures.ts";
import { MemoryBytes, safetensorsBytes } from "./memory-bytes.ts";
import { modelNames, modelPath } from "./model-fixtures.ts";
import { Mutator } from "./mutations.ts";

function fixture(name: string, file: string): Uint8Array {
  return Uint8Array.from(readFileSync(`${modelPath(name)}/${file}`));
}

/** What became of the files: how many were read, how many rejected, and the other errors. */
interface Outcome {
  read: number;
  rejected: number;
  readonly crashes: unknown[];
}

/** Makes `count` damaged files and gives each to `read`. */
async function fuzz(
  name: string,
  { count, seed }: { readonly count: number; readonly seed: number },
  damage: (mutator: Mutator) => Uint8Array,
  read: (damaged: Uint8Array) => unknown,
): Promise<Outcome> {
  const mutator = new Mutator(seed, name);
  const outcome: Outcome = { read: 0, rejected: 0, crashes: [] };
  for (let i = 0; i < count; i++) {
    const damaged = damage(mutator);
    try {
      await read(damaged);
      outcome.read++;
    } catch (error) {
      if (error instanceof CheckpointError) outcome.rejected++;
      else outcome.crashes.push([i, error]);
    }
  }
  return outcome;
}

/** A JSON file with values changed. */
function jsonDamage(bytes: Uint8Array): (mutator: Mutator) => Uint8Array {
  const text = new TextDecoder().decode(bytes);
  return (mutator) => new TextEncoder().encode(mutator.mutateJson(text));
}

/** Reads everything, and checks that no read was larger than the file. */
async function drain(parameters: AsyncGenerator<{ values: Float32Array }>, bytes: MemoryBytes) {
  for await (const { values } of parameters) {
    // Four bits, of Q4_0, become 32; and a parameter may be made of all of the file.
    if (values.byteLength > 8 * bytes.size) throw new Error(`${values.byteLength} bytes`);
  }
  if (bytes.largestRead > bytes.size) throw new Error(`a read of ${bytes.largestRead} bytes`);
}

/** Damaged files of each kind in a round: together 11,500. */
const FILES = { bytes: 3000, header: 3000, gguf: 2500, config: 200, index: 500 } as const;

/**
 * Declares the tests.
 *
 * @param rounds how many times as many files as {@link FILES} says.
 * @param seed of the damage.
 */
export function testDamagedFiles(rounds: number, seed: number): void {
  const of = (kind: keyof typeof FILES) => ({ count: rounds * FILES[kind], seed });
  const config = parseConfig(parseJsonObject(fixture("llama-bf16", "config.json"), "config.json"));
  const weights = fixture("llama-bf16", "model.safetensors");
  const dataStart = 8 + new DataView(weights.buffer).getUint32(0, true);

  async function readWeights(damaged: Uint8Array): Promise<void> {
    const source = new MemoryBytes(damaged);
    await drain(readParameters(config, await SafetensorsSource.open(source)), source);
  }

  test("safetensors, bytes", async () => {
    const damage = (mutator: Mutator) => mutator.mutate(weights, dataStart);
    const { read, rejected, crashes } = await fuzz("safetensors", of("bytes"), damage, readWeights);
    expect(crashes).toEqual([]);
    expect(rejected).toBeGreaterThan(2000 * rounds);
    expect(read).toBeGreaterThan(20 * rounds);
  });

  test("safetensors, values of the header", async () => {
    const header = new TextDecoder().decode(weights.subarray(8, dataStart));
    const data = weights.subarray(dataStart);
    const damage = (mutator: Mutator) => safetensorsBytes(mutator.mutateJson(header), data);
    const { read, rejected, crashes } = await fuzz("header", of("header"), damage, readWeights);
    expect(crashes).toEqual([]);
    expect(rejected).toBeGreaterThan(2000 * rounds);
    expect(read).toBeGreaterThan(20 * rounds);
  });

  test("GGUF", async () => {
    const bytes = ggufBytes("llama.gguf");
    const header = 3000;
    const damage = (mutator: Mutator) => mutator.mutate(bytes, header);
    const { read, rejected, crashes } = await fuzz("gguf", of("gguf"), damage, async (damaged) => {
      const source = new MemoryBytes(damaged);
      await drain((await openGgufModel(source)).parameters(), source);
    });
    expect(crashes).toEqual([]);
    expect(rejected).toBeGreaterThan(1500 * rounds);
    expect(read).toBeGreaterThan(100 * rounds);
  });

  test.each(modelNames)("config.json of %s, with its weights", async (name) => {
    const model = await openWeights(modelPath(name));
    const damage = jsonDamage(fixture(name, "config.json"));
    const outcome = await fuzz(`config of ${name}`, of("config"), damage, async (damaged) => {
      const config = parseConfig(parseJsonObject(damaged, "config.json"));
      for await (const { values } of readParameters(config, model)) values.at(0);
    });
    await model.close();
    expect(outcome.crashes).toEqual([]);
    expect(outcome.rejected).toBeGreaterThan(80 * rounds);
    expect(outcome.read).toBeGreaterThan(5 * rounds);
  });

  test.each(["bytes", "values"])("an index of shards, %s", async (what) => {
    const files = [1, 2, 3, 4].map((n) => `model-0000${n}-of-00004.safetensors`);
    const shards = new Map(
      await Promise.all(
        files.map(async (file) => {
          const source = new MemoryBytes(fixture("qwen2-sharded", file));
          return [file, await SafetensorsSource.open(source)] as const;
        }),
      ),
    );
    const bytes = fixture("qwen2-sharded", "model.safetensors.index.json");
    const damage =
      what === "bytes"
        ? (mutator: Mutator) => mutator.mutate(bytes, bytes.length)
        : jsonDamage(bytes);
    const { rejected, crashes } = await fuzz(`index ${what}`, of("index"), damage, (damaged) => {
      return new ShardedSource(parseShardIndex(damaged, "index"), shards).names();
    });
    expect(crashes).toEqual([]);
    expect(rejected).toBeGreaterThan(300 * rounds);
  });
}
