/** A run of best-of-n, from its settings to the table of results. */
import { join } from "node:path";
import {
  ConfigError,
  createGenerator,
  type GenerateOptions,
  type ModelConfig,
  RandomStream,
  shuffled,
  writeTextAtomically,
} from "@preflab/lm";
import { type PolicyPrompt, samplePools } from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import { startBackend } from "../backend.ts";
import { textOptions } from "../inference/generate-rows.ts";
import { endOfText } from "../inference/model.ts";
import type { Io } from "../io.ts";
import { progressTo, toJson } from "../output.ts";
import { bestOfNLine, resultsOf, resultsTable } from "./best-of-n-results.ts";
import { type BestOfNSettings, readBestOfNSettings } from "./best-of-n-settings.ts";
import { readConfigFile } from "./config-file.ts";
import { fingerprintOfData } from "./data-settings.ts";
import { settingsOf, type TrainingFlags } from "./flags.ts";
import { runManifest } from "./manifest.ts";
import { describePrompts, readPrompts } from "./prompt-data.ts";
import { checkReward, findReward, type RewardSource } from "./reward-source.ts";
import { runPath } from "./run.ts";
import { SampleFile } from "./sample-file.ts";
import { openTrainingModel, type TrainingModel } from "./training-model.ts";

/** What a run is made of, once all that can be wrong with it was looked at. */
interface BestOfNRun {
  readonly settings: BestOfNSettings;
  readonly model: TrainingModel;
  readonly reward: RewardSource;
  readonly gold: RewardSource | null;
  readonly prompts: readonly PolicyPrompt[];
}

/**
 * Runs `preflab best-of-n`.
 * @throws UsageError, CheckpointError, DataError or RewardError before anything is sampled;
 *   RewardError, InterruptedError or an error of the file system once it is
 */
export async function bestOfN(flags: TrainingFlags, io: Io): Promise<void> {
  const file = await readConfigFile(flags.config, settingsOf(flags));
  const settings = file.read("best-of-n", readBestOfNSettings);
  const backend = await startBackend(flags, io);
  const model = await openTrainingModel(settings.model, settings.seed);
  const reward = await findReward("reward", settings.reward);
  const gold = settings.gold && (await findReward("gold", settings.gold));
  file.placing(() => checkModels(settings, model, [reward, gold]));
  const prompts = await choosePrompts(settings, model, [reward, gold], io);
  const manifest = await runManifest({
    command: "best-of-n",
    config: { ...settings },
    inputs: {
      model: model.fingerprint,
      prompts: await fingerprintOfData(settings.data.prompts),
      reward: reward.fingerprint,
      gold: gold?.fingerprint ?? null,
    },
    backend,
    threads: flags.threads ?? null,
  });
  const folder = runPath(flags);
  const samples = await SampleFile.open(folder, manifest, {
    resume: flags.resume ?? false,
    lines: prompts.length,
    linesPerGroup: promptsAtOnce(settings),
  });
  try {
    await sampleAll({ settings, model, reward, gold, prompts }, samples, io);
    const results = await resultsOf(samples.rows(), settings.n);
    await writeTextAtomically(join(folder, "results.json"), `${toJson(results, 2)}\n`);
    for (const row of flags.json ? results.results : []) io.out(`${toJson(row)}\n`);
    if (!flags.json) io.out(resultsTable(results));
  } finally {
    await samples.close();
  }
}

/** Completions of a pool. */
function poolSize({ n }: BestOfNSettings): number {
  return n.at(-1) as number;
}

/** Prompts whose completions are sampled and scored together. */
function promptsAtOnce(settings: BestOfNSettings): number {
  return Math.max(1, Math.floor(settings.batchSize / poolSize(settings)));
}

/** @throws ConfigError */
function checkModels(
  { generation }: BestOfNSettings,
  model: TrainingModel,
  rewards: readonly (RewardSource | null)[],
): void {
  const { labels } = model.config;
  if (labels !== undefined) {
    throw new ConfigError("model: expected a language model, got one that scores texts.", [
      "model",
    ]);
  }
  const { maxNewTokens } = generation;
  const room = promptRoom([model.config], maxNewTokens);
  if (room < 1) {
    throw new ConfigError(
      `generation: expected maxNewTokens below the model's ${model.config.maxPositions} positions, ` +
        `got ${maxNewTokens}.`,
      ["generation", "maxNewTokens"],
    );
  }
  for (const reward of rewards) if (reward) checkReward(reward, model, maxNewTokens + 1);
}

/** Most tokens of a prompt that leave every model room for it and a completion. */
function promptRoom(configs: readonly ModelConfig[], maxNewTokens: number): number {
  const positions = configs.map(({ position, maxPositions }) =>
    position.kind === "learned" ? maxPositions : Number.POSITIVE_INFINITY,
  );
  return Math.min(...positions) - maxNewTokens;
}

async function choosePrompts(
  { data, generation, seed }: BestOfNSettings,
  { config, tokenizer }: TrainingModel,
  rewards: readonly (RewardSource | null)[],
  io: Pick<Io, "err">,
): Promise<readonly PolicyPrompt[]> {
  for (const warning of tokenizer.found?.warnings ?? []) io.err(`warning: ${warning}\n`);
  const readers = rewards.flatMap((reward) => reward?.model?.config ?? []);
  const longest = promptRoom([config, ...readers], generation.maxNewTokens);
  const loaded = await readPrompts(data.prompts, { ...data, config, tokenizer, longest, seed });
  for (const line of describePrompts(data.prompts, loaded)) io.err(`${line}\n`);
  const { prompts } = loaded;
  const count = data.count ?? prompts.length;
  if (count > prompts.length) {
    io.err(`warning: data.count asks for ${count} prompts, there are ${prompts.length}\n`);
  }
  const random = new RandomStream(seed, "best-of-n/prompts");
  return (data.shuffle ? shuffled(prompts, random) : prompts).slice(0, count);
}

/** Samples and scores the pools of all prompts that are not done. */
async function sampleAll(run: BestOfNRun, samples: SampleFile, io: Io): Promise<void> {
  const { settings, model, reward, gold, prompts } = run;
  const total = prompts.length;
  if (samples.done > 0) io.err(`going on after ${samples.done} of ${total} prompts\n`);
  if (samples.done === total) return;
  const size = poolSize(settings);
  const use = {
    batchSize: settings.batchSize,
    maxLength: Math.max(...prompts.map(({ ids }) => ids.length)) + settings.generation.maxNewTokens,
    queries: samples.done * size,
  };
  const progress = progressTo(io);
  const opened: { dispose(): void }[] = [];
  const holding = <Part extends { dispose(): void }>(part: Part): Part => {
    opened.push(part);
    return part;
  };
  try {
    const params = await model.weights();
    holding({ dispose: () => dispose({ ...params }) });
    const proxy = holding(await reward.open(use));
    const measured = gold && holding(await gold.open(use));
    const { batchSize } = settings;
    const generator = holding(createGenerator(model.config, params, { maxRows: batchSize }));
    const pools = samplePools(
      generator,
      { prompts, proxy, gold: measured },
      {
        generation: { ...generationOf(run, io.signal), samples: size },
        promptsAtOnce: promptsAtOnce(settings),
        done: samples.done,
      },
    );
    for await (const group of pools) {
      await samples.append(group.map((pool) => bestOfNLine(pool, prompts, settings.seed)));
      progress(`${samples.done} of ${total} prompts done`);
    }
    const queries = [`${proxy.queries} of ${proxy.name}`];
    if (measured) queries.push(`${measured.queries} of the gold reward ${measured.name}`);
    io.err(`queries: ${queries.join(", ")}\n`);
  } catch (error) {
    io.err(`${samples.done} of ${total} prompts are kept; go on with --resume\n`);
    throw error;
  } finally {
    for (const part of opened.reverse()) part.dispose();
  }
}

/** Settings of every call of the generator. */
function generationOf(
  { settings: { generation, seed }, model }: BestOfNRun,
  signal: AbortSignal,
): Omit<GenerateOptions, "samples" | "firstPrompt"> & { readonly temperature: number } {
  const eos = endOfText({ generationConfig: model.inherited.generationConfig ?? null });
  return {
    ...generation,
    seed,
    signal,
    ...(eos === undefined ? {} : { eos }),
    ...textOptions(model, []),
  };
}
