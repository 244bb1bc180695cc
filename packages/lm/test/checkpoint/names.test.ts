import { parseConfig } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { matchNames } from "../../src/checkpoint/hub-names.ts";
import { huggingFaceLayouts } from "../../src/checkpoint/names.ts";
import type { ModelConfig } from "../../src/config.ts";
import { modelJson, modelNames } from "./model-fixtures.ts";

function config(name: string, options: Record<string, unknown> = {}): ModelConfig {
  return parseConfig({ ...modelJson(name), ...options });
}

/** Shapes of the parameters by canonical name. */
function shapes(model: ModelConfig): Record<string, readonly number[]> {
  return Object.fromEntries(huggingFaceLayouts(model).map(({ name, shape }) => [name, shape]));
}

/** Names of the tensors that hold the parameters. */
function stored(model: ModelConfig): string[] {
  return huggingFaceLayouts(model).flatMap(({ pieces }) => pieces.map(({ name }) => name));
}

function match(model: ModelConfig, names: readonly string[]) {
  return matchNames(model, huggingFaceLayouts(model), names);
}

describe("checkpoint/names", () => {
  test("GPT-2 has positions and biases, its head is the embedding", () => {
    expect(shapes(config("gpt2-tied", { n_layer: 1, n_inner: 100 }))).toEqual({
      embedding: [128, 48],
      positions: [64, 48],
      "blocks.0.norm1.gain": [48],
      "blocks.0.norm1.bias": [48],
      "blocks.0.qkv.weight": [48, 144],
      "blocks.0.qkv.bias": [144],
      "blocks.0.attentionOut.weight": [48, 48],
      "blocks.0.attentionOut.bias": [48],
      "blocks.0.norm2.gain": [48],
      "blocks.0.norm2.bias": [48],
      "blocks.0.mlp.up.weight": [48, 100],
      "blocks.0.mlp.up.bias": [100],
      "blocks.0.mlp.down.weight": [100, 48],
      "blocks.0.mlp.down.bias": [48],
      "norm.gain": [48],
      "norm.bias": [48],
    });
  });

  test.each(["gpt2-tied", "llama-gqa"])("%s as a classifier has scores for a head", (name) => {
    const languageModel = config(name);
    const classifier = { ...languageModel, labels: 3 };
    const { head: _, ...others } = shapes(languageModel);
    expect(shapes(classifier)).toEqual({ ...others, "score.weight": [48, 3] });
    expect(stored(classifier)).toContain("score.weight");
    const names = stored(classifier);
    expect(match(classifier, names).stored.get("score.weight")).toBe("score.weight");
    expect(() => match(classifier, names.slice(0, -1))).toThrow("expected tensors score.weight");
  });

  test("Llama has grouped heads, a gated MLP and a head of its own", () => {
    expect(shapes(config("llama-gqa", { num_hidden_layers: 1, head_dim: 16 }))).toEqual({
      embedding: [192, 48],
      "blocks.0.norm1.gain": [48],
      "blocks.0.qkv.weight": [48, 128],
      "blocks.0.attentionOut.weight": [64, 48],
      "blocks.0.norm2.gain": [48],
      "blocks.0.mlp.up.weight": [48, 224],
      "blocks.0.mlp.down.weight": [112, 48],
      "norm.gain": [48],
      head: [192, 48],
    });
  });

  test("options of a family add and remove parameters", () => {
    const parallel = shapes(config("stablelm", { use_parallel_residual: true }));
    expect(parallel["blocks.0.norm2.gain"]).toBeUndefined();
    const normed = shapes(config("stablelm", { qk_layernorm: true, num_key_value_heads: 2 }));
    expect(normed["blocks.1.qNorm.gain"]).toEqual([4, 16]);
    expect(normed["blocks.1.kNorm.gain"]).toEqual([2, 16]);
    const biased = shapes(config("llama-gqa", { attention_bias: true }));
    expect(biased["blocks.0.qkv.bias"]).toEqual([96]);
    expect(biased["blocks.0.attentionOut.bias"]).toEqual([48]);
    expect(shapes(config("llama-gqa", { tie_word_embeddings: true }))["head"]).toBeUndefined();
  });

  test("norms of heads are one tensor each", () => {
    const names = stored(config("stablelm", { qk_layernorm: true }));
    expect(names.filter((name) => name.includes("layers.1.self_attn.k_layernorm"))).toEqual(
      [0, 1, 2, 3].map((head) => `model.layers.1.self_attn.k_layernorm.norms.${head}.weight`),
    );
  });

  test.each(modelNames)("names of %s are found with and without prefix", (name) => {
    const model = config(name);
    const names = stored(model);
    expect([...match(model, names).stored.values()]).toEqual(names);
    const bare = names.map((stored) => stored.replace(/^(transformer|gpt_neox|model)\./, ""));
    expect([...match(model, bare).stored.values()]).toEqual(bare);
  });

  test.each([
    ["gpt2-tied", ["h.0.attn.bias", "h.11.attn.masked_bias"], "transformer."],
    [
      "gpt_neox-pythia",
      [
        "layers.0.attention.bias",
        "layers.0.attention.masked_bias",
        "layers.0.attention.rotary_emb.inv_freq",
      ],
      "gpt_neox.",
    ],
    ["llama-gqa", ["layers.0.self_attn.rotary_emb.inv_freq"], "model."],
  ])("buffers of %s are skipped", (name, buffers, prefix) => {
    const model = config(name);
    const names = stored(model);
    match(model, [...names, ...buffers.map((buffer) => prefix + buffer)]);
    const bare = names.map((stored) => stored.replace(prefix, ""));
    match(model, [...bare, ...buffers]);
  });

  test("the head of GPT-NeoX has two names", () => {
    const model = config("gpt_neox-pythia");
    const names = stored(model).map((name) => name.replace("embed_out", "lm_head"));
    expect(match(model, names).stored.get("embed_out.weight")).toBe("lm_head.weight");
  });

  test("a head in a tied checkpoint is reported, in an untied one it is used", () => {
    const tied = config("gpt2-tied");
    expect(match(tied, stored(tied)).tiedHead).toBeNull();
    expect(match(tied, [...stored(tied), "lm_head.weight"]).tiedHead).toBe("lm_head.weight");
    const untied = config("llama-gqa");
    expect(match(untied, stored(untied)).tiedHead).toBeNull();
  });

  test("missing tensors are listed", () => {
    const model = config("llama-gqa");
    const names = stored(model).filter((name) => !name.includes("layers.1."));
    expect(() => match(model, names)).toThrow("expected tensors model.layers.1.input_layernorm");
    const one = stored(model).filter((name) => name !== "lm_head.weight");
    expect(() => match(model, one)).toThrow("expected tensors lm_head.weight, got none");
  });

  test("tensors without a use are listed, the first ten", () => {
    const model = config("llama-gqa");
    const surplus = Array.from({ length: 12 }, (_, i) => `score.${i}`);
    expect(() => match(model, [...stored(model), ...surplus])).toThrow(
      /got also score\.0, .*score\.9 and 2 more\./,
    );
    expect(() => match(model, [...stored(model), "model.layers.0.attention.bias"])).toThrow(
      "got also model.layers.0.attention.bias",
    );
  });
});
