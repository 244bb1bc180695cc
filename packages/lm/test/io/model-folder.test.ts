import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadModel, openModel, saveModel } from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, test } from "vitest";
import { openWeights } from "../../src/io/safetensors-file.ts";
import { digest } from "../checkpoint/digest.ts";
import { ggufPath } from "../checkpoint/gguf/fixtures.ts";
import { modelJson, modelNames, modelPath } from "../checkpoint/model-fixtures.ts";
import { temporaryFolder } from "./temporary-folder.ts";

beforeAll(() => tf.setBackend("cpu"));

async function values(params: Readonly<Record<string, tf.Tensor>>) {
  const entries = Object.entries(params).map(async ([name, tensor]) => {
    return [name, { shape: tensor.shape, bits: digest(await tensor.data()) }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}

describe("io/model-folder", () => {
  test.each(modelNames)("%s is loaded, saved, and the same again", async (name) => {
    const folder = join(await temporaryFolder(), "new", "folder");
    const model = await loadModel(modelPath(name));
    await saveModel(folder, model);
    const again = await loadModel(folder);
    expect(again.config).toEqual(model.config);
    expect(await values(again.params)).toEqual(await values(model.params));
    tf.dispose([{ ...model.params }, { ...again.params }]);
  });

  test.each(["gpt2-tied", "qwen2-sharded", "stablelm"])("%s is saved as it was", async (name) => {
    const folder = await temporaryFolder();
    const model = await loadModel(modelPath(name));
    await saveModel(folder, model);
    const [ours, theirs] = [await openWeights(folder), await openWeights(modelPath(name))];
    expect([...ours.names()].sort()).toEqual([...theirs.names()].sort());
    for (const tensor of theirs.names()) {
      expect(ours.spec(tensor).shape).toEqual(theirs.spec(tensor).shape);
      expect(digest(await ours.read(tensor))).toBe(digest(await theirs.read(tensor)));
    }
    await ours.close();
    await theirs.close();
    tf.dispose({ ...model.params });
  });

  test.each([
    ["llama-bf16", "BF16", "bfloat16"],
    ["gpt_neox-hubbuffers-f16", "F16", "float16"],
  ] as const)("%s is saved as %s without loss", async (name, dtype, torch) => {
    const folder = await temporaryFolder();
    const model = await loadModel(modelPath(name));
    await saveModel(folder, { ...model, dtype });
    expect(await readJson(join(folder, "config.json"))).toMatchObject({ torch_dtype: torch });
    const weights = await openWeights(folder);
    expect(weights.names().map((tensor) => weights.spec(tensor).dtype)).toContain(dtype);
    await weights.close();
    const again = await loadModel(folder);
    expect(await values(again.params)).toEqual(await values(model.params));
    tf.dispose([{ ...model.params }, { ...again.params }]);
  });

  test.each(["gpt2-tied", "gpt_neox-pythia"])("%s with scores is the same again", async (name) => {
    const folder = await temporaryFolder();
    const { params, ...model } = await loadModel(modelPath(name));
    const { head: _, ...others } = params;
    const weights = { ...others, "score.weight": tf.randomNormal([model.config.width, 2]) };
    const config = { ...model.config, labels: 2 };
    await saveModel(folder, { config, params: weights });
    expect(await readdir(folder)).toEqual(["config.json", "model.safetensors"]);
    const again = await loadModel(folder);
    expect(again.config).toEqual(config);
    expect(await values(again.params)).toEqual(await values(weights));
    tf.dispose([{ ...params }, { ...again.params }, weights["score.weight"]]);
  });

  test("tokenizer files and generation_config.json are carried along", async () => {
    const [from, to] = [await temporaryFolder(), await temporaryFolder()];
    await cp(modelPath("gpt2-tied"), from, { recursive: true });
    const generation = { max_new_tokens: 7, eos_token_id: [3, 4] };
    await writeFile(join(from, "generation_config.json"), JSON.stringify(generation));
    await writeFile(join(from, "tokenizer.json"), "{}\n");
    await writeFile(join(from, "merges.txt"), Uint8Array.of(0xff, 0x0a));
    const model = await loadModel(from);
    expect(model.generationConfig).toEqual(generation);
    await saveModel(to, { ...model, tokenizer: from });
    expect((await readdir(to)).sort()).toEqual([
      "config.json",
      "generation_config.json",
      "merges.txt",
      "model.safetensors",
      "tokenizer.json",
    ]);
    expect(await readJson(join(to, "generation_config.json"))).toEqual(generation);
    expect(await readFile(join(to, "merges.txt"))).toEqual(Buffer.of(0xff, 0x0a));
    await saveModel(from, { ...model, tokenizer: from });
    expect(await readFile(join(from, "tokenizer.json"), "utf8")).toBe("{}\n");
    tf.dispose({ ...model.params });
  });

  test("generation_config.json follows from the special ids otherwise", async () => {
    const folder = await temporaryFolder();
    await cp(modelPath("gpt2-tied"), folder, { recursive: true });
    const ids = { bos_token_id: 1, eos_token_id: [2, 3], pad_token_id: null };
    const config = { ...modelJson("gpt2-tied"), ...ids };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    const model = await loadModel(folder);
    await saveModel(folder, model);
    expect(await readJson(join(folder, "generation_config.json"))).toEqual({
      bos_token_id: 1,
      eos_token_id: [2, 3],
    });
    tf.dispose({ ...model.params });
  });

  test("a GGUF file is loaded and becomes a folder", async () => {
    const folder = await temporaryFolder();
    const model = await loadModel(ggufPath("llama.gguf"));
    expect(model.config).toMatchObject({ family: "llama", layers: 2 });
    expect(model.ggufMetadata).toMatchObject({ "general.architecture": "llama" });
    const config = { tokenizer_class: "X" };
    const tokenizer = {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      model: { type: "BPE", vocab: {} },
    } as const;
    await saveModel(folder, { ...model, tokenizer: { tokenizer, config } });
    const again = await loadModel(folder);
    expect(again.config).toEqual(model.config);
    expect(again.ggufMetadata).toBeNull();
    expect(await values(again.params)).toEqual(await values(model.params));
    expect(await readJson(join(folder, "tokenizer.json"))).toEqual(tokenizer);
    expect(await readJson(join(folder, "tokenizer_config.json"))).toEqual(config);
    tf.dispose([{ ...model.params }, { ...again.params }]);
  });

  test("an open model tells the types of its weights without reading them", async () => {
    const files = [
      modelPath("gpt_neox-hubbuffers-f16"),
      modelPath("qwen2-sharded"),
      ggufPath("llama.gguf"),
    ];
    const types = files.map(async (file) => {
      const { storedTypes, close } = await openModel(file);
      await close();
      return storedTypes;
    });
    const [neox, qwen, gguf] = await Promise.all(types);
    // Counted with safetensors and gguf of Python.
    expect(neox).toEqual({ F16: 56512, U8: 8192, F32: 6 });
    expect(qwen).toEqual({ F32: 49584 });
    expect(gguf).toEqual({
      Q4_0: 10240,
      F32: 5376,
      F16: 16384,
      BF16: 12288,
      Q8_0: 36864,
      Q4_K: 16384,
      Q6_K: 22528,
    });
  });

  test("more layers than the file has tensors are refused before lists are made of them", async () => {
    const folder = await temporaryFolder();
    await cp(modelPath("llama-gqa"), folder, { recursive: true });
    const config = { ...modelJson("llama-gqa", "config.json"), num_hidden_layers: 1e9 };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    await expect(openModel(folder)).rejects.toThrow(/expected tensors for 1000000000 layers/);
  });

  test("a load that fails leaves no tensors behind", async () => {
    const folder = await temporaryFolder();
    await cp(modelPath("gpt2-tied"), folder, { recursive: true });
    const file = join(folder, "model.safetensors");
    const bytes = await readFile(file);
    // an integer type of the same size for the last parameter of the forward pass
    const header = bytes
      .toString("latin1", 8, 2624)
      .replace(/("transformer\.ln_f\.bias":\{"dtype":)"F32"/, '$1"I32"');
    bytes.write(header, 8, "latin1");
    await writeFile(file, bytes);
    const leaked = await leakedTensors(async () => {
      await expect(loadModel(folder)).rejects.toThrow("to hold floats, got I32");
    });
    expect(leaked).toBe(0);
  });

  test("parameters that do not fit the config are not saved", async () => {
    const folder = join(await temporaryFolder(), "none");
    const model = await loadModel(modelPath("gpt2-tied"));
    const { embedding, ...params } = model.params;
    await expect(saveModel(folder, { ...model, params })).rejects.toThrow("embedding");
    await expect(readdir(folder)).rejects.toThrow("ENOENT");
    tf.dispose([embedding as tf.Tensor, { ...params }]);
  });

  test("missing files are named", async () => {
    const folder = await temporaryFolder();
    await expect(loadModel(folder)).rejects.toThrow(join(folder, "config.json"));
    await cp(join(modelPath("gpt2-tied"), "config.json"), join(folder, "config.json"));
    await expect(loadModel(folder)).rejects.toThrow("model.safetensors");
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await expect(loadModel(join(folder, "x.gguf"))).rejects.toThrow("x.gguf");
  });
});
