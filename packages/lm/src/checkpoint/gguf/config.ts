/** From the metadata of a GGUF file to a `ModelConfig`, for the Llama and StableLM architectures. */
import type { ModelConfig, Position, RotaryScaling } from "../../config.ts";
import { OptionReader } from "../config/reader.ts";
import { CheckpointError } from "../error.ts";
import { describe } from "../json.ts";
import type { TensorSpec } from "../source.ts";
import { FREQUENCY_FACTORS } from "./names.ts";
import type { MetadataValue } from "./reader.ts";

/** What of a file the config follows from. */
export interface GgufDescription {
  /** Name of the file, for messages. */
  readonly file: string;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly has: (tensor: string) => boolean;
  readonly spec: (tensor: string) => TensorSpec;
  /** Elements of `rope_freqs.weight`, [headWidth / 2], where there is one. */
  readonly frequencyFactors: Float32Array | null;
}

/**
 * Reads the architecture. Options that the metadata does not name follow from which tensors there
 * are: biases, norms of heads, tied embeddings.
 *
 * @throws CheckpointError naming the architecture, option or value that is not supported.
 */
export function parseGgufConfig(description: GgufDescription): ModelConfig {
  const { file, metadata, has, spec } = description;
  const architecture = metadata.get("general.architecture");
  if (architecture !== "llama" && architecture !== "stablelm") {
    throw new CheckpointError(
      `${file}: expected architecture llama or stablelm, got ${describe(architecture)}. Use the ` +
        "safetensors files of the model.",
    );
  }
  const split = metadata.get("split.count") ?? 1;
  if (split !== 1 && split !== 0) {
    throw new CheckpointError(
      `${file}: expected a file that is whole, got one of ${describe(split)}. Merge them with ` +
        "llama-gguf-split.",
    );
  }
  const options = new OptionReader(optionsOf(metadata, `${architecture}.`), file);
  const width = options.size("embedding_length");
  const heads = options.size("attention.head_count");
  const headWidth = options.size("attention.key_length", width / heads);
  const kvHeads = options.size("attention.head_count_kv", heads);
  options.require("attention.value_length", headWidth);
  options.require("expert_count", 0);
  options.require("expert_used_count", 0);
  options.require("tensor_data_layout", "Meta AI original pth");
  if (heads % kvHeads !== 0) {
    throw new CheckpointError(
      `${file}: expected key-value heads that divide ${heads} heads, got ${kvHeads}.`,
    );
  }
  const [vocabSize = 0] = has("token_embd.weight") ? spec("token_embd.weight").shape : [];
  options.require("vocab_size", vocabSize);
  const parallel = options.flag("use_parallel_residual", false);
  const llama = architecture === "llama";
  if (llama && parallel) {
    throw new CheckpointError(
      `${file}: expected sequential residuals in Llama, got parallel ones.`,
    );
  }
  const config: ModelConfig = {
    family: architecture,
    vocabSize,
    width,
    layers: options.size("block_count"),
    heads,
    kvHeads,
    headWidth,
    mlpWidth: options.size("feed_forward_length"),
    maxPositions: options.size("context_length"),
    norm: llama
      ? { kind: "rms", eps: shortest(options.positive("attention.layer_norm_rms_epsilon")) }
      : { kind: "layer", eps: shortest(options.positive("attention.layer_norm_epsilon")) },
    residual: parallel ? "parallel" : "sequential",
    sharedNorm: parallel,
    mlp: { kind: "gated", activation: "silu" },
    position: readPosition(options, description, headWidth, llama),
    slidingWindow: null,
    biases: {
      qkv: has("blk.0.attn_q.bias"),
      attentionOut: llama && has("blk.0.attn_q.bias"),
      mlp: false,
    },
    qkNorm: !llama && has("blk.0.attn_q_norm.weight"),
    tiedEmbeddings: !has("output.weight"),
    scores: { scaleByInverseLayer: false },
    specialIds: specialIds(metadata, file),
  };
  options.finish();
  return config;
}

function optionsOf(
  metadata: ReadonlyMap<string, MetadataValue>,
  prefix: string,
): Record<string, MetadataValue> {
  return Object.fromEntries(
    [...metadata]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

function specialIds(
  metadata: ReadonlyMap<string, MetadataValue>,
  file: string,
): ModelConfig["specialIds"] {
  const options = new OptionReader(optionsOf(metadata, "tokenizer.ggml."), file);
  return {
    bos: options.tokenId("bos_token_id"),
    eos: options.tokenId("eos_token_id"),
    pad: options.tokenId("padding_token_id"),
  };
}

function readPosition(
  options: OptionReader,
  { file, frequencyFactors }: GgufDescription,
  headWidth: number,
  llama: boolean,
): Position {
  const base = shortest(options.positive("rope.freq_base", 10000));
  const rotaryWidth = options.size("rope.dimension_count", headWidth);
  if (rotaryWidth % 2 !== 0 || rotaryWidth > headWidth || (llama && rotaryWidth !== headWidth)) {
    throw new CheckpointError(
      `${file}: expected ${llama ? "all" : "an even number"} of the ${headWidth} elements of a ` +
        `head to be rotated, got ${rotaryWidth}.`,
    );
  }
  const kind = options.choice("rope.scaling.type", { none: "none", linear: "linear" }, "none");
  // The older key for linear scaling, which it implies.
  const older = options.positive("rope.scale_linear", 1);
  const factor = options.positive("rope.scaling.factor", older);
  options.ignore(["rope.scaling.finetuned", "rope.scaling.original_context_length"]);
  const linear = kind === "linear" || older !== 1;
  if (!linear && factor !== 1) {
    throw new CheckpointError(
      `${file}: expected rope.scaling.type linear, got none with a factor.`,
    );
  }
  const scaling: RotaryScaling | null =
    linear && factor !== 1 ? { kind: "linear", factor: shortest(factor) } : null;
  if ((scaling || frequencyFactors) && !llama) {
    throw new CheckpointError(`${file}: expected StableLM without scaled positions, got some.`);
  }
  if (scaling && frequencyFactors) {
    throw new CheckpointError(
      `${file}: expected one scaling of positions, got linear and ${FREQUENCY_FACTORS}.`,
    );
  }
  const llama3 = frequencyFactors && llama3Scaling(frequencyFactors, base, headWidth, file);
  return { kind: "rotary", base, rotaryWidth, scaling: llama3 ?? scaling };
}

/** What Llama 3.1 to 3.3 have in common; the factor differs. */
const LLAMA3 = { kind: "llama3", lowFactor: 1, highFactor: 4, originalPositions: 8192 } as const;

/** Rounding of float32 in which the factors of a file were computed. */
const FACTOR_TOLERANCE = 1e-4;

/**
 * Llama 3 files hold, instead of the parameters of the scaling, what each frequency is divided by.
 *
 * @throws CheckpointError when these are not those of Llama 3.1 to 3.3.
 */
function llama3Scaling(
  factors: Float32Array,
  base: number,
  headWidth: number,
  file: string,
): RotaryScaling {
  // The lowest frequency gets the whole factor.
  const factor = shortest(factors.at(-1) ?? 1);
  const { lowFactor, highFactor, originalPositions } = LLAMA3;
  const expected = Array.from({ length: headWidth / 2 }, (_, pair) => {
    const wavelength = 2 * Math.PI * base ** ((2 * pair) / headWidth);
    const kept = (originalPositions / wavelength - lowFactor) / (highFactor - lowFactor);
    const share = Math.min(Math.max(kept, 0), 1);
    return 1 / ((1 - share) / factor + share);
  });
  const same =
    factors.length === expected.length &&
    expected.every((value, i) => {
      return Math.abs(value - (factors[i] as number)) <= FACTOR_TOLERANCE * value;
    });
  if (same) return { ...LLAMA3, factor };
  throw new CheckpointError(
    `${file}: expected ${FREQUENCY_FACTORS} of Llama 3.1 to 3.3, got other factors. Use the ` +
      "safetensors files of the model.",
  );
}

/** The shortest decimal that is the same float32: 1e-5 for 0.000009999999747378752. */
function shortest(value: number): number {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === value ? short : value;
}
