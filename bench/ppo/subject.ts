/**
 * What both sides start from: a folder with a policy, a reference and a reward model of random
 * weights, and the prompts and settings that ../peers/ppo.py reads, too.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ModelConfig, saveModel } from "@preflab/lm";
import { dispose, type Tensor, tensor1d } from "@tensorflow/tfjs-core";
import { uniform } from "../engine/numbers.ts";
import { configOf } from "../lm/sizes.ts";
import { randomParameters } from "../lm/subject.ts";
import { ENDINGS, type Ending, type PpoSize, TEXTS } from "./sizes.ts";

/** Numbers of PPO that both sides use. */
export interface Settings {
  readonly learningRate: number;
  readonly maxGradNorm: number;
  readonly temperature: number;
  /** Of the penalty k1 per token. */
  readonly klWeight: number;
  readonly gamma: number;
  readonly lambda: number;
  /** Of ratios, to both sides. */
  readonly clipRange: number;
  readonly valueClipRange: number;
  readonly valueWeight: number;
  readonly epochs: number;
  readonly minibatches: number;
}

/** What a program reads. */
export interface Inputs {
  /** Of one length; each step samples for all of them. */
  readonly prompts: readonly (readonly number[])[];
  readonly samples: number;
  readonly newTokens: number;
  /** Ends a text; null where none does. */
  readonly eos: number | null;
  readonly settings: Settings;
  /** Texts of which both sides must compute the same. */
  readonly checked: readonly Text[];
  /** Updates on all of them together. */
  readonly checkedUpdates: number;
}

/** Token ids, as JSON has them. */
type Text = Readonly<Record<"promptIds" | "completionIds", readonly number[]>>;

/** Random streams of the weights, apart from each other's, and of ids. */
const STREAMS = { policy: 0, reference: 5000, reward: 10000, prompts: 15000, checked: 20000 };
const CHECKED_TEXTS = 16;
const EOS = 0;
const INPUTS = "inputs.json";

/** Detail for detail those of TRL's classic trainer, but for a step's size, rates and clipping. */
const SETTINGS: Settings = {
  learningRate: 1e-5,
  maxGradNorm: 1,
  temperature: 0.7,
  klWeight: 0.05,
  gamma: 1,
  lambda: 0.95,
  clipRange: 0.2,
  valueClipRange: 0.2,
  valueWeight: 0.1,
  epochs: 4,
  minibatches: 4,
};

/** Writes the folder, on the current backend. */
export async function writeSubject(folder: string, size: PpoSize, ending: Ending): Promise<void> {
  const eos = ENDINGS[ending] > 0 ? EOS : null;
  const plain = configOf(size);
  const config = { ...plain, specialIds: { ...plain.specialIds, eos } };
  const bias = logitOfEnd(size, ENDINGS[ending]);
  await write(join(folder, "policy"), config, STREAMS.policy, bias);
  await write(join(folder, "reference"), config, STREAMS.reference, bias);
  await write(join(folder, "reward"), { ...config, labels: 1 }, STREAMS.reward, 0);
  writeFileSync(join(folder, INPUTS), JSON.stringify(inputsOf(size, eos)));
}

/** The inputs of a folder. */
export function readInputs(folder: string): Inputs {
  return JSON.parse(readFileSync(join(folder, INPUTS), "utf8")) as Inputs;
}

function inputsOf({ prompts, vocabulary }: PpoSize, eos: number | null): Inputs {
  const { promptLength, newTokens, samples } = TEXTS;
  // Never 0, which ends texts.
  const idsOf = (stream: number, row: number, length: number) =>
    Array.from(
      { length },
      (_, t) =>
        1 + Math.floor(uniform(stream, row * (promptLength + newTokens) + t) * (vocabulary - 1)),
    );
  const checked = Array.from({ length: CHECKED_TEXTS }, (_, row): Text => {
    const length = eos === null ? newTokens : 1 + ((7 * row) % newTokens);
    const text = idsOf(STREAMS.checked, row, promptLength + length);
    const completionIds = text.slice(promptLength);
    if (eos !== null && length < newTokens) completionIds[length - 1] = eos;
    return { promptIds: text.slice(0, promptLength), completionIds };
  });
  return {
    prompts: Array.from({ length: prompts }, (_, row) => idsOf(STREAMS.prompts, row, promptLength)),
    samples,
    newTokens,
    eos,
    settings: SETTINGS,
    checked,
    checkedUpdates: 2,
  };
}

/**
 * Logit of the end of a text, above those of the other words, that gives it a chance when all others
 * are alike; 0 where it has none.
 */
function logitOfEnd({ vocabulary }: PpoSize, chance: number): number {
  if (chance === 0) return 0;
  return SETTINGS.temperature * Math.log((vocabulary - 1) / (1 / chance - 1));
}

async function write(
  folder: string,
  config: ModelConfig,
  stream: number,
  logitOfEnd: number,
): Promise<void> {
  const params = randomParameters(config, stream);
  // States that all lie towards the word that ends texts.
  const table = params["embedding"] as Tensor;
  const word = table.dataSync<"float32">().slice(EOS * config.width, (EOS + 1) * config.width);
  const square = word.reduce((sum, x) => sum + x * x, 0);
  const bias = tensor1d(word.map((x) => (logitOfEnd * x) / square));
  dispose(params["norm.bias"] as Tensor);
  mkdirSync(folder, { recursive: true });
  const all = { ...params, "norm.bias": bias };
  await saveModel(folder, { config, params: all });
  dispose(all);
}
