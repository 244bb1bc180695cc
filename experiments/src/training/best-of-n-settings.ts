/** Settings of `preflab best-of-n`. */
import type { GenerateOptions, OptionReader } from "@preflab/lm";
import { type ModelSettings, readModelSettings } from "./model-settings.ts";
import { type PromptSettings, readPromptSettings } from "./prompt-data.ts";
import { type RewardSettings, readOptionalReward, readRewardSettings } from "./reward-settings.ts";

/** Settings of a config file. */
export interface BestOfNSettings {
  readonly model: ModelSettings;
  readonly data: PromptSettings & {
    /** File, folder or name on the Hugging Face Hub. */
    readonly prompts: string;
    /** Prompts taken; null for all. */
    readonly count: number | null;
    /** Whether a seeded random order is taken, or that of the file. */
    readonly shuffle: boolean;
  };
  /** What completions are chosen by. */
  readonly reward: RewardSettings;
  /** What is measured besides; null for nothing. */
  readonly gold: RewardSettings | null;
  /** Ascending; the last one is the size of the pools. */
  readonly n: readonly number[];
  readonly generation: Required<Pick<GenerateOptions, "maxNewTokens" | "temperature" | "topP">>;
  /** Completions computed together. */
  readonly batchSize: number;
  readonly seed: number;
}

/** Settings from a reader. @throws ConfigError */
export function readBestOfNSettings(reader: OptionReader): BestOfNSettings {
  return {
    model: readModelSettings(reader),
    data: readData(reader),
    reward: readRewardSettings(reader, "reward"),
    gold: readOptionalReward(reader, "gold"),
    n: readNs(reader),
    generation: readGeneration(reader),
    batchSize: reader.integer("batchSize", 64, 1),
    seed: reader.integer("seed", 0, 0),
  };
}

function readData(reader: OptionReader): BestOfNSettings["data"] {
  const own = reader.object("data");
  const prompts = own.string("prompts", null);
  if (prompts === null) throw own.wrong("prompts", "a file or folder of prompts");
  const data = {
    prompts,
    count: own.has("count") ? own.integer("count", 0, 1) : null,
    shuffle: own.boolean("shuffle", true),
    ...readPromptSettings(own),
  };
  own.finish();
  return data;
}

/** A list, or the largest of the powers of two up to and with it. */
function readNs(reader: OptionReader): readonly number[] {
  const value = reader.value("n") ?? 16;
  const given = Array.isArray(value) ? value : powersOfTwo(value);
  const isN = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 1;
  if (given.length > 0 && given.every(isN) && new Set(given).size === given.length) {
    return [...(given as readonly number[])].sort((a, b) => a - b);
  }
  throw reader.wrong("n", "an integer from 1, or a list of different ones");
}

function powersOfTwo(most: unknown): readonly unknown[] {
  if (!Number.isSafeInteger(most)) return [];
  const powers: number[] = [];
  for (let n = 1; n < (most as number); n *= 2) powers.push(n);
  return [...powers, most];
}

function readGeneration(reader: OptionReader): BestOfNSettings["generation"] {
  const own = reader.object("generation");
  const generation = {
    maxNewTokens: own.integer("maxNewTokens", 64, 1),
    temperature: own.number("temperature", 1, Number.MIN_VALUE, Number.MAX_VALUE),
    topP: own.number("topP", 1, Number.MIN_VALUE, 1),
  };
  own.finish();
  return generation;
}
