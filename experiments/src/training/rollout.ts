/** A run of any method that learns from its own samples, from its settings to the trained model. */
import type { LoraConfig, RunFolder } from "@preflab/lm";
import { startBackend } from "../backend.ts";
import { textOptions } from "../inference/generate-rows.ts";
import type { Io } from "../io.ts";
import { readConfigFile } from "./config-file.ts";
import { fingerprints } from "./data-settings.ts";
import { settingsOf, type TrainingFlags } from "./flags.ts";
import { runManifest } from "./manifest.ts";
import { readLora } from "./model-settings.ts";
import { findReward } from "./reward-source.ts";
import { rolloutEvaluation } from "./rollout-evaluation.ts";
import type { Method, RolloutConfig } from "./rollout-method.ts";
import { openRolloutModels, type RolloutModels } from "./rollout-models.ts";
import { type RolloutPrompts, readRolloutPrompts } from "./rollout-prompts.ts";
import { rolloutSamples } from "./rollout-samples.ts";
import {
  checkRolloutSettings,
  fixedFingerprint,
  type RolloutParts,
  type RolloutRunSettings,
  readRolloutSettings,
  resolvedRolloutSettings,
} from "./rollout-settings.ts";
import { openTrainingRun, runTraining } from "./run.ts";
import type { Sample } from "./samples.ts";
import { openTrainingModel } from "./training-model.ts";

/** What a run is made of, once all that can be wrong with it was looked at. */
interface RolloutRun<Config extends RolloutConfig> {
  readonly method: Method<Config>;
  readonly settings: RolloutRunSettings<Config>;
  readonly parts: RolloutParts;
  readonly lora: LoraConfig | null;
  readonly prompts: RolloutPrompts;
}

/**
 * Runs a method.
 * @throws UsageError, CheckpointError, DataError or RewardError before training starts;
 *   InterruptedError, NonFiniteError, CollapseError, RewardError or an error of the file system once
 *   it has
 */
export async function trainByRollouts<Config extends RolloutConfig>(
  method: Method<Config>,
  flags: TrainingFlags,
  io: Io,
): Promise<void> {
  const file = await readConfigFile(flags.config, settingsOf(flags));
  const settings = file.read(method.name, (reader) => readRolloutSettings(reader, method));
  const backend = await startBackend(flags, io);
  const parts = await findParts(settings);
  const { model, reference, reward } = parts;
  const { lora: reader } = settings;
  const lora = reader && file.placing(() => readLora(reader, model.config));
  file.placing(() => checkRolloutSettings(settings, parts, lora, method));
  const prompts = await readRolloutPrompts(settings, model, io);
  const manifest = await runManifest({
    command: method.name,
    config: resolvedRolloutSettings(settings, parts, lora, method),
    inputs: {
      model: model.fingerprint,
      reference: reference?.fingerprint ?? null,
      reward: fixedFingerprint(reward),
      ...(await fingerprints(settings.data)),
    },
    backend,
    threads: flags.threads ?? null,
  });
  const run = await openTrainingRun(flags, manifest);
  try {
    await train({ method, settings, parts, lora, prompts }, run, flags.json ?? false, io);
  } finally {
    await run.close();
  }
}

async function findParts({
  model,
  reference,
  reward,
  gold,
  training: { seed },
}: RolloutRunSettings<RolloutConfig>): Promise<RolloutParts> {
  return {
    model: await openTrainingModel(model, seed),
    reference: reference === null ? null : await openTrainingModel(reference, seed),
    reward: await findReward("reward", reward),
    gold: gold && (await findReward("gold", gold)),
  };
}

async function train<Config extends RolloutConfig>(
  { method, settings, parts, lora, prompts }: RolloutRun<Config>,
  run: RunFolder,
  json: boolean,
  io: Io,
): Promise<void> {
  const { training, samples } = settings;
  const models = await openRolloutModels(parts, method, training, lora);
  const { trained, learner, reference, reward } = models;
  const decode = textOptions(parts.model, []).decode ?? null;
  const evaluation = heldEvaluation(models, settings, prompts, decode, run);
  const show = async (lines: readonly Sample[]) => {
    for (const line of lines) await run.logSample(line);
  };
  const inputs = { prompts: prompts.train, reward, decode, reference };
  try {
    await runTraining({
      ...{ run, trainable: trained, config: training, json, io },
      variables: learner.variables,
      maxSteps: training.maxSteps,
      train: (hooks, resumed) =>
        learner.train(
          inputs,
          {
            ...hooks,
            clock: () => performance.now(),
            onRollouts: async (rollouts) => {
              if (samples.every === 0 || rollouts.step % samples.every !== 0) return;
              await show(rolloutSamples(rollouts, samples.count));
            },
          },
          resumed,
        ),
      ...(evaluation && {
        evaluate: async (step) => {
          const measured = await evaluation.measure(step);
          await show(measured.samples);
          return measured.metrics;
        },
      }),
    });
  } finally {
    evaluation?.dispose();
    models.dispose();
  }
}

/** Null without prompts to evaluate on. */
function heldEvaluation(
  models: RolloutModels,
  { generation, samples, training }: RolloutRunSettings<RolloutConfig>,
  { held }: RolloutPrompts,
  decode: ((ids: readonly number[]) => string) | null,
  run: RunFolder,
): ReturnType<typeof rolloutEvaluation> | null {
  if (held.length === 0) return null;
  return rolloutEvaluation(models, {
    prompts: held,
    decode,
    samples: generation.samples,
    maxNewTokens: generation.maxNewTokens,
    seed: training.seed,
    batchSize: training.batchSize,
    shown: samples.count,
    past: run.pastMetrics,
  });
}
