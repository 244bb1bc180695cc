import { parseConfig, toHuggingFace } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { modelJson, modelNames } from "../checkpoint/model-fixtures.ts";

/** A fixture's config.json with options changed; undefined removes one. */
function changed(name: string, options: Record<string, unknown>, file?: string): unknown {
  const entries = Object.entries({ ...modelJson(name, file), ...options });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

describe("config", () => {
  test("there is a fixture of every family", () => {
    const families = new Set(modelNames.map((name) => parseConfig(modelJson(name)).family));
    expect([...families].sort()).toEqual(
      ["gpt2", "gpt_neox", "llama", "mistral", "qwen2", "stablelm"].sort(),
    );
  });

  test.each(modelNames)("both styles of %s mean the same model", (name) => {
    expect(parseConfig(modelJson(name, "config.hub-style.json"))).toEqual(
      parseConfig(modelJson(name)),
    );
  });

  test.each(modelNames)("%s survives writing and reading", (name) => {
    const config = parseConfig(modelJson(name));
    expect(parseConfig(JSON.parse(JSON.stringify(toHuggingFace(config))))).toEqual(config);
  });

  test.each(modelNames)("no option of %s is left unread", (name) => {
    for (const file of ["config.json", "config.hub-style.json"]) {
      expect(() => parseConfig(changed(name, { novel_option: 3 }, file))).toThrow(
        "config.json: expected options that are supported, got novel_option = 3.",
      );
    }
  });

  test("a Pythia config gives every field", () => {
    expect(parseConfig(modelJson("gpt_neox-pythia"))).toEqual({
      family: "gpt_neox",
      vocabSize: 160,
      width: 64,
      layers: 2,
      heads: 4,
      kvHeads: 4,
      headWidth: 16,
      mlpWidth: 160,
      maxPositions: 64,
      norm: { kind: "layer", eps: 1e-5 },
      residual: "parallel",
      sharedNorm: false,
      mlp: { kind: "plain", activation: "gelu" },
      position: { kind: "rotary", base: 10000, rotaryWidth: 4, scaling: null },
      slidingWindow: null,
      biases: { qkv: true, attentionOut: true, mlp: true },
      qkNorm: false,
      tiedEmbeddings: false,
      scores: { scaleByInverseLayer: false },
      specialIds: { bos: null, eos: null, pad: null },
    });
  });

  test("llama3 scaling is read from either style", () => {
    const scaling = {
      kind: "llama3",
      factor: 8,
      lowFactor: 1,
      highFactor: 4,
      originalPositions: 16,
    };
    for (const file of ["config.json", "config.hub-style.json"]) {
      expect(parseConfig(modelJson("llama-rope3", file)).position).toMatchObject({ scaling });
    }
  });

  test("linear scaling is read under its old and its new key", () => {
    for (const key of ["type", "rope_type"]) {
      const json = changed(
        "llama-gqa",
        { rope_scaling: { [key]: "linear", factor: 2 } },
        "config.hub-style.json",
      );
      const config = parseConfig(json);
      expect(config.position).toMatchObject({ scaling: { kind: "linear", factor: 2 } });
      expect(parseConfig(toHuggingFace(config))).toEqual(config);
    }
  });

  test("heads may be wider than their share of the width", () => {
    const config = parseConfig(changed("llama-gqa", { head_dim: 16 }));
    expect(config).toMatchObject({ width: 48, heads: 4, headWidth: 16 });
    expect(config.position).toMatchObject({ rotaryWidth: 16 });
  });

  test("StableLM's parallel blocks share one norm, NeoX's do not", () => {
    expect(parseConfig(changed("stablelm", { use_parallel_residual: true }))).toMatchObject({
      residual: "parallel",
      sharedNorm: true,
    });
    expect(parseConfig(changed("gpt_neox-pythia", { use_parallel_residual: false }))).toMatchObject(
      { residual: "sequential", sharedNorm: false },
    );
  });

  test("GPT-2 options are read", () => {
    const json = changed("gpt2-tied", {
      n_inner: 100,
      activation_function: "gelu",
      scale_attn_by_inverse_layer_idx: true,
      eos_token_id: [3, 4],
      pad_token_id: -1,
    });
    const config = parseConfig(json);
    expect(config).toMatchObject({
      mlpWidth: 100,
      mlp: { kind: "plain", activation: "gelu" },
      scores: { scaleByInverseLayer: true },
      specialIds: { bos: null, eos: [3, 4], pad: null },
    });
    expect(parseConfig(toHuggingFace(config))).toEqual(config);
  });

  test("classifiers have as many labels as config.json names, or 2", () => {
    const architectures = ["LlamaForSequenceClassification"];
    const of = (options: Record<string, unknown>) =>
      parseConfig(changed("llama-gqa", { architectures, ...options }));
    const reward = of({ id2label: { 0: "LABEL_0" }, label2id: { LABEL_0: 0 } });
    expect(reward.labels).toBe(1);
    expect(of({ num_labels: 5 }).labels).toBe(5);
    expect(of({}).labels).toBe(2);
    expect(parseConfig(toHuggingFace(reward))).toEqual(reward);
    expect(toHuggingFace(reward)).toMatchObject({ architectures, id2label: { 0: "LABEL_0" } });
    const languageModel = parseConfig(changed("llama-gqa", { id2label: { 0: "LABEL_0" } }));
    expect(languageModel).not.toHaveProperty("labels");
  });

  test("a missing Mistral window means 4096, null means none", () => {
    expect(parseConfig(changed("mistral-window", { sliding_window: undefined }))).toMatchObject({
      slidingWindow: 4096,
    });
    expect(parseConfig(changed("mistral-window", { sliding_window: null }))).toMatchObject({
      slidingWindow: null,
    });
  });

  test("a config of the hub, with options that change nothing, is read", () => {
    const hub = {
      architectures: ["Qwen2ForCausalLM"],
      attention_dropout: 0.0,
      bos_token_id: 151643,
      eos_token_id: [151645, 151643],
      hidden_act: "silu",
      hidden_size: 896,
      initializer_range: 0.02,
      intermediate_size: 4864,
      max_position_embeddings: 32768,
      max_window_layers: 21,
      model_type: "qwen2",
      num_attention_heads: 14,
      num_hidden_layers: 24,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-6,
      rope_theta: 1000000.0,
      sliding_window: 32768,
      tie_word_embeddings: true,
      torch_dtype: "bfloat16",
      transformers_version: "4.43.1",
      use_cache: true,
      use_mrope: false,
      use_sliding_window: false,
      vocab_size: 151936,
    };
    expect(parseConfig(hub)).toMatchObject({
      headWidth: 64,
      slidingWindow: null,
      tiedEmbeddings: true,
      specialIds: { bos: 151643, eos: [151645, 151643], pad: null },
    });
  });

  test("every rotary width survives writing and reading", () => {
    const config = parseConfig(modelJson("gpt_neox-pythia"));
    let checked = 0;
    for (let headWidth = 2; headWidth <= 200; headWidth++) {
      for (let rotaryWidth = 2; rotaryWidth <= headWidth; rotaryWidth += 2) {
        const position = { kind: "rotary", base: 10000, rotaryWidth, scaling: null } as const;
        const sized = { ...config, headWidth, width: headWidth * config.heads, position };
        expect(parseConfig(toHuggingFace(sized)).position).toEqual(position);
        checked++;
      }
    }
    expect(checked).toBe(10_000);
  });

  test.each([
    [
      "llama-gqa",
      { model_type: "phi3" },
      'model_type gpt2, gpt_neox, llama, mistral, qwen2, stablelm, got "phi3"',
    ],
    ["llama-gqa", { model_type: undefined }, "got undefined"],
    ["llama-gqa", { model_type: "constructor" }, 'got "constructor"'],
    ["llama-gqa", { architectures: ["LlamaForTokenClassification"] }, "architectures"],
    ["llama-gqa", { hidden_act: "relu" }, 'expected hidden_act to be silu, got "relu"'],
    ["llama-gqa", { hidden_act: "constructor" }, "expected hidden_act to be silu"],
    ["llama-gqa", { mlp_bias: true }, "expected mlp_bias to be false, got true"],
    ["llama-gqa", { num_key_value_heads: 3 }, "key-value heads 3"],
    ["llama-gqa", { hidden_size: 50, head_dim: undefined }, "head_dim"],
    [
      "llama-gqa",
      { vocab_size: undefined },
      "expected vocab_size to be a positive integer, got nothing",
    ],
    ["llama-gqa", { vocab_size: "192" }, 'got "192"'],
    ["llama-gqa", { vocab_size: 1e300 }, "vocab_size"],
    ["llama-gqa", { rms_norm_eps: 0 }, "rms_norm_eps"],
    ["llama-gqa", { bos_token_id: [1, 2] }, "bos_token_id"],
    ["llama-gqa", { eos_token_id: [1, -2] }, "eos_token_id"],
    ["llama-gqa", { quantization_config: { bits: 4 } }, 'quantization_config = {"bits":4}'],
    ["llama-gqa", { rope_scaling: { rope_type: "linear", factor: 2 } }, "got both"],
    ["llama-gqa", { rope_theta: 10000 }, "nested rope_theta = 500000, rope_theta = 10000"],
    ["llama-gqa", { rope_parameters: { rope_type: "yarn", rope_theta: 1e4 } }, '"yarn"'],
    ["llama-gqa", { rope_parameters: { rope_type: "linear" } }, "expected factor"],
    ["llama-gqa", { rope_parameters: { rope_type: "default", factor: 3 } }, "factor = 3"],
    [
      "qwen2-sharded",
      { rope_parameters: { rope_type: "linear", factor: 2 } },
      'rope_type default, got "linear"',
    ],
    ["qwen2-sharded", { use_sliding_window: true }, "use_sliding_window"],
    ["qwen2-sharded", { use_mrope: true }, "use_mrope"],
    ["llama-gqa", { rope_interleaved: true }, "rope_interleaved"],
    ["qwen2-sharded", { layer_types: ["full_attention", "sliding_attention"] }, "layer_types"],
    ["gpt2-tied", { tie_word_embeddings: false }, "tie_word_embeddings"],
    ["gpt2-tied", { scale_attn_weights: false }, "scale_attn_weights"],
    ["gpt2-tied", { activation_function: "relu" }, "activation_function"],
    ["gpt2-tied", { add_cross_attention: true }, "add_cross_attention"],
    ["gpt2-tied", { n_ctx: 32 }, "expected n_ctx to be 64, got 32"],
    ["gpt_neox-pythia", { attention_bias: false }, "attention_bias"],
    ["gpt_neox-pythia", { rotary_pct: 0.3 }, "partial_rotary_factor = 0.25, rotary_pct = 0.3"],
    ["stablelm", { partial_rotary_factor: 0.2, rope_parameters: {} }, "even rotary width"],
    ["stablelm", { partial_rotary_factor: 2, rope_parameters: {} }, "even rotary width"],
  ])("%s with %j is an error that names it", (name, options, message) => {
    expect(() => parseConfig(changed(name, options))).toThrow(message);
  });

  test.each([[null], [[]], ["{}"], [3], [undefined]])("%j is not a config", (json) => {
    expect(() => parseConfig(json)).toThrow("config.json: expected an object");
  });
});
