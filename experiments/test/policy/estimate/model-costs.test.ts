import { countParameters, parseConfig } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import {
  activationBytes,
  cacheBytes,
  forwardFlops,
  type ModelShape,
  parametersOf,
  trainFlops,
} from "../../../src/policy/estimate/model-costs.ts";

const SMALL: ModelShape = {
  ...{ layers: 2, width: 8, heads: 2, vocabulary: 10, positions: 4 },
  head: "embedding",
};
const GPT2 = { heads: 1, vocabulary: 50_257, positions: 1024, head: "embedding" } as const;
const PYTHIA = { heads: 1, vocabulary: 50_304, positions: 0, head: "own" } as const;

describe("policy/estimate/model-costs", () => {
  test("parameters are those that the model has", () => {
    const config = parseConfig({
      model_type: "gpt2",
      ...{ n_layer: 2, n_embd: 8, n_head: 2, n_positions: 4, vocab_size: 10 },
    });
    expect(parametersOf(SMALL)).toBe(countParameters(config));
    expect(parametersOf(SMALL)).toBe(1872);
  });

  test("GPT-NeoX has a head of its own and no learned positions", () => {
    const config = parseConfig({
      model_type: "gpt_neox",
      ...{ num_hidden_layers: 2, hidden_size: 8, num_attention_heads: 1, intermediate_size: 32 },
      ...{ max_position_embeddings: 4, vocab_size: 10, rotary_pct: 0.25 },
    });
    expect(parametersOf({ ...SMALL, positions: 0, head: "own" })).toBe(countParameters(config));
  });

  test("the published sizes of Pythia have 70, 405, 1415 and 2775 million", () => {
    expect(parametersOf({ ...PYTHIA, layers: 6, width: 512 })).toBe(70_426_624);
    expect(parametersOf({ ...PYTHIA, layers: 24, width: 1024 })).toBe(405_334_016);
    expect(parametersOf({ ...PYTHIA, layers: 24, width: 2048 })).toBe(1_414_647_808);
    expect(parametersOf({ ...PYTHIA, layers: 32, width: 2560 })).toBe(2_775_208_960);
  });

  test("the published sizes of GPT-2 have 124, 355 and 774 million", () => {
    expect(parametersOf({ ...GPT2, layers: 12, width: 768 })).toBe(124_439_808);
    expect(parametersOf({ ...GPT2, layers: 24, width: 1024 })).toBe(354_823_168);
    expect(parametersOf({ ...GPT2, layers: 36, width: 1280 })).toBe(774_030_080);
  });

  test("operations are two per matrix element and token, with attention over the whole text", () => {
    // 2 (12 x 2 x 64 + 10 x 8) + 4 x 2 x 8 x 5.
    expect(forwardFlops(SMALL, 5)).toBe(3552);
    expect(trainFlops(SMALL, 5)).toBe(3 * 3552);
  });

  test("activations are those of layers, attention and logits", () => {
    // 6 tokens: 2 layers of 128 x 8 + 8 x 2 heads x 3 bytes, and 3 logits of 4 bytes for 10 ids.
    expect(activationBytes(SMALL, { texts: 2, length: 3 })).toBe(2 * 6 * (1024 + 48) + 720);
  });

  test("a cache has a key and a value per layer and token", () => {
    expect(cacheBytes(SMALL, 2, 3)).toBe(2 * 4 * 2 * 8 * 6);
  });
});
