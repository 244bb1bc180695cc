/** Adapters in files: back and forth here, and to Python's PEFT and back where there is one. */
import "@tensorflow/tfjs-backend-cpu";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeUnless } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ModelConfig } from "../../src/config.ts";
import { logits } from "../../src/heads.ts";
import { loadAdapter, saveAdapter } from "../../src/io/adapter-folder.ts";
import {
  adaptedParameters,
  initialAdapter,
  type LoraAdapter,
  mergeAdapter,
} from "../../src/lora/adapter.ts";
import { fromPeftConfig } from "../../src/lora/peft.ts";
import { hiddenStates } from "../../src/transformer.ts";
import type { Params } from "../../src/types.ts";
import { GoldenModel, LOGITS } from "../model/golden.ts";
import { TINY } from "../train/tiny.ts";

const python = process.env["PREFLAB_PYTHON"];
const SCRIPT = fileURLToPath(new URL("./peft_logits.py", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));
const IDS = [[3, 14, 15, 9, 2, 6, 5]];
/** Loading torch and transformers on a busy machine. */
const PYTHON_TIMEOUT_MS = 180_000;

let folder: string;

beforeEach(async () => {
  await tf.setBackend("cpu");
  folder = mkdtempSync(join(tmpdir(), "preflab-lora-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  tf.disposeVariables();
});

function adapter(model: ModelConfig, targetModules: readonly string[]): LoraAdapter {
  const made = initialAdapter(model, { rank: 3, alpha: 6, targetModules }, 5);
  Object.values(made.variables).forEach((variable, i) => {
    variable.assign(tf.randomUniform(variable.shape, -0.3, 0.3, "float32", i));
  });
  return made;
}

const numbers = ({ variables }: LoraAdapter) =>
  Object.entries(variables).map(([name, variable]) => [name, variable.dataSync()]);

describe("io/adapter-folder", () => {
  test("gives back what was saved", async () => {
    const made = adapter(TINY, ["k_proj", "o_proj", "up_proj"]);
    await saveAdapter(folder, TINY, made, "tiny");
    const loaded = await loadAdapter(folder, TINY);
    expect(loaded.config).toEqual(made.config);
    expect(numbers(loaded)).toEqual(numbers(made));
  });

  test("an adapter of another model is an error that names the matrix", async () => {
    await saveAdapter(folder, TINY, adapter(TINY, ["q_proj"]), "tiny");
    await expect(loadAdapter(folder, { ...TINY, width: 32 })).rejects.toThrow(
      "expected base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight to be [3,32], got [3,16]",
    );
    await expect(loadAdapter(folder, { ...TINY, layers: 1 })).rejects.toThrow(
      "layers.1.self_attn.q_proj.lora_A.weight to be absent, got [3,16]",
    );
  });
});

describe("lora/peft", () => {
  const json = { peft_type: "LORA", r: 4, lora_alpha: 8, target_modules: ["v_proj", "q_proj"] };

  test("reads what PEFT writes, with options that are off", () => {
    const written = {
      ...json,
      bias: "none",
      use_dora: false,
      rank_pattern: {},
      modules_to_save: null,
    };
    expect(fromPeftConfig({ ...written, peft_version: "0.21.0", lora_dropout: 0.05 })).toEqual({
      rank: 4,
      alpha: 8,
      targetModules: ["q_proj", "v_proj"],
    });
  });

  test.each([
    [{ use_dora: true }, "got use_dora = true"],
    [{ bias: "all" }, 'got bias = "all"'],
    [{ rank_pattern: { q_proj: 2 } }, "got rank_pattern"],
    [{ modules_to_save: ["lm_head"] }, "got modules_to_save"],
    [{ a_novelty: 1 }, "got a_novelty = 1"],
    [{ peft_type: "IA3" }, "expected peft_type LORA"],
    [{ r: 1.5 }, "a positive integer r"],
    [{ target_modules: ".*_proj" }, "a list target_modules"],
  ])("%j is an error", (changes, message) => {
    expect(() => fromPeftConfig({ ...json, ...changes })).toThrow(message);
  });
});

const missing =
  python === undefined
    ? "set PREFLAB_PYTHON to a Python with torch, transformers and peft"
    : spawnSync(python, ["-c", "import peft, torch, transformers"]).status === 0
      ? undefined
      : "$PREFLAB_PYTHON has no peft, torch or transformers";

describeUnless(missing, "lora in Python's PEFT", () => {
  test.each([
    ["models/llama-gqa", ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj"]],
    ["models/gpt2-tied", ["c_attn", "c_proj", "c_fc"]],
    ["models/gpt_neox-pythia", ["query_key_value", "dense", "dense_h_to_4h"]],
    ["models/mistral-window", ["q_proj", "v_proj", "o_proj", "down_proj"]],
    ["models/qwen2-sharded", ["q_proj", "k_proj", "v_proj", "gate_proj"]],
    ["models/stablelm", ["q_proj", "v_proj", "down_proj"]],
  ])(
    "%s: the same logits there, and here with an adapter from there",
    async (name, targets) => {
      const golden = new GoldenModel(name);
      const params = await golden.parameters();
      const made = adapter(golden.config, targets);
      const saved = join(folder, "saved");
      await saveAdapter(saved, golden.config, made, name);
      const args = [SCRIPT, FIXTURES + name, saved, JSON.stringify(IDS), folder];
      const result = spawnSync(python ?? "", args, { encoding: "utf8" });
      expect(result.status, result.stderr).toBe(0);
      const theirs = (file: string): number[] =>
        JSON.parse(readFileSync(join(folder, file), "utf8"));
      expect(logitsOf(golden.config, params, made)).toBeAllClose(theirs("logits.json"), LOGITS);
      const back = await loadAdapter(join(folder, "adapter"), golden.config);
      expect(logitsOf(golden.config, params, back)).toBeAllClose(
        theirs("adapter_logits.json"),
        LOGITS,
      );
      expect(theirs("logits.json")).not.toBeAllClose(theirs("adapter_logits.json"), LOGITS);
      const merged = mergeAdapter(params, made);
      expect(logitsOf(golden.config, merged)).toBeAllClose(theirs("logits.json"), LOGITS);
      tf.dispose(params);
    },
    PYTHON_TIMEOUT_MS,
  );
});

function logitsOf(config: ModelConfig, params: Params, made?: LoraAdapter): Float32Array {
  return tf.tidy(() => {
    const ids = tf.tensor2d(IDS, undefined, "int32");
    const adapted = made ? adaptedParameters(params, made) : params;
    const states = hiddenStates(config, adapted, ids, tf.onesLike(ids));
    return logits(
      config,
      adapted,
      tf.reshape(states, [ids.size, config.width]),
    ).dataSync<"float32">();
  });
}
