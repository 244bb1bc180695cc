/**
 * The model files of llama2.c (karpathy/llama2.c, export.py, version 0): seven 32-bit integers,
 * then float32 tensors in a fixed order. Queries and keys are laid out as in GGUF files of Llama,
 * so the tensors carry the names they would have there, and that reader's layouts apply.
 */
import { CheckpointError } from "../../src/checkpoint/error.ts";
import { ggufLayouts } from "../../src/checkpoint/gguf/names.ts";
import { type ParameterValues, readLayouts } from "../../src/checkpoint/load.ts";
import {
  type CheckpointSource,
  elementCount,
  type TensorSpec,
} from "../../src/checkpoint/source.ts";
import type { ModelConfig } from "../../src/config.ts";

const HEADER_NUMBERS = 7;
const BYTES = 4;

/** What llama2.c has in its code, not in its files. */
const FIXED = { eps: 1e-5, base: 10000, bos: 1, eos: 2 } as const;

/** A model file, taken apart. */
export interface Llama2cModel {
  readonly config: ModelConfig;
  /** The parameters, in the order of the forward pass. */
  parameters(): AsyncGenerator<ParameterValues>;
}

/**
 * Reads a model file.
 *
 * @param file all of its bytes.
 * @throws CheckpointError when its size is not what its header implies.
 */
export function readLlama2c(file: Uint8Array): Llama2cModel {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const config = readConfig(view);
  const tensors = placeTensors(config);
  const last = tensors.at(-1);
  const expected = last === undefined ? 0 : last.at + BYTES * elementCount(last.shape);
  if (file.byteLength !== expected) {
    throw new CheckpointError(
      `llama2.c model: expected ${expected} bytes as its header says, got ${file.byteLength}. ` +
        "Only files of version 0, float32, are supported.",
    );
  }
  const source = new Llama2cSource(view, tensors);
  return { config, parameters: () => readLayouts(ggufLayouts(config, source.names()), source) };
}

function readConfig(view: DataView): ModelConfig {
  if (view.byteLength < HEADER_NUMBERS * BYTES) {
    throw new CheckpointError(
      `llama2.c model: expected a header of ${HEADER_NUMBERS * BYTES} bytes, got ` +
        `${view.byteLength} bytes. Get the file anew.`,
    );
  }
  const numbers = Array.from({ length: HEADER_NUMBERS }, (_, i) => view.getInt32(BYTES * i, true));
  const [width, mlpWidth, layers, heads, kvHeads, words, maxPositions] = numbers as HeaderNumbers;
  // A file with an output head of its own has the number of words negated.
  const vocabSize = Math.abs(words);
  const sizes = [width, mlpWidth, layers, heads, kvHeads, vocabSize, maxPositions];
  const headWidth = width / heads;
  const isModel = sizes.every((size) => size > 0) && heads % kvHeads === 0 && headWidth % 2 === 0;
  if (!isModel) {
    throw new CheckpointError(
      `llama2.c model: expected sizes of a model, got ${numbers.join(", ")}. Only files of ` +
        "version 0, float32, are supported.",
    );
  }
  return {
    family: "llama",
    vocabSize,
    width,
    layers,
    heads,
    kvHeads,
    headWidth,
    mlpWidth,
    maxPositions,
    norm: { kind: "rms", eps: FIXED.eps },
    residual: "sequential",
    sharedNorm: false,
    mlp: { kind: "gated", activation: "silu" },
    position: { kind: "rotary", base: FIXED.base, rotaryWidth: headWidth, scaling: null },
    slidingWindow: null,
    biases: { qkv: false, attentionOut: false, mlp: false },
    qkNorm: false,
    tiedEmbeddings: words > 0,
    scores: { scaleByInverseLayer: false },
    specialIds: { bos: FIXED.bos, eos: FIXED.eos, pad: null },
  };
}

type HeaderNumbers = [number, number, number, number, number, number, number];

/** A tensor and its first byte. */
interface Placed {
  readonly name: string;
  readonly shape: readonly number[];
  readonly at: number;
}

/** Tensors of all blocks follow one another; rotary frequencies, which are not needed, have no name. */
function placeTensors(config: ModelConfig): Placed[] {
  const { width, mlpWidth, vocabSize, heads, kvHeads, headWidth, maxPositions } = config;
  const blocks = (name: string, shape: readonly number[]) =>
    Array.from({ length: config.layers }, (_, i) => [`blk.${i}.${name}.weight`, shape] as const);
  const order: readonly (readonly [string, readonly number[]])[] = [
    ["token_embd.weight", [vocabSize, width]],
    ...blocks("attn_norm", [width]),
    ...blocks("attn_q", [heads * headWidth, width]),
    ...blocks("attn_k", [kvHeads * headWidth, width]),
    ...blocks("attn_v", [kvHeads * headWidth, width]),
    ...blocks("attn_output", [width, heads * headWidth]),
    ...blocks("ffn_norm", [width]),
    ...blocks("ffn_gate", [mlpWidth, width]),
    ...blocks("ffn_down", [width, mlpWidth]),
    ...blocks("ffn_up", [mlpWidth, width]),
    ["output_norm.weight", [width]],
    ["", [2, maxPositions, headWidth / 2]],
    ...(config.tiedEmbeddings ? [] : [["output.weight", [vocabSize, width]] as const]),
  ];
  let at = HEADER_NUMBERS * BYTES;
  return order.map(([name, shape]) => {
    const placed = { name, shape, at };
    at += BYTES * elementCount(shape);
    return placed;
  });
}

class Llama2cSource implements CheckpointSource {
  readonly #view: DataView;
  readonly #tensors: ReadonlyMap<string, Placed>;

  constructor(view: DataView, tensors: readonly Placed[]) {
    this.#view = view;
    this.#tensors = new Map(
      tensors.filter(({ name }) => name !== "").map((tensor) => [tensor.name, tensor]),
    );
  }

  names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  spec(name: string): TensorSpec {
    return { dtype: "F32", shape: this.#tensor(name).shape };
  }

  read(name: string): Promise<Float32Array> {
    const { shape, at } = this.#tensor(name);
    const values = Float32Array.from({ length: elementCount(shape) }, (_, i) =>
      this.#view.getFloat32(at + BYTES * i, true),
    );
    return Promise.resolve(values);
  }

  #tensor(name: string): Placed {
    const tensor = this.#tensors.get(name);
    if (tensor) return tensor;
    throw new CheckpointError(`llama2.c model: expected a tensor "${name}", got none.`);
  }
}
