/** What a policy has become, measured on texts that it samples itself from held-out prompts. */
import {
  type Completion,
  completionRow,
  type GenerateOptions,
  klMeter,
  liveGenerator,
  meanAndError,
  type OptionReader,
  type Predictor,
  type TrainablePolicy,
} from "@preflab/lm";

/** Settings of the measurement. */
export interface SampleMeterSettings {
  /** Different held-out prompts, the first ones; 0 for no measurement. */
  readonly prompts: number;
  /** Completions of each. */
  readonly samples: number;
  readonly maxNewTokens: number;
}

/** Reads `generation`. @param maxNewTokens where there is none @throws ConfigError */
export function readSampleMeterSettings(
  reader: OptionReader,
  maxNewTokens = 64,
): SampleMeterSettings {
  const own = reader.object("generation");
  const settings = {
    prompts: own.integer("prompts", 16, 0),
    samples: own.integer("samples", 1, 1),
    maxNewTokens: own.integer("maxNewTokens", maxNewTokens, 1),
  };
  own.finish();
  return settings;
}

/** A measurement. */
export interface SampleMeasurement {
  /**
   * `eval/kl` with `eval/kl_error`, its standard error: KL(policy || reference) per sequence, nats;
   * only with a reference, the error only of several completions. `eval/length`: tokens.
   * `eval/eos_rate`: share that ended by itself.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /** What was measured, the samples of a prompt next to each other. */
  readonly completions: readonly Completion[];
}

/** Measures a policy in training. */
export interface SampleMeter {
  measure(): Promise<SampleMeasurement>;
  dispose(): void;
}

/**
 * A meter; samples are drawn at temperature 1, where the divergence is that of the policy itself.
 * @param reference null for none
 * @param prompts at least one token each
 * @param options `batchSize`: texts scored together; `seed`: the same at every measurement, so that
 *   what differs is the model; `decode`: gives completions texts
 */
export function sampleMeter(
  policy: TrainablePolicy,
  reference: Predictor | null,
  prompts: readonly (readonly number[])[],
  options: Required<Pick<GenerateOptions, "samples" | "maxNewTokens" | "seed">> &
    Pick<GenerateOptions, "decode"> & { readonly batchSize: number },
): SampleMeter {
  const { batchSize, ...sampling } = options;
  const generator = liveGenerator(policy);
  const own = (): Predictor => ({ config: policy.config, params: policy.parameters() });
  const meter = reference && klMeter(own, () => reference);
  const kl = async (rows: Parameters<NonNullable<typeof meter>["measure"]>[0]) => {
    if (!meter) return {};
    const maxLength = Math.max(...rows.map(({ ids }) => ids.length));
    const { exact } = await meter.measure(rows, { batchSize, maxLength });
    const { mean, error } = meanAndError(exact);
    return { "eval/kl": mean, ...(rows.length > 1 && { "eval/kl_error": error }) };
  };
  return {
    measure: async () => {
      const completions = await generator.generate(prompts, { ...sampling, temperature: 1 });
      const rows = completions.map(({ prompt, ids }) =>
        completionRow(prompts[prompt] as readonly number[], ids),
      );
      const tokens = completions.reduce((sum, { ids }) => sum + ids.length, 0);
      const ended = completions.filter(({ finish }) => finish === "eos").length;
      const metrics = {
        ...(await kl(rows)),
        "eval/length": tokens / completions.length,
        "eval/eos_rate": ended / completions.length,
      };
      return { metrics, completions };
    },
    dispose: () => {
      generator.dispose();
      meter?.dispose();
    },
  };
}
