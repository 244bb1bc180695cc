/** Our side of what ../peers/ppo.py calls a learner: models of a folder, and the settings of a run. */
import { join } from "node:path";
import { fullPolicy, loadModel, trainableParameters } from "@preflab/lm";
import {
  type ActorCritic,
  actorCriticMeter,
  CheckedReward,
  createActorCritic,
  learnedReward,
  loadRewardModel,
  type PpoConfig,
  parsePpoConfig,
  ppoMethod,
  type ReferenceModel,
} from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import { TEXTS, type Trunk } from "./sizes.ts";
import type { Inputs } from "./subject.ts";

/** Policy, values, and what they are compared with and rewarded by. */
export interface Learner {
  readonly model: ActorCritic;
  readonly reference: ReferenceModel;
  readonly reward: CheckedReward;
}

/** Longest text, tokens. */
const MAX_LENGTH = TEXTS.promptLength + TEXTS.newTokens;
/** Texts computed together: few enough that those of a batch are of similar lengths. */
const BATCH_SIZE = 16;
/** Longer than any measured step. */
const TIMEOUT_MS = 600_000;

/** The settings of a run that never ends. */
export function configOf(
  { prompts, samples, newTokens, settings }: Inputs,
  trunk: Trunk,
): PpoConfig {
  const { learningRate, maxGradNorm, temperature, klWeight, gamma, lambda } = settings;
  const { clipRange, valueClipRange, valueWeight, epochs, minibatches } = settings;
  return parsePpoConfig({
    preset: "trl-classic",
    optimizer: { name: "adamw", lr: learningRate, maxGradNorm },
    rollout: {
      completions: prompts.length * samples,
      samplesPerPrompt: samples,
      maxNewTokens: newTokens,
      temperature,
    },
    kl: { estimator: "k1", initial: klWeight, target: "none" },
    advantages: { gamma, lambda, whiten: "batch", variance: "bessel" },
    update: { clipRange, valueClipRange, valueWeight, epochs, minibatches },
    value: { trunk, start: trunk === "shared" ? "policy" : "reward", headDeviation: 0 },
    maxSteps: Number.MAX_SAFE_INTEGER,
    maxLength: MAX_LENGTH,
    batchSize: BATCH_SIZE,
  });
}

/** The models of a folder as they are at the start. */
export async function loadLearner(folder: string, { value, seed }: PpoConfig): Promise<Learner> {
  const { config, params } = await loadModel(join(folder, "policy"));
  const reference = await loadModel(join(folder, "reference"));
  const rewardModel = await loadRewardModel(join(folder, "reward"));
  const policy = fullPolicy(config, trainableParameters(params));
  const model = createActorCritic(policy, value, { params, rewardModel }, seed);
  dispose(params);
  const scores = learnedReward(rewardModel, { batchSize: BATCH_SIZE, maxLength: MAX_LENGTH });
  const reward = new CheckedReward(scores, { timeoutMs: TIMEOUT_MS });
  return { model, reference, reward };
}

/** Numbers of given texts and of updates on all of them; the peer's `check` is the same. */
export async function check(
  { model, reference, reward }: Learner,
  { checked, checkedUpdates, settings }: Inputs,
  config: PpoConfig,
): Promise<number[]> {
  const { batchSize, maxLength, rollout, seed } = config;
  const { temperature } = rollout;
  const meter = actorCriticMeter(model, reference, { batchSize, maxLength, temperature });
  const once = { ...config, update: { ...config.update, epochs: 1, minibatches: 1 } };
  const method = ppoMethod(model, meter, once, { batchSize, maxLength, seed });
  const inputs = checked.map((text) => ({ ...text, prompt: null, completion: null }));
  const scores = await reward.score(inputs);
  const measured = await method.meter.measure(checked);
  const kl = measured.logps.map((row, i) =>
    row.map((logp, t) => logp - (measured.referenceLogps[i]?.[t] as number)),
  );
  const samples = { rollouts: inputs, finished: checked.map(() => true) };
  const experience = { samples, measured, kl, scores, klWeight: settings.klWeight };
  const numbers = [[scores], measured.logps, measured.referenceLogps].map((rows) =>
    rows.flatMap((row) => [...row]).reduce((sum, x) => sum + x * x, 0),
  );
  for (let step = 1; step <= checkedUpdates; step++) {
    const { loss, gradNorm } = await method.update(step, settings.learningRate, experience);
    numbers.push(loss, gradNorm);
  }
  method.dispose();
  return numbers;
}
