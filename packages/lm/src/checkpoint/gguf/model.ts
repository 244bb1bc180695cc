/** A GGUF file as a model: its architecture, metadata and parameters. */
import type { ModelConfig } from "../../config.ts";
import { CheckpointError } from "../error.ts";
import { checkCounts, type ParameterValues, readLayouts } from "../load.ts";
import { type ByteSource, elementCount, storedTypes } from "../source.ts";
import { parseGgufConfig } from "./config.ts";
import { GgufSource } from "./gguf-source.ts";
import { FREQUENCY_FACTORS, ggufLayouts } from "./names.ts";
import type { MetadataValue } from "./reader.ts";

/** A model in a GGUF file, whose weights have not been read yet. */
export interface GgufModel {
  readonly config: ModelConfig;
  /** Everything the file says beside its tensors, such as its vocabulary. */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** Weights per stored type. */
  readonly storedTypes: Readonly<Record<string, number>>;
  /** Reads the parameters as float32, in the order of the forward pass. */
  parameters(): AsyncGenerator<ParameterValues>;
}

/** Longest list of frequency factors that is read: heads of 2048. */
const MAX_FACTORS = 1024;

/**
 * Reads and checks everything but the elements of the weights.
 *
 * @throws CheckpointError when the file is damaged, or the model is of an unsupported kind.
 */
export async function openGgufModel(bytes: ByteSource): Promise<GgufModel> {
  const source = await GgufSource.open(bytes);
  const { metadata } = source;
  const config = parseGgufConfig({
    file: bytes.name,
    metadata,
    has: (tensor) => source.has(tensor),
    spec: (tensor) => source.spec(tensor),
    frequencyFactors: await readFactors(source),
  });
  const names = source.names();
  checkCounts(config, names.length);
  const layouts = ggufLayouts(config, names);
  return {
    config,
    metadata: Object.fromEntries(metadata),
    storedTypes: storedTypes(source),
    parameters: () => readLayouts(layouts, source),
  };
}

async function readFactors(source: GgufSource): Promise<Float32Array | null> {
  if (!source.has(FREQUENCY_FACTORS)) return null;
  const { dtype, shape } = source.spec(FREQUENCY_FACTORS);
  if (dtype !== "F32" || elementCount(shape) > MAX_FACTORS) {
    throw new CheckpointError(
      `checkpoint: expected "${FREQUENCY_FACTORS}" to be a short list of F32, got ${dtype}.`,
    );
  }
  return (await source.read(FREQUENCY_FACTORS)) as Float32Array;
}
