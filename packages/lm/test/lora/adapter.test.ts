import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { leakedTensors } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ModelConfig } from "../../src/config.ts";
import {
  adaptedParameters,
  initialAdapter,
  type LoraAdapter,
  loraPolicy,
  mergeAdapter,
  unmergeAdapter,
} from "../../src/lora/adapter.ts";
import { parseLoraConfig } from "../../src/lora/config.ts";
import { loraTargets } from "../../src/lora/targets.ts";
import { rowBatches } from "../../src/train/batches.ts";
import { parseSftConfig, trainSft } from "../../src/train/train-sft.ts";
import { hiddenStates } from "../../src/transformer.ts";
import type { Params } from "../../src/types.ts";
import { TINY, tinyPolicy, tinyRows, values } from "../train/tiny.ts";

/** Products of float32 matrices, summed in another order. */
const PRODUCTS = { rtol: 1e-5, atol: 1e-6 };
/** The same after two layers and norms. */
const STATES = { rtol: 1e-4, atol: 1e-5 };

const GPT2: ModelConfig = {
  ...TINY,
  family: "gpt2",
  kvHeads: 4,
  norm: { kind: "layer", eps: 1e-5 },
  mlp: { kind: "plain", activation: "gelu_tanh" },
  position: { kind: "learned" },
  biases: { qkv: true, attentionOut: true, mlp: true },
  tiedEmbeddings: true,
};

beforeEach(() => tf.setBackend("ort"));
afterEach(() => tf.disposeVariables());

/** An adapter that does something: B as random as A. */
function adapter(targetModules: readonly string[], alpha = 6): LoraAdapter {
  const made = initialAdapter(TINY, { rank: 3, alpha, targetModules }, 5);
  for (const [name, variable] of Object.entries(made.variables)) {
    if (name.endsWith("_B"))
      variable.assign(tf.randomUniform(variable.shape, -0.5, 0.5, "float32", 3));
  }
  return made;
}

const read = (params: Params, name: string): Float32Array =>
  (params[name] as tf.Tensor).dataSync<"float32">();

const hidden = (params: Params): Float32Array =>
  tf.tidy(() => {
    const ids = tf.tensor2d([[3, 1, 4, 1, 5, 9]], [1, 6], "int32");
    return hiddenStates(TINY, params, ids, tf.onesLike(ids)).dataSync<"float32">();
  });

describe("lora/targets", () => {
  test("q, k and v are columns of one parameter; gate and up are, too", () => {
    const names = ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj"];
    const block = loraTargets(TINY, names).slice(0, 5);
    expect(block.map(({ module }) => module.split(".").at(-1))).toEqual(names);
    expect(block.map(({ parameter }) => parameter)).toEqual([
      ...Array(3).fill("blocks.0.qkv.weight"),
      ...Array(2).fill("blocks.0.mlp.up.weight"),
    ]);
    expect(block.map(({ at, outputs, columns }) => [at, outputs, columns])).toEqual([
      [0, 16, 32],
      [16, 8, 32],
      [24, 8, 32],
      [0, 24, 48],
      [24, 24, 48],
    ]);
  });

  test("a name means all matrices that end with it after a dot, as in PEFT", () => {
    const modules = (name: string) => loraTargets(GPT2, [name]).map(({ module }) => module);
    expect(modules("c_proj")).toEqual([
      "transformer.h.0.attn.c_proj",
      "transformer.h.0.mlp.c_proj",
      "transformer.h.1.attn.c_proj",
      "transformer.h.1.mlp.c_proj",
    ]);
    expect(modules("mlp.c_proj")).toHaveLength(2);
    expect(modules("transformer.h.1.attn.c_attn")).toEqual(["transformer.h.1.attn.c_attn"]);
  });

  test("a name that means nothing is an error that lists the others", () => {
    expect(() => loraTargets(TINY, ["q_proj", "c_attn"])).toThrow(
      "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, got c_attn",
    );
    expect(() => loraTargets(TINY, ["proj"])).toThrow("got proj");
  });
});

describe("lora/config", () => {
  test("defaults are PEFT's", () => {
    expect(parseLoraConfig({}, "llama")).toEqual({
      rank: 8,
      alpha: 8,
      targetModules: ["q_proj", "v_proj"],
    });
    expect(parseLoraConfig({}, "gpt2").targetModules).toEqual(["c_attn"]);
  });

  test("bad values and unknown keys are errors", () => {
    expect(() => parseLoraConfig({ rank: 0 }, "llama")).toThrow("rank to be an integer from 1");
    expect(() => parseLoraConfig({ r: 8 }, "llama")).toThrow("rank, alpha, targetModules, got r");
    expect(() => parseLoraConfig({ targetModules: "q_proj" }, "llama")).toThrow("list of strings");
    expect(() => parseLoraConfig({ targetModules: [] }, "llama")).toThrow("at least one matrix");
  });
});

describe("lora/adapter", () => {
  test("a fresh one changes nothing, and its A is Kaiming's", () => {
    const { variables: params } = tinyPolicy();
    const fresh = initialAdapter(TINY, { rank: 8, alpha: 16, targetModules: ["q_proj"] }, 1);
    expect(hidden(adaptedParameters(params, fresh))).toEqual(hidden(params));
    const a = read(fresh.variables, "model.layers.0.self_attn.q_proj.lora_A");
    const bound = 1 / Math.sqrt(16);
    expect(Math.max(...a)).toBeLessThan(bound);
    expect(Math.max(...a)).toBeGreaterThan(0.9 * bound);
    expect(Math.min(...a)).toBeLessThan(-0.9 * bound);
    const other = read(fresh.variables, "model.layers.1.self_attn.q_proj.lora_A");
    expect(other).not.toEqual(a);
  });

  test("adds alpha / rank A B to its columns and leaves all others as they are", () => {
    const { variables: params } = tinyPolicy();
    const made = adapter(["k_proj"]);
    const name = "blocks.1.qkv.weight";
    const [before, after] = [read(params, name), read(mergeAdapter(params, made), name)];
    const a = read(made.variables, "model.layers.1.self_attn.k_proj.lora_A");
    const b = read(made.variables, "model.layers.1.self_attn.k_proj.lora_B");
    const expected = before.map((w, i) => {
      const [row, column] = [Math.floor(i / 32), (i % 32) - 16];
      if (column < 0 || column >= 8) return w;
      const product = [0, 1, 2].reduce(
        (sum, r) => sum + (a[row * 3 + r] as number) * (b[r * 8 + column] as number),
        0,
      );
      return w + 2 * product;
    });
    expect(after).toBeAllClose(expected, PRODUCTS);
    after.forEach((w, i) => {
      if (i % 32 < 16 || i % 32 >= 24) expect(w).toBe(before[i]);
    });
  });

  test("unmerged, the model is what it was but for roundings", () => {
    const { variables: params } = tinyPolicy();
    const made = adapter(["q_proj", "down_proj"]);
    const back = unmergeAdapter(mergeAdapter(params, made), made);
    for (const name of Object.keys(params)) {
      expect(read(back, name), name).toBeAllClose(read(params, name), PRODUCTS);
    }
    expect(read(back, "embedding")).toEqual(read(params, "embedding"));
  });

  test("adapts without forming a matrix of the weights' size", () => {
    const { variables: params } = tinyPolicy();
    const made = adapter(["q_proj", "v_proj", "down_proj"]);
    const adapted = adaptedParameters(params, made);
    for (const [name, tensor] of Object.entries(params)) expect(adapted[name]).toBe(tensor);
    const added = Object.keys(adapted).filter((name) => !(name in params));
    expect(added.map((name) => [name, adapted[name]?.shape]).slice(0, 4)).toEqual([
      ["blocks.0.qkv.weight.down", [16, 6]],
      ["blocks.0.qkv.weight.up", [6, 32]],
      ["blocks.0.mlp.down.weight.down", [24, 3]],
      ["blocks.0.mlp.down.weight.up", [3, 16]],
    ]);
  });

  test("several adapters of one parameter keep to their own columns", () => {
    const { variables: params } = tinyPolicy();
    const name = "blocks.0.qkv.weight";
    const of = (targets: readonly string[]) => read(mergeAdapter(params, adapter(targets)), name);
    const [q, v, both] = [of(["q_proj"]), of(["v_proj"]), of(["q_proj", "v_proj"])];
    expect(both).toBeAllClose(
      both.map((_, i) => (i % 32 < 16 ? q : v)[i] as number),
      PRODUCTS,
    );
  });

  test("merged, the model is the adapted one; without, it is what it was, bit for bit", async () => {
    const { variables: params } = tinyPolicy();
    const made = adapter(["q_proj", "v_proj", "down_proj"]);
    const before = hidden(params);
    const adapted = tf.tidy(() => hidden(adaptedParameters(params, made)));
    const merged = mergeAdapter(params, made);
    expect(hidden(merged)).toBeAllClose(adapted, STATES);
    expect(adapted).not.toBeAllClose(before, STATES);
    tf.dispose(merged);
    expect(hidden(params)).toEqual(before);
    expect(await leakedTensors(() => tf.dispose(mergeAdapter(params, made)))).toBe(0);
  });

  test.each(["ort", "cpu"])(
    "training changes the adapter alone, and learns: %s",
    async (backend) => {
      await tf.setBackend(backend);
      const { variables: params } = tinyPolicy();
      const config = { rank: 4, alpha: 8, targetModules: ["q_proj", "v_proj", "up_proj"] };
      const policy = loraPolicy(TINY, params, initialAdapter(TINY, config, 2));
      const settings = parseSftConfig({
        maxSteps: backend === "ort" ? 40 : 3,
        maxLength: 32,
        optimizer: { lr: 3e-2 },
      });
      const frozen = values({ config: TINY, variables: params, parameters: () => params });
      const losses: number[] = [];
      await trainSft(policy, rowBatches(tinyRows(8), settings), settings, {
        log: ({ loss }) => void losses.push(loss),
      });
      expect(values({ config: TINY, variables: params, parameters: () => params })).toEqual(frozen);
      const b = read(policy.variables, "model.layers.0.self_attn.v_proj.lora_B");
      expect(b.some((x) => x !== 0)).toBe(true);
      if (backend === "ort") expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    },
  );
});
