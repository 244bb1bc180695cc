/** Online DPO as a method that `preflab` trains by: preferences among the policy's own samples. */
import {
  followingReference,
  liveReference,
  noReference,
  type OnlineDpoConfig,
  readOnlineDpoConfig,
  trainOnlineDpo,
} from "@preflab/dpo";
import { ConfigError, type OptionReader } from "@preflab/lm";
import {
  pairSampler,
  policyMeter,
  type RunSettings,
  readRollout,
  readUnfinished,
  rolloutCollector,
} from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import { checkFollowing } from "./dpo-reference.ts";
import type { Learner, Method, RolloutConfig, RolloutStart } from "./rollout-method.ts";

/** As many as PPO's presets sample, two for each prompt, as Guo et al. 2024 (arXiv:2402.04792). */
const ROLLOUT = { completions: 512, samplesPerPrompt: 2, maxNewTokens: null, temperature: 1 };

/** A pair has two different completions. */
const PAIR = 2;

/** Settings of a run. */
interface OnlineConfig extends OnlineDpoConfig, Pick<RolloutConfig, "score"> {
  readonly rollout: RunSettings["rollout"];
}

/** Preference training on the best and the worst of the policy's samples of each prompt. */
export const ONLINE_DPO: Method<OnlineConfig> = {
  name: "online-dpo",
  read,
  check: ({ referenceSync }, { lora }) => checkFollowing(referenceSync, lora),
  resolved: ({ objective: { name, options }, ...config }) => ({
    ...config,
    objective: { name, ...options },
  }),
  learner: async (start, config) => learner(start, config),
};

function read(reader: OptionReader): OnlineConfig {
  const score = reader.object("score");
  const config = {
    ...readOnlineDpoConfig(reader),
    rollout: readRollout(reader.object("rollout"), ROLLOUT, PAIR),
    score: { unfinished: readUnfinished(score.object("unfinished"), { mode: "none", value: 0 }) },
  };
  score.finish();
  const { completions, samplesPerPrompt } = config.rollout;
  if (completions % samplesPerPrompt === 0) return config;
  throw new ConfigError(
    `online-dpo: expected rollout.samplesPerPrompt to divide the ${completions} completions of a ` +
      `step, got ${samplesPerPrompt}.`,
    ["rollout", "samplesPerPrompt"],
  );
}

function learner({ policy, reference: start }: RolloutStart, config: OnlineConfig): Learner {
  const { objective, referenceSync, rollout, score, batchSize, maxLength, seed } = config;
  const { samplesPerPrompt, temperature } = rollout;
  const following = referenceSync.every > 0 ? followingReference(start.params) : null;
  const train: Learner["train"] = async (inputs, hooks, resume) => {
    const { config: architecture, params } = inputs.reference;
    const compared = { config: architecture, params: following?.params ?? params };
    const reference = objective.usesReference
      ? liveReference(compared, config, PAIR)
      : noReference(PAIR);
    const collector = rolloutCollector(policy, inputs, { ...rollout, maxLength, seed });
    const measuring = { batchSize, maxLength, temperature };
    const meter = policyMeter(policy, inputs.reference, measuring);
    const { unfinished } = score;
    const klWeight = Number(objective.options["beta"] ?? 0);
    const { onRollouts, clock } = hooks;
    const parts = { collector, meter, samplesPerPrompt, unfinished, klWeight, onRollouts };
    const pairs = timed(pairSampler(parts), clock);
    const sources = { pairs, reference, ...(following && { following }) };
    try {
      return await trainOnlineDpo(policy, sources, config, hooks, resume);
    } finally {
      meter.dispose();
      collector.dispose();
      reference.dispose();
    }
  };
  return {
    variables: { ...policy.variables, ...following?.variables },
    train,
    dispose: () => dispose({ ...following?.variables }),
  };
}

/** Pairs whose making is timed, with a clock. */
function timed(
  sample: ReturnType<typeof pairSampler>,
  clock: (() => number) | undefined,
): ReturnType<typeof pairSampler> {
  if (!clock) return sample;
  return async (step) => {
    const begin = clock();
    const { pairs, metrics } = await sample(step);
    return { pairs, metrics: { ...metrics, "time/pairs": clock() - begin } };
  };
}
