/** A run of supervised fine-tuning, from its settings to the trained model. */
import {
  type LoraConfig,
  type OptionReader,
  type RunFolder,
  readSftConfig,
  rowBatches,
  type SftConfig,
  sftEvaluator,
  stepsOfRun,
  trainSft,
} from "@preflab/lm";
import { dispose } from "@tensorflow/tfjs-core";
import { startBackend } from "../backend.ts";
import type { Io } from "../io.ts";
import { readConfigFile } from "./config-file.ts";
import { type DataSettings, fingerprints, readDataSettings } from "./data-settings.ts";
import { settingsOf, type TrainingFlags } from "./flags.ts";
import { runManifest } from "./manifest.ts";
import { type ModelSettings, readLora, readModelSettings } from "./model-settings.ts";
import { checkTrainerSettings, openTrainingRun, runTraining } from "./run.ts";
import {
  createSampler,
  readSampleSettings,
  type SampleSettings,
  samplePrompts,
} from "./samples.ts";
import { describePacking, describeRows, readSftRows, type SftRows } from "./sft-rows.ts";
import { trainable } from "./trainable.ts";
import { openTrainingModel, type TrainingModel } from "./training-model.ts";

/** Settings of a config file. */
interface SftSettings {
  readonly model: ModelSettings;
  readonly data: DataSettings;
  /** Read once the model's family is known, on which defaults depend. */
  readonly lora: OptionReader | null;
  readonly samples: SampleSettings;
  readonly training: SftConfig;
}

/** Rows to train on and to evaluate on. */
interface SftData {
  readonly train: SftRows;
  readonly held: SftRows | null;
}

/** What a run is made of, once all that can be wrong with it was looked at. */
interface SftRun {
  readonly settings: SftSettings;
  readonly model: TrainingModel;
  readonly lora: LoraConfig | null;
  readonly data: SftData;
}

/**
 * Runs `preflab sft`.
 * @throws UsageError, CheckpointError or DataError before training starts; InterruptedError or
 *   NonFiniteError once it has
 */
export async function sft(flags: TrainingFlags, io: Io): Promise<void> {
  const file = await readConfigFile(flags.config, settingsOf(flags));
  const settings = file.read("sft", readSettings);
  const { training, data: files, lora: reader, ...rest } = settings;
  const backend = await startBackend(flags, io);
  const model = await openTrainingModel(settings.model, training.seed);
  file.placing(() => checkTrainerSettings(training, files, model.config));
  const lora = reader && file.placing(() => readLora(reader, model.config));
  const data = await readData(settings, model, io);
  const manifest = await runManifest({
    command: "sft",
    config: { ...rest, data: files, lora, ...training },
    inputs: { model: model.fingerprint, ...(await fingerprints(files)) },
    backend,
    threads: flags.threads ?? null,
  });
  const run = await openTrainingRun(flags, manifest);
  try {
    await train({ settings, model, lora, data }, run, flags.json ?? false, io);
  } finally {
    await run.close();
  }
}

function readSettings(reader: OptionReader): SftSettings {
  return {
    model: readModelSettings(reader),
    data: readDataSettings(reader),
    lora: reader.has("lora") ? reader.object("lora") : null,
    samples: readSampleSettings(reader),
    training: readSftConfig(reader),
  };
}

async function readData(
  { data, training }: SftSettings,
  { config, tokenizer }: TrainingModel,
  io: Io,
): Promise<SftData> {
  const options = { ...data, config, tokenizer, maxLength: training.maxLength };
  const read = async (path: string) => {
    const rows = await readSftRows(path, options);
    for (const line of describeRows(path, rows)) io.err(`${line}\n`);
    return rows;
  };
  for (const warning of tokenizer.found?.warnings ?? []) io.err(`warning: ${warning}\n`);
  return { train: await read(data.train), held: data.eval === null ? null : await read(data.eval) };
}

async function train(
  { settings, model, lora, data }: SftRun,
  run: RunFolder,
  json: boolean,
  io: Io,
): Promise<void> {
  const { training, samples } = settings;
  const { shuffle } = settings.data;
  const batches = rowBatches(data.train.rows, { ...training, shuffle });
  if (batches.packed) io.err(`${describePacking(batches.packed, training.maxLength)}\n`);
  const weights = await model.weights();
  const trained = trainable(model, weights, lora, training.seed);
  if (lora === null) dispose({ ...weights });
  const { policy } = trained;
  const held = data.held && rowBatches(data.held.rows, training);
  const evaluator = held && sftEvaluator(policy, held, training.reduction);
  const sampled = (data.held ?? data.train).rows;
  const sampler =
    samples.every > 0
      ? createSampler(
          policy,
          model.tokenizer,
          samplePrompts(samples, model.tokenizer, sampled),
          samples,
          training.seed,
        )
      : null;
  try {
    await runTraining({
      run,
      trainable: trained,
      config: training,
      maxSteps: stepsOfRun(training, batches.stepsPerEpoch),
      train: (hooks, resumed) => trainSft(policy, batches, training, hooks, resumed),
      ...(evaluator && { evaluate: () => evaluator.evaluate() }),
      ...(sampler && { sampling: { every: samples.every, sampler } }),
      json,
      io,
    });
  } finally {
    evaluator?.dispose();
    sampler?.dispose();
    trained.dispose();
    if (lora !== null) dispose({ ...weights });
  }
}
