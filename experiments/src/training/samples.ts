/** What the model in training writes, now and then, for samples.jsonl. */
import { liveGenerator, type OptionReader, type TokenRow, type TrainablePolicy } from "@preflab/lm";
import { CommandError } from "../errors.ts";
import { textOptions } from "../inference/generate-rows.ts";
import type { ModelTokenizer } from "../inference/model.ts";

/** Tokens that are given of a text without a prompt. */
const BEGINNING = 8;

/** Settings of samples. */
export interface SampleSettings {
  /** Steps between samples; 0 for none. */
  readonly every: number;
  /** Texts to continue; where there are none, prompts of the evaluation data, else of the training data. */
  readonly prompts: readonly string[];
  /** Prompts taken from data. */
  readonly count: number;
  readonly maxNewTokens: number;
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  readonly topP: number;
}

/** A line of samples.jsonl. */
export interface Sample {
  readonly step: number;
  readonly [key: string]: unknown;
}

/** Reads `samples`. @throws ConfigError */
export function readSampleSettings(reader: OptionReader): SampleSettings {
  const own = reader.object("samples");
  const settings = {
    every: own.integer("every", 0, 0),
    prompts: own.strings("prompts", []),
    count: own.integer("count", 4, 1),
    maxNewTokens: own.integer("maxNewTokens", 64, 1),
    temperature: own.number("temperature", 0, 0, Number.MAX_VALUE),
    topP: own.number("topP", 1, Number.MIN_VALUE, 1),
  };
  own.finish();
  return settings;
}

/** The prompts of samples, as ids. @param rows whose beginnings are taken where no texts are given */
export function samplePrompts(
  { prompts, count }: SampleSettings,
  tokenizer: ModelTokenizer,
  rows: readonly TokenRow[],
): number[][] {
  if (prompts.length === 0) return rows.slice(0, count).map(beginningOf);
  const found = tokenizer.require("samples.prompts");
  return prompts.map((text) => [
    ...found.frame.before,
    ...found.encode(text, { addSpecialTokens: false }),
  ]);
}

/** Samples from a model in training. */
export interface Sampler {
  /** Lines for samples.jsonl, one for each prompt. */
  at(step: number): Promise<Sample[]>;
  dispose(): void;
}

/**
 * Makes a sampler.
 * @param seed the same at every step, so that what differs is the model
 * @throws CommandError for prompts without tokens, or with more than the model can continue
 */
export function createSampler(
  policy: TrainablePolicy,
  tokenizer: ModelTokenizer,
  prompts: readonly (readonly number[])[],
  { maxNewTokens, temperature, topP }: SampleSettings,
  seed: number,
): Sampler {
  checkPrompts(prompts, policy);
  const { found } = tokenizer;
  const textual = textOptions({ tokenizer }, []);
  const options = { maxNewTokens, temperature, topP, seed, ...textual };
  const generator = liveGenerator(policy);
  return {
    at: async (step) => {
      const completions = await generator.generate(prompts, options);
      return completions.map(({ prompt, ids, text, finish }) => {
        const promptIds = [...(prompts[prompt] as readonly number[])];
        return { step, prompt: found?.decode(promptIds) ?? null, text, promptIds, ids, finish };
      });
    },
    dispose: () => generator.dispose(),
  };
}

function checkPrompts(
  prompts: readonly (readonly number[])[],
  { config: { position, maxPositions } }: TrainablePolicy,
): void {
  const most = position.kind === "learned" ? maxPositions - 1 : Number.POSITIVE_INFINITY;
  const wrong = prompts.findIndex(({ length }) => length === 0 || length > most);
  if (wrong < 0) return;
  throw new CommandError(
    `samples: expected prompts of 1 to ${most} tokens, which the model can continue, got ` +
      `${prompts[wrong]?.length} in prompt ${wrong}. Shorten samples.prompts.`,
  );
}

/** The tokens before the completion; of a text without a prompt its first ones. */
function beginningOf({ ids, completionMask }: TokenRow): number[] {
  const all = Array.from(ids);
  const begin = completionMask ? Array.from(completionMask).indexOf(1) : 0;
  return all.slice(0, begin > 0 ? begin : Math.min(BEGINNING, all.length - 1));
}
