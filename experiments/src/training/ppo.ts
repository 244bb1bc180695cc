/** PPO as a method that `preflab` trains by. */
import { ConfigError, resolveModel } from "@preflab/lm";
import {
  createActorCritic,
  loadRewardModel,
  type PpoConfig,
  type RewardModel,
  readPpoConfig,
  trainPpo,
} from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import type { RewardSource } from "./reward-source.ts";
import type { Learner, Method, RolloutContext, RolloutStart } from "./rollout-method.ts";

/** Proximal policy optimization. */
export const PPO: Method<PpoConfig> = { name: "ppo", read: readPpoConfig, check, learner };

/** @throws ConfigError for values that cannot start from the reward */
function check({ value, preset }: PpoConfig, { reward, model }: RolloutContext): void {
  if (value.start !== "reward") return;
  const { kind } = reward.settings;
  const [size, expected] = [reward.model?.config.vocabSize, model.config.vocabSize];
  const problem =
    kind !== "model"
      ? `expected policy with a reward of kind ${kind}, got reward (preset ${preset}): only a reward ` +
        "model can be what values start from."
      : size !== expected
        ? `expected policy, since the reward model has a vocabulary of ${size} tokens, the model of ` +
          `${expected}, got reward.`
        : null;
  if (problem !== null) throw new ConfigError(`value.start: ${problem}`, ["value", "start"]);
}

async function learner(start: RolloutStart, config: PpoConfig): Promise<Learner> {
  const rewardModel = await modelForValues(start.reward, config);
  const model = createActorCritic(
    start.policy,
    config.value,
    { params: start.params, rewardModel },
    config.seed,
  );
  dispose({ ...rewardModel?.params });
  return {
    variables: model.variables,
    train: (inputs, hooks, resume) => trainPpo(model, inputs, config, hooks, resume),
    dispose: () => dispose({ ...model.valueVariables }),
  };
}

async function modelForValues(
  { settings }: RewardSource,
  { value }: PpoConfig,
): Promise<RewardModel | null> {
  if (value.start !== "reward" || settings.kind !== "model") return null;
  const { path } = await resolveModel(settings.path);
  return loadRewardModel(path);
}
