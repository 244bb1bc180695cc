import { parseConfig } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { CheckpointError } from "../../src/checkpoint/error.ts";
import { type ParameterValues, readParameters } from "../../src/checkpoint/load.ts";
import { huggingFaceLayouts } from "../../src/checkpoint/names.ts";
import { packTensor, planShards } from "../../src/checkpoint/pack.ts";
import type { CheckpointSource, TensorValues } from "../../src/checkpoint/source.ts";
import type { ModelConfig } from "../../src/config.ts";
import { digest } from "./digest.ts";
import { modelJson, modelNames } from "./model-fixtures.ts";

/** Tensors in memory. */
class MemorySource implements CheckpointSource {
  readonly tensors = new Map<string, { shape: readonly number[]; values: TensorValues }>();

  names() {
    return [...this.tensors.keys()];
  }

  spec(name: string) {
    return { dtype: "F32", shape: this.tensors.get(name)?.shape ?? [] };
  }

  async read(name: string) {
    return this.tensors.get(name)?.values ?? new Float32Array();
  }
}

/** A checkpoint whose elements are 0, 1, 2, ... through all tensors. */
function numbered(config: ModelConfig): MemorySource {
  const source = new MemorySource();
  let next = 0;
  for (const { name, shape } of huggingFaceLayouts(config).flatMap(({ pieces }) => pieces)) {
    const length = shape.reduce((a, b) => a * b, 1);
    source.tensors.set(name, { shape, values: Float32Array.from({ length }, () => next++) });
  }
  return source;
}

async function load(config: ModelConfig, source: CheckpointSource): Promise<ParameterValues[]> {
  const parameters: ParameterValues[] = [];
  for await (const parameter of readParameters(config, source)) parameters.push(parameter);
  return parameters;
}

const VARIANTS: [string, Record<string, unknown>][] = [
  ...modelNames.map((name): [string, Record<string, unknown>] => [name, {}]),
  ["stablelm", { qk_layernorm: true, num_key_value_heads: 2, use_qkv_bias: false }],
  ["stablelm", { use_parallel_residual: true }],
  ["llama-gqa", { attention_bias: true, head_dim: 16, tie_word_embeddings: true }],
  ["gpt_neox-pythia", { use_parallel_residual: false }],
  ["gpt2-tied", { n_inner: 100 }],
];

describe("checkpoint/load", () => {
  test.each(VARIANTS)("%s with %j is read, written and the same again", async (name, options) => {
    const config = parseConfig({ ...modelJson(name), ...options });
    const source = numbered(config);
    const parameters = await load(config, source);
    const values = new Map(parameters.map(({ name, values }) => [name, values]));
    const [shard, ...others] = planShards(config, "F32", Infinity);
    expect(others).toEqual([]);
    const names = new Set(source.names());
    for (const tensor of shard ?? []) {
      const bytes = packTensor(tensor, values.get(tensor.layout.name) as Float32Array);
      const stored = source.tensors.get(tensor.name);
      expect(tensor.shape).toEqual(stored?.shape);
      expect(digest(bytes)).toBe(digest(stored?.values as Float32Array));
      names.delete(tensor.name);
    }
    expect([...names]).toEqual([]);
    // Every element once: nothing is lost or doubled on the way.
    const all = Float32Array.from(parameters.flatMap(({ values }) => [...values])).sort();
    expect(all.findIndex((value, index) => value !== index)).toBe(-1);
  });

  test("queries, keys and values of Llama stand side by side, transposed", async () => {
    const config = parseConfig({ ...modelJson("llama-gqa"), num_hidden_layers: 1 });
    const source = numbered(config);
    const parameters = await load(config, source);
    const qkv = parameters.find(({ name }) => name === "blocks.0.qkv.weight");
    const element = (name: string, output: number, input: number) =>
      source.tensors.get(`model.layers.0.self_attn.${name}.weight`)?.values[output * 48 + input];
    expect(qkv?.shape).toEqual([48, 96]);
    expect(qkv?.values[5 * 96 + 47]).toBe(element("q_proj", 47, 5));
    expect(qkv?.values[5 * 96 + 48]).toBe(element("k_proj", 0, 5));
    expect(qkv?.values[6 * 96 + 95]).toBe(element("v_proj", 23, 6));
  });

  test("queries, keys and values of GPT-NeoX leave their heads", async () => {
    const config = parseConfig({ ...modelJson("gpt_neox-pythia"), num_hidden_layers: 1 });
    const source = numbered(config);
    const parameters = await load(config, source);
    const qkv = parameters.find(({ name }) => name === "blocks.0.qkv.weight");
    const stored = source.tensors.get("gpt_neox.layers.0.attention.query_key_value.weight");
    // Key 2 of head 3: row 3 * 48 + 16 + 2 of the file, column 64 + 3 * 16 + 2 of the parameter.
    expect(qkv?.values[7 * 192 + 114]).toBe(stored?.values[162 * 64 + 7]);
  });

  test("another shape is an error before anything is read", async () => {
    const config = parseConfig(modelJson("llama-gqa"));
    const source = numbered(config);
    const name = "model.layers.1.mlp.up_proj.weight";
    source.tensors.set(name, { shape: [48, 112], values: new Float32Array(48 * 112) });
    source.read = () => Promise.reject(new Error("read"));
    await expect(load(config, source)).rejects.toThrow(
      `expected "${name}" of shape [112, 48], got [48, 112]`,
    );
  });

  test("integers are no weights", async () => {
    const config = parseConfig(modelJson("llama-gqa"));
    const source = numbered(config);
    source.tensors.set("model.norm.weight", { shape: [48], values: new Int32Array(48) });
    await expect(load(config, source)).rejects.toThrow(
      'expected "model.norm.weight" to hold floats',
    );
  });

  test("a tied head has to equal the embedding", async () => {
    const config = parseConfig(modelJson("gpt2-tied"));
    const source = numbered(config);
    const embedding = source.tensors.get("transformer.wte.weight");
    if (!embedding) throw new Error("no embedding");
    source.tensors.set("lm_head.weight", embedding);
    expect((await load(config, source)).length).toBeGreaterThan(0);
    const values = Float32Array.from(embedding.values as Float32Array);
    values[77] = 0.5;
    source.tensors.set("lm_head.weight", { ...embedding, values });
    await expect(load(config, source)).rejects.toThrow('expected "lm_head.weight" to equal');
  });

  test.each([
    ["layers", { num_hidden_layers: 2 ** 40 }],
    [
      "heads",
      {
        num_attention_heads: 2 ** 40,
        hidden_size: 2 ** 50,
        qk_layernorm: true,
        num_key_value_heads: 1,
      },
    ],
    ["widths", { hidden_size: 2 ** 50, num_hidden_layers: 1 }],
    ["vocabularies", { vocab_size: 2 ** 50 }],
  ])("absurd numbers of %s are an error, not a list of that length", async (_what, options) => {
    const source = numbered(parseConfig(modelJson("stablelm")));
    const config = parseConfig({ ...modelJson("stablelm"), ...options });
    await expect(load(config, source)).rejects.toThrow(CheckpointError);
  });
});

describe("checkpoint/pack", () => {
  const config = parseConfig(modelJson("llama-gqa"));

  test("files hold at most so many bytes, or one tensor", () => {
    const shards = planShards(config, "F32", 20_000);
    const sizes = shards.map((shard) =>
      shard.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0),
    );
    expect(shards.length).toBeGreaterThan(5);
    for (const [index, size] of sizes.entries()) {
      expect(size <= 20_000 || shards[index]?.length === 1).toBe(true);
    }
    expect(planShards(config, "BF16", 130_000).length).toBe(1);
  });
});
