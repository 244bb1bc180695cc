/** A run of preference training, from its settings to the trained model. */
import { completionsPerGroup, type DpoInputs, preferenceOrder, trainDpo } from "@preflab/dpo";
import { type RunFolder, stepsOfRun } from "@preflab/lm";
import { startBackend } from "../backend.ts";
import { CommandError } from "../errors.ts";
import type { Io } from "../io.ts";
import { readConfigFile } from "./config-file.ts";
import { fingerprints } from "./data-settings.ts";
import { readPreferences } from "./dpo-data.ts";
import { dpoEvaluation, dpoSampler } from "./dpo-evaluation.ts";
import { type DpoRun, openModels } from "./dpo-models.ts";
import { checkFollowing, type DpoData } from "./dpo-reference.ts";
import { type DpoSettings, readDpoSettings, resolvedDpoSettings } from "./dpo-settings.ts";
import { settingsOf, type TrainingFlags } from "./flags.ts";
import { runManifest } from "./manifest.ts";
import { readLora } from "./model-settings.ts";
import { checkTrainerSettings, openTrainingRun, runTraining } from "./run.ts";
import { checkReference, openTrainingModel, type TrainingModel } from "./training-model.ts";

/**
 * Runs `preflab dpo`.
 * @throws UsageError, CheckpointError or DataError before training starts; InterruptedError or
 *   NonFiniteError once it has
 */
export async function dpo(flags: TrainingFlags, io: Io): Promise<void> {
  const file = await readConfigFile(flags.config, settingsOf(flags));
  const settings = file.read("dpo", readDpoSettings);
  const { training, data: files, lora: reader } = settings;
  const backend = await startBackend(flags, io);
  const model = await openTrainingModel(settings.model, training.seed);
  file.placing(() => checkTrainerSettings(training, files, model.config));
  const lora = reader && file.placing(() => readLora(reader, model.config));
  file.placing(() => checkFollowing(training.referenceSync, lora));
  const reference =
    settings.reference === null ? null : await openTrainingModel(settings.reference, training.seed);
  if (reference) {
    const { maxLength } = training;
    file.placing(() => checkReference(reference, model, maxLength, ["reference"]));
  }
  const data = await readData(settings, model, io);
  const manifest = await runManifest({
    command: "dpo",
    config: resolvedDpoSettings(settings, lora),
    inputs: {
      model: model.fingerprint,
      reference: reference?.fingerprint ?? null,
      ...(await fingerprints(files)),
    },
    backend,
    threads: flags.threads ?? null,
  });
  const run = await openTrainingRun(flags, manifest);
  try {
    await train({ settings, model, reference, lora, data }, run, flags.json ?? false, io);
  } finally {
    await run.close();
  }
}

async function readData(settings: DpoSettings, model: TrainingModel, io: Io): Promise<DpoData> {
  const { data, truncation, training } = settings;
  const options = { kind: training.objective.kind, data, truncation, model };
  for (const warning of model.tokenizer.found?.warnings ?? []) io.err(`warning: ${warning}\n`);
  const train = await readPreferences(data.train, options, io);
  if (data.eval === null) return { train, held: null };
  const held = await readPreferences(data.eval, options, io);
  const [own, other] = [train, held].map(({ groups }) => completionsPerGroup(groups));
  if (own === other) return { train, held };
  throw new CommandError(
    `${data.eval}: expected ${own} completions of each prompt, as ${data.train} has, got ${other}.`,
  );
}

async function train(dpoRun: DpoRun, run: RunFolder, json: boolean, io: Io): Promise<void> {
  const { settings, data } = dpoRun;
  const { training, samples } = settings;
  const models = await openModels(dpoRun, io);
  const { trained, reference } = models;
  const { policy } = trained;
  const { following } = reference;
  const inOrder = !settings.data.shuffle;
  const { stepsPerEpoch } = preferenceOrder(data.train, training, inOrder);
  const inputs: DpoInputs = {
    ...{ preferences: data.train, reference: reference.train, inOrder },
    ...(following && { following }),
  };
  const evaluation = data.held && dpoEvaluation(models, data.held, settings);
  const sampler = dpoSampler(models, dpoRun);
  try {
    await runTraining({
      ...{ run, trainable: trained, config: training, json, io },
      variables: { ...policy.variables, ...following?.variables },
      maxSteps: stepsOfRun(training, stepsPerEpoch),
      train: (hooks, resumed) => trainDpo(policy, inputs, training, hooks, resumed),
      ...(evaluation && { evaluate: () => evaluation.measure() }),
      ...(sampler && { sampling: { every: samples.every, sampler } }),
    });
  } finally {
    evaluation?.dispose();
    sampler?.dispose();
    models.dispose();
  }
}
