/** The golden models of ../fixtures: weights, inputs and what transformers computes from them. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type GoldenTensor, parseSafetensors } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { extract } from "../../src/checkpoint/layout.ts";
import { readParameters } from "../../src/checkpoint/load.ts";
import { huggingFaceLayouts } from "../../src/checkpoint/names.ts";
import { SafetensorsSource } from "../../src/checkpoint/safetensors.ts";
import type { CheckpointSource } from "../../src/checkpoint/source.ts";
import { type ModelConfig, parseConfig } from "../../src/config.ts";
import type { TokenBatch } from "../../src/types.ts";

const ROOT = fileURLToPath(new URL("../fixtures/", import.meta.url));

/** Folders of golden models, such as `models/gpt2-tied`. */
export const GOLDEN_MODELS: readonly string[] = ["models", "variants"].flatMap((set) =>
  readdirSync(`${ROOT}${set}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${set}/${name}`),
);

/** Tolerances of the golden models' READMEs. */
export const LOGITS = { atol: 2e-4, rtol: 1e-4 };
export const HIDDEN = { atol: 1e-4, rtol: 1e-4 };
export const TOKEN_LOGPS = { atol: 2e-4, rtol: 0 };
export const SEQUENCE_LOGPS = { atol: 1e-3, rtol: 1e-5 };
/** Of the largest element of a gradient, and of the norm of one. */
export const GRADIENT_SHARE = 2e-4;

/** One golden model. */
export class GoldenModel {
  readonly config: ModelConfig;
  readonly #folder: string;
  readonly #io: ReadonlyMap<string, GoldenTensor>;

  constructor(folder: string) {
    this.#folder = `${ROOT}${folder}/`;
    this.config = parseConfig(JSON.parse(readFileSync(`${this.#folder}config.json`, "utf8")));
    this.#io = parseSafetensors(readFileSync(`${this.#folder}io.safetensors`));
  }

  /** Parameters, read by the package's own loader; the caller disposes them. */
  async parameters(): Promise<Record<string, tf.Tensor>> {
    const params: Record<string, tf.Tensor> = {};
    for await (const { name, shape, values } of readParameters(this.config, await this.#source())) {
      params[name] = tf.tensor(values, [...shape]);
    }
    return params;
  }

  /** Elements of a tensor of `io.safetensors`. */
  values(name: string): Float32Array | Int32Array {
    return this.#tensor(name).values;
  }

  has(name: string): boolean {
    return this.#io.has(name);
  }

  /** The batch that most numbers are about. */
  batch(): TokenBatch {
    const matrix = (name: string) => {
      const { values, shape } = this.#tensor(name);
      return tf.tensor2d(values, shape as [number, number], "int32");
    };
    return {
      ids: matrix("input_ids"),
      attentionMask: matrix("attention_mask"),
      completionMask: matrix("completion_mask"),
    };
  }

  /** Gradients as the tensors of a checkpoint, by the names that the golden ones have. */
  storedGradients(gradients: Readonly<Record<string, Float32Array>>): Map<string, Float32Array> {
    const stored = new Map<string, Float32Array>();
    for (const layout of huggingFaceLayouts(this.config)) {
      const gradient = gradients[layout.name] as Float32Array;
      for (const piece of layout.pieces) {
        stored.set(`grad.${piece.name}`, extract(layout, piece, gradient));
      }
    }
    return stored;
  }

  /** Norms of all gradients by the names of the stored ones; none for the variants. */
  gradientNorms(): Map<string, number> {
    const file = `${this.#folder}info.json`;
    if (!existsSync(file)) return new Map();
    const { grad_norms: norms }: { grad_norms: Record<string, number> } = JSON.parse(
      readFileSync(file, "utf8"),
    );
    // transformers 5 calls GPT-NeoX's head by another name than the files do.
    const renamed = this.config.family === "gpt_neox" ? "embed_out.weight" : "lm_head.weight";
    return new Map(
      Object.entries(norms).map(([name, norm]) => {
        return [`grad.${name === "lm_head.weight" ? renamed : name}`, norm];
      }),
    );
  }

  /** Names of the golden gradients. */
  gradientNames(): string[] {
    return [...this.#io.keys()].filter((name) => name.startsWith("grad."));
  }

  #tensor(name: string): GoldenTensor {
    const tensor = this.#io.get(name);
    if (!tensor) throw new Error(`GoldenModel: expected ${name} in ${this.#folder}, got none.`);
    return tensor;
  }

  async #source(): Promise<CheckpointSource> {
    const files = readdirSync(this.#folder).filter((file) => /^model.*\.safetensors$/.test(file));
    const sources = await Promise.all(files.map((file) => openInMemory(this.#folder + file)));
    const [first] = sources;
    if (first && sources.length === 1) return first;
    const holder = (name: string) =>
      sources.find((source) => source.names().includes(name)) as CheckpointSource;
    return {
      names: () => sources.flatMap((source) => source.names()),
      spec: (name) => holder(name).spec(name),
      read: (name) => holder(name).read(name),
    };
  }
}

function openInMemory(path: string): Promise<CheckpointSource> {
  const bytes = readFileSync(path);
  return SafetensorsSource.open({
    name: path,
    size: bytes.length,
    read: async (target, position) => {
      target.set(bytes.subarray(position, position + target.length));
    },
  });
}
