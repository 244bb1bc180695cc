import { cp, readdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { CheckpointError } from "../../src/checkpoint/error.ts";
import { readParameters } from "../../src/checkpoint/load.ts";
import { planShards } from "../../src/checkpoint/pack.ts";
import { FileBytes } from "../../src/io/file-bytes.ts";
import { openSafetensors, openWeights, writeShards } from "../../src/io/safetensors-file.ts";
import { digest } from "../checkpoint/digest.ts";
import { safetensorsBytes } from "../checkpoint/memory-bytes.ts";
import { modelJson, modelPath } from "../checkpoint/model-fixtures.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A copy of the sharded fixture that a test may damage. */
async function copyOfSharded(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(modelPath("qwen2-sharded"), folder, { recursive: true });
  return folder;
}

const INDEX = "model.safetensors.index.json";

describe("io/safetensors-file", () => {
  test("a file is read tensor by tensor until it is closed", async () => {
    const path = join(await temporaryFolder(), "a.safetensors");
    const header = { a: { dtype: "F32", shape: [1], data_offsets: [0, 4] } };
    await writeFile(path, safetensorsBytes(header, new Uint8Array(Float32Array.of(7).buffer)));
    const file = await openSafetensors(path);
    expect(await file.read("a")).toEqual(Float32Array.of(7));
    await file.close();
    await expect(file.read("a")).rejects.toThrow();
  });

  test("a file may be a link", async () => {
    const folder = await temporaryFolder();
    const target = join(modelPath("gpt2-tied"), "model.safetensors");
    await symlink(target, join(folder, "model.safetensors"));
    const weights = await openWeights(folder);
    expect(weights.names()).toContain("transformer.wte.weight");
    await weights.close();
  });

  test("shards are one checkpoint", async () => {
    const weights = await openWeights(modelPath("qwen2-sharded"));
    expect(weights.names().length).toBe(2 + 2 * 12);
    expect((await weights.read("model.norm.weight")).length).toBe(48);
    await weights.close();
  });

  test("one file goes before an index", async () => {
    const folder = await copyOfSharded();
    await cp(join(modelPath("gpt2-tied"), "model.safetensors"), join(folder, "model.safetensors"));
    const weights = await openWeights(folder);
    expect(weights.names()).toContain("transformer.wte.weight");
    await weights.close();
  });

  test("a folder without weights is an error that says what to do", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "pytorch_model.bin"), "");
    await expect(openWeights(folder)).rejects.toThrow(
      "expected model.safetensors or model.safetensors.index.json, got neither. Convert",
    );
  });

  test("a missing shard is an error that names it", async () => {
    const folder = await temporaryFolder();
    await cp(join(modelPath("qwen2-sharded"), INDEX), join(folder, INDEX));
    await expect(openWeights(folder)).rejects.toThrow(CheckpointError);
    await expect(openWeights(folder)).rejects.toThrow("model-00001-of-00004.safetensors");
  });

  test("a shard that is cut off is an error that names it", async () => {
    const folder = await copyOfSharded();
    const path = join(folder, "model-00003-of-00004.safetensors");
    for (const size of [40_000, 600, 100, 8, 3, 0]) {
      await truncate(path, size);
      await expect(openWeights(folder)).rejects.toThrow(CheckpointError);
      await expect(openWeights(folder)).rejects.toThrow("model-00003-of-00004.safetensors");
    }
  });

  test("a path in an index is an error, and nothing is opened", async () => {
    const folder = await copyOfSharded();
    const index = { weight_map: { a: "../../secret.safetensors" } };
    await writeFile(join(folder, INDEX), JSON.stringify(index));
    await expect(openWeights(folder)).rejects.toThrow('got "../../secret.safetensors"');
  });

  test("a folder in the place of a file is an error", async () => {
    await expect(openSafetensors(await temporaryFolder())).rejects.toThrow("not a file");
  });

  test("a file that is cut off while open is an error", async () => {
    const folder = await copyOfSharded();
    const weights = await openWeights(folder);
    await truncate(join(folder, "model-00004-of-00004.safetensors"), 1000);
    await expect(weights.read("model.norm.weight")).rejects.toThrow("The file is incomplete");
    await weights.close();
  });

  test("a read past the end is an error", async () => {
    const file = await FileBytes.open(join(modelPath("gpt2-tied"), "config.json"));
    await expect(file.read(new Uint8Array(10), file.size - 4)).rejects.toThrow(CheckpointError);
    await file.close();
  });
});

describe("io/safetensors-file writing", () => {
  const config = parseConfig(modelJson("llama-gqa"));

  /** Copies the weights of a fixture into `folder`. */
  async function write(folder: string, maxBytes: number): Promise<string[]> {
    const source = await openWeights(modelPath("llama-gqa"));
    const values = new Map<string, Float32Array>();
    for await (const parameter of readParameters(config, source)) {
      values.set(parameter.name, parameter.values);
    }
    await source.close();
    const asked: string[] = [];
    await writeShards(folder, planShards(config, "F32", maxBytes), async (name) => {
      asked.push(name);
      return values.get(name) as Float32Array;
    });
    expect(new Set(asked).size).toBe(asked.length);
    return (await readdir(folder)).sort();
  }

  test("several files and an index are the same checkpoint as one", async () => {
    const folder = await temporaryFolder();
    const files = await write(folder, 60_000);
    expect(files).toEqual([
      ...[1, 2, 3, 4, 5].map((n) => `model-0000${n}-of-00005.safetensors`),
      INDEX,
    ]);
    const index = JSON.parse(await readFile(join(folder, INDEX), "utf8"));
    expect(index.metadata.total_size).toBe(259_008);
    const [ours, theirs] = [await openWeights(folder), await openWeights(modelPath("llama-gqa"))];
    expect([...ours.names()].sort()).toEqual([...theirs.names()].sort());
    for (const name of theirs.names()) {
      expect(digest(await ours.read(name))).toBe(digest(await theirs.read(name)));
    }
    await ours.close();
    await theirs.close();
  });

  test("an earlier save does not shine through", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "notes.txt"), "");
    await write(folder, 60_000);
    expect(await write(folder, 1e9)).toEqual(["model.safetensors", "notes.txt"]);
    expect((await write(folder, 130_000)).slice(0, 2)).toEqual([
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
    ]);
    expect(await readdir(folder)).not.toContain("model.safetensors");
  });

  test("a save that fails leaves the old files and no others", async () => {
    const folder = await temporaryFolder();
    await write(folder, 1e9);
    const before = await readFile(join(folder, "model.safetensors"));
    const broken = writeShards(folder, planShards(config, "F32", 1e9), async (name) => {
      if (name === "blocks.1.qkv.weight") throw new Error("out of power");
      return new Float32Array(192 * 192);
    });
    await expect(broken).rejects.toThrow("out of power");
    expect(await readdir(folder)).toEqual(["model.safetensors"]);
    expect(digest(await readFile(join(folder, "model.safetensors")))).toBe(digest(before));
  });
});
