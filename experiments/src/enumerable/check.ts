/**
 * Trains policies where all completions can be listed, and puts beside each other what enumeration,
 * samples and importance sampling say of them.
 */

import { generate, type TrainablePolicy, type TrainHooks, type TrainOutcome } from "@preflab/lm";
import { bestOfNKl } from "@preflab/rlhf";
import * as tf from "@tensorflow/tfjs-core";
import { importanceLimit } from "../policy/limit.ts";
import type { Enumeration, ListedPolicy } from "../study/enumeration.ts";
import { limitAt } from "../study/statistics/limit.ts";
import { bestOfNLogps, limitReward, optimum, type PerString, pointOf } from "./exact.ts";
import { samplePolicy } from "./sampled.ts";
import { LONGEST, STRINGS } from "./strings.ts";
import { BETA, currentLogps, enumerableTask, type Task } from "./task.ts";
import { trainByDpo, trainByPpo } from "./training.ts";

/** How much is done. */
export interface CheckSettings {
  readonly seed: number;
  /** Steps of each method. */
  readonly dpoSteps: number;
  readonly ppoSteps: number;
  /** Completions of each prompt: of the reference for its limit, of policies for estimates. */
  readonly samples: number;
  readonly ns: readonly number[];
}

/** A method, such as {@link trainByDpo} with its steps. */
type Training = (policy: TrainablePolicy, hooks: TrainHooks) => Promise<TrainOutcome>;

/** Seeds of samples, beside those of the task. */
const SAMPLE_SEED = 3;

/**
 * Trains DPO and PPO, and lists what they and others give.
 * @param train runs a method's training with hooks; throws where it was interrupted
 */
export async function checkByEnumeration(
  { seed, dpoSteps, ppoSteps, samples, ns }: CheckSettings,
  train: (name: string, run: (hooks: TrainHooks) => Promise<TrainOutcome>) => Promise<void>,
): Promise<Enumeration> {
  const task = await enumerableTask(seed);
  const { referenceLogps: reference, rewards } = task;
  const limit = importanceLimit(await referencePools(task, samples));
  const listed = (name: string, logps: PerString): ListedPolicy => {
    const { reward, kl } = pointOf(logps, reference, rewards);
    const known = limitAt(limit, kl);
    return {
      ...{ name, reward, kl, limit: limitReward(reference, rewards, kl) },
      ...(known !== null && { importance_limit: known }),
    };
  };
  const trained = async (name: string, training: Training): Promise<ListedPolicy> => {
    const policy = task.policy();
    try {
      await train(name, (hooks) => training(policy, hooks));
      const logps = await currentLogps(task, policy);
      const options = { samples, seed: SAMPLE_SEED };
      const sampled = await samplePolicy(task, policy.variables, logps, options);
      return { ...listed(name, logps), sampled };
    } finally {
      tf.dispose({ ...policy.variables });
    }
  };
  try {
    const policies = [
      listed("reference", reference),
      listed("optimum", optimum(reference, rewards, BETA).logps),
      await trained("DPO", (policy, hooks) =>
        trainByDpo(task, policy, { steps: dpoSteps, seed }, hooks),
      ),
      await trained("PPO", (policy, hooks) =>
        trainByPpo(task, policy, { steps: ppoSteps, seed }, hooks),
      ),
      ...ns.map((n) => ({
        ...listed(`best of ${n}`, bestOfNLogps(reference, rewards, n)),
        kl_bound: bestOfNKl(n),
      })),
    ];
    return { completions: STRINGS.length, beta: BETA, samples, policies };
  } finally {
    task.dispose();
  }
}

/** Rewards of completions of the reference, by prompt. */
async function referencePools(task: Task, samples: number): Promise<number[][]> {
  const { config, prompts, reference } = task;
  const pools: number[][] = prompts.map(() => []);
  const completions = await generate(config, reference, prompts, {
    ...{ maxNewTokens: LONGEST, temperature: 1, samples, seed: SAMPLE_SEED },
  });
  for (const { prompt, ids } of completions) pools[prompt]?.push(task.rewardOf(prompt, ids));
  return pools;
}
