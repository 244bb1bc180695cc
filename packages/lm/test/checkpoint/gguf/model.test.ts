import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseConfig, toHuggingFace } from "@preflab/lm";
import { describeUnless } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { type GgufDescription, parseGgufConfig } from "../../../src/checkpoint/gguf/config.ts";
import { GgufSource } from "../../../src/checkpoint/gguf/gguf-source.ts";
import { openGgufModel } from "../../../src/checkpoint/gguf/model.ts";
import { readParameters } from "../../../src/checkpoint/load.ts";
import { packTensor, planShards } from "../../../src/checkpoint/pack.ts";
import { SafetensorsSource } from "../../../src/checkpoint/safetensors.ts";
import { digest } from "../digest.ts";
import { MemoryBytes } from "../memory-bytes.ts";
import { ggufBytes, ggufPath, makeGguf } from "./fixtures.ts";

const golden = JSON.parse(readFileSync(ggufPath("models.json"), "utf8")) as Record<
  "llama" | "stablelm",
  Record<string, string>
>;

/** Models of ../../fixtures/variants, each with its options in the way of GGUF. */
const VARIANTS = [
  "llama-attention-bias",
  "llama-linear-rope",
  "llama-tied-head_dim",
  "stablelm-parallel",
  "stablelm-qk-norm",
];

function openModel(name: string) {
  return openGgufModel(new MemoryBytes(ggufBytes(`${name}.gguf`), `${name}.gguf`));
}

describe("checkpoint/gguf/model", () => {
  test.each(["llama", "stablelm"] as const)(
    "%s has the weights transformers reads",
    async (name) => {
      const { config, parameters } = await openModel(name);
      const values = new Map<string, Float32Array>();
      for await (const parameter of parameters()) {
        values.set(parameter.name, parameter.values);
      }
      const [shard = []] = planShards(config, "F32", Infinity);
      const hashes = shard.map((tensor) => {
        const bytes = packTensor(tensor, values.get(tensor.layout.name) as Float32Array);
        return [tensor.name, digest(bytes)];
      });
      expect(Object.fromEntries(hashes)).toEqual(golden[name]);
    },
  );

  test.each(VARIANTS)("%s is the model that the file was made from", async (name) => {
    const folder = fileURLToPath(new URL(`../../fixtures/variants/${name}/`, import.meta.url));
    const original = parseConfig(JSON.parse(readFileSync(`${folder}config.json`, "utf8")));
    const weights = new MemoryBytes(Uint8Array.from(readFileSync(`${folder}model.safetensors`)));
    const { config, parameters } = await openModel(name);
    expect(config).toEqual(original);
    const expected = readParameters(original, await SafetensorsSource.open(weights));
    for await (const { name, shape, values } of parameters()) {
      const { value } = await expected.next();
      expect({ name, shape, bits: digest(values) }).toEqual({
        name: value?.name,
        shape: value?.shape,
        bits: digest(value?.values ?? new Float32Array()),
      });
    }
    expect((await expected.next()).done).toBe(true);
  });

  test("the config of a Llama is read, and can be written for transformers", async () => {
    const { config } = await openModel("llama");
    expect(config).toEqual({
      family: "llama",
      vocabSize: 40,
      width: 256,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headWidth: 8,
      mlpWidth: 32,
      maxPositions: 64,
      norm: { kind: "rms", eps: 1e-5 },
      residual: "sequential",
      sharedNorm: false,
      mlp: { kind: "gated", activation: "silu" },
      position: { kind: "rotary", base: 500000, rotaryWidth: 8, scaling: null },
      slidingWindow: null,
      biases: { qkv: false, attentionOut: false, mlp: false },
      qkNorm: false,
      tiedEmbeddings: false,
      scores: { scaleByInverseLayer: false },
      specialIds: { bos: 1, eos: 2, pad: null },
    });
    expect(parseConfig(toHuggingFace(config))).toEqual(config);
  });

  test("the config of a StableLM is read", async () => {
    const { config } = await openModel("stablelm");
    expect(config).toMatchObject({
      family: "stablelm",
      norm: { kind: "layer", eps: 1e-5 },
      position: { kind: "rotary", base: 10000, rotaryWidth: 8, scaling: null },
      biases: { qkv: true, attentionOut: false, mlp: false },
      kvHeads: 2,
      headWidth: 32,
    });
    expect(parseConfig(toHuggingFace(config))).toEqual(config);
  });

  test("the vocabulary keeps every token", async () => {
    const { metadata } = await openModel("llama");
    expect(metadata).toMatchObject({
      "tokenizer.ggml.model": "llama",
      "tokenizer.ggml.add_bos_token": true,
      "tokenizer.chat_template": "{{ messages[0].content }}",
    });
    const tokens = metadata["tokenizer.ggml.tokens"] as string[];
    const first = ["<unk>", "<s>", "</s>", "\ufeff", "\u2581", "\u2581a", "é", "😀", "t0"];
    expect(tokens.slice(0, 9)).toEqual(first);
    expect(tokens.length).toBe(40);
  });

  test("elements beyond the first chunk of blocks are read", async () => {
    const length = 3 * 4096 + 5;
    const values = Float32Array.from({ length }, (_, i) => i);
    const tensors = [{ name: "a", shape: [length], type: 0, offset: 0 }];
    const bytes = new MemoryBytes(makeGguf({}, tensors, new Uint8Array(values.buffer)));
    const source = await GgufSource.open(bytes);
    bytes.largestRead = 0;
    expect(await source.read("a")).toEqual(values);
    expect(bytes.largestRead).toBe(4 * 4096);
  });
});

/** A small Llama without tensors but the embedding. */
function described(
  changes: Record<string, number | string | boolean | undefined> = {},
  tensors: readonly string[] = ["output.weight"],
  frequencyFactors: Float32Array | null = null,
): GgufDescription {
  const metadata = {
    "general.architecture": "llama",
    "llama.block_count": 1,
    "llama.context_length": 131072,
    "llama.embedding_length": 512,
    "llama.feed_forward_length": 16,
    "llama.attention.head_count": 4,
    "llama.attention.layer_norm_rms_epsilon": Math.fround(1e-6),
    "llama.rope.freq_base": 500000,
    ...changes,
  };
  const entries = Object.entries(metadata).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  const names = new Set(["token_embd.weight", ...tensors]);
  return {
    file: "test.gguf",
    metadata: new Map(entries),
    has: (name) => names.has(name),
    spec: () => ({ dtype: "F32", shape: [40, 512] }),
    frequencyFactors,
  };
}

/** Frequency factors of Llama 3.1, in heads of 128, that transformers computes. */
const frequencies = await SafetensorsSource.open(
  new MemoryBytes(ggufBytes("frequencies.safetensors")),
);

async function llama3Factors(factor: number): Promise<Float32Array> {
  return (await frequencies.read(`llama3.${factor}`)) as Float32Array;
}

describe("checkpoint/gguf/config", () => {
  test("defaults are those of the format", () => {
    expect(parseGgufConfig(described({ "llama.rope.freq_base": undefined }, []))).toMatchObject({
      kvHeads: 4,
      headWidth: 128,
      norm: { eps: 1e-6 },
      position: { base: 10000, rotaryWidth: 128, scaling: null },
      tiedEmbeddings: true,
      specialIds: { bos: null, eos: null, pad: null },
    });
  });

  test("frequency factors become the scaling of Llama 3", async () => {
    const scaling = { kind: "llama3", lowFactor: 1, highFactor: 4, originalPositions: 8192 };
    for (const factor of [8, 32]) {
      const description = described({}, [], await llama3Factors(factor));
      expect(parseGgufConfig(description).position).toMatchObject({
        scaling: { ...scaling, factor },
      });
    }
    const strange = (await llama3Factors(8)).fill(3, 20, 40);
    expect(() => parseGgufConfig(described({}, [], strange))).toThrow("rope_freqs.weight");
    expect(() => parseGgufConfig(described({}, [], strange.subarray(1)))).toThrow("rope_freqs");
  });

  test("linear scaling has two keys", () => {
    for (const keys of [
      { "llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4 },
      { "llama.rope.scale_linear": 4 },
    ]) {
      expect(parseGgufConfig(described(keys)).position).toMatchObject({
        scaling: { kind: "linear", factor: 4 },
      });
    }
  });

  test("biases follow from the tensors", () => {
    const { biases } = parseGgufConfig(described({}, ["blk.0.attn_q.bias"]));
    expect(biases).toEqual({ qkv: true, attentionOut: true, mlp: false });
  });

  test.each<[Record<string, number | string | boolean | undefined>, string]>([
    [{ "general.architecture": "gemma" }, 'architecture llama or stablelm, got "gemma"'],
    [{ "general.architecture": undefined }, "got undefined"],
    [{ "split.count": 3 }, "llama-gguf-split"],
    [{ "llama.block_count": undefined }, "block_count"],
    [{ "llama.embedding_length": 510 }, "attention.key_length"],
    [{ "llama.attention.head_count": "4" }, "attention.head_count"],
    [{ "llama.attention.head_count_kv": 3 }, "got 3"],
    [{ "llama.attention.value_length": 64 }, "attention.value_length to be 128, got 64"],
    [{ "llama.attention.layer_norm_rms_epsilon": 0 }, "layer_norm_rms_epsilon"],
    [{ "llama.expert_count": 8 }, "expert_count to be 0, got 8"],
    [{ "llama.vocab_size": 41 }, "vocab_size to be 40, got 41"],
    [{ "llama.rope.dimension_count": 64 }, "all of the 128 elements"],
    [{ "llama.rope.scaling.type": "yarn" }, 'got "yarn"'],
    [{ "llama.rope.scaling.factor": 2 }, "none with a factor"],
    [{ "llama.use_parallel_residual": true }, "sequential residuals"],
    [{ "llama.logit_scale": 2 }, "got logit_scale = 2"],
  ])("%j is an error that names it", (changes, message) => {
    expect(() => parseGgufConfig(described(changes))).toThrow(message);
  });
});

const SIBLING = fileURLToPath(new URL("../../../../../../shared", import.meta.url));
const folder = `${process.env["PREFLAB_SHARED"] ?? SIBLING}/data/gguf`;

describeUnless(
  existsSync(folder) ? undefined : "no vocabularies of llama.cpp in ../shared/data/gguf",
  "checkpoint/gguf with vocabularies of llama.cpp",
  () => {
    test.each([
      ["llama-spm", 32000, 30143, "\ufeff"],
      ["gpt-2", 50257, 50256, "<|endoftext|>"],
      ["gpt-neox", 50432, 0, "<|endoftext|>"],
    ])("%s has %i different tokens", async (name, count, id, token) => {
      const bytes = Uint8Array.from(readFileSync(`${folder}/ggml-vocab-${name}.gguf`));
      const { metadata } = await GgufSource.open(new MemoryBytes(bytes));
      const tokens = metadata.get("tokenizer.ggml.tokens") as string[];
      expect(tokens.length).toBe(count);
      expect(new Set(tokens).size).toBe(count);
      expect(tokens[id]).toBe(token);
    });
  },
);
