/** A run of reward training, from its settings to the reward model. */
import { ConfigError, type RunFolder, stepsOfRun } from "@preflab/lm";
import { type RewardInputs, rewardEvaluator, rewardOrder, trainReward } from "@preflab/rlhf";
import { startBackend } from "../backend.ts";
import type { Io } from "../io.ts";
import type { KeepBest } from "./best-parameters.ts";
import { readConfigFile } from "./config-file.ts";
import { fingerprints } from "./data-settings.ts";
import { settingsOf, type TrainingFlags } from "./flags.ts";
import { runManifest } from "./manifest.ts";
import { readRewardData } from "./reward-data.ts";
import {
  type RewardRunSettings,
  readRewardRunSettings,
  resolvedRewardSettings,
} from "./reward-run-settings.ts";
import { type RewardRun, rewardTrainable } from "./reward-trainable.ts";
import { checkTrainerSettings, openTrainingRun, runTraining } from "./run.ts";
import { checkReference, openTrainingModel, type TrainingModel } from "./training-model.ts";

/** The best evaluation is that of the best order of pairs, then of the best probabilities. */
const BEST: KeepBest = [
  ["eval/accuracy", "higher"],
  ["eval/loss", "lower"],
];

/**
 * Runs `preflab reward`.
 * @throws UsageError, CheckpointError or DataError before training starts; InterruptedError,
 *   NonFiniteError or RewardError once it has
 */
export async function reward(flags: TrainingFlags, io: Io): Promise<void> {
  const file = await readConfigFile(flags.config, settingsOf(flags));
  const settings = file.read("reward", readRewardRunSettings);
  const { training, data: files } = settings;
  const backend = await startBackend(flags, io);
  const model = await openTrainingModel(settings.model, training.seed);
  const held = files.evalShare > 0 ? files.train : files.eval;
  file.placing(() => checkModel(settings, model));
  file.placing(() => checkTrainerSettings(training, { eval: held }, model.config));
  const reference = await openReference(settings, model);
  if (reference) {
    const place = ["normalize", "reference"];
    file.placing(() => checkReference(reference, model, training.maxLength, place));
  }
  const data = await readRewardData(settings, model, io);
  const manifest = await runManifest({
    command: "reward",
    config: resolvedRewardSettings(settings, reference?.fingerprint ?? null),
    inputs: { model: model.fingerprint, ...(await fingerprints(files)) },
    backend,
    threads: flags.threads ?? null,
  });
  const run = await openTrainingRun(flags, manifest);
  try {
    await train({ settings, model, reference, data }, run, flags.json ?? false, io);
  } finally {
    await run.close();
  }
}

/** @throws ConfigError for classifiers, and for a normalisation without a language model */
function checkModel({ normalize }: RewardRunSettings, { config: { labels } }: TrainingModel): void {
  if (labels !== undefined && labels !== 1) {
    throw new ConfigError(
      `model: expected a language model, or a reward model of one label, got one of ${labels} labels.`,
      ["model"],
    );
  }
  if (labels === undefined || normalize === null || normalize.reference !== null) return;
  throw new ConfigError(
    "normalize: expected a reference, since model is a reward model already. Name the language " +
      "model that it is to score.",
    ["normalize"],
  );
}

async function openReference(
  { normalize, training }: RewardRunSettings,
  model: TrainingModel,
): Promise<TrainingModel | null> {
  if (normalize === null) return null;
  return normalize.reference === null
    ? model
    : openTrainingModel(normalize.reference, training.seed);
}

async function train(rewardRun: RewardRun, run: RunFolder, json: boolean, io: Io): Promise<void> {
  const { settings, data } = rewardRun;
  const { training } = settings;
  const trainable = await rewardTrainable(rewardRun, io);
  const { policy } = trainable;
  const inputs: RewardInputs = { pairs: data.train, inOrder: !settings.data.shuffle };
  const evaluator =
    data.held &&
    rewardEvaluator(policy, data.held, {
      batchSize: 2 * training.batchSize,
      maxLength: training.maxLength,
    });
  try {
    await runTraining({
      ...{ run, trainable, config: training, json, io },
      maxSteps: stepsOfRun(training, rewardOrder(inputs, training).stepsPerEpoch),
      train: (hooks, resumed) => trainReward(policy, inputs, training, hooks, resumed),
      ...(evaluator && { evaluate: () => evaluator.evaluate(), keepBest: BEST }),
    });
  } finally {
    evaluator?.dispose();
    trainable.dispose();
  }
}
