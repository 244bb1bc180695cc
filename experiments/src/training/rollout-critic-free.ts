/** RLOO and GRPO as methods that `preflab` trains by. */
import type { TrainablePolicy } from "@preflab/lm";
import {
  type GrpoConfig,
  type RlooConfig,
  readGrpoConfig,
  readRlooConfig,
  trainGrpo,
  trainRloo,
} from "@preflab/rlhf";
import type { Learner, Method } from "./rollout-method.ts";

/** REINFORCE with a baseline from the other completions of the prompt. */
export const RLOO: Method<RlooConfig> = {
  name: "rloo",
  read: readRlooConfig,
  learner: async ({ policy }, config) =>
    alone(policy, (inputs, hooks, resume) => trainRloo(policy, inputs, config, hooks, resume)),
};

/** Advantages relative to the other completions of the prompt. */
export const GRPO: Method<GrpoConfig> = {
  name: "grpo",
  read: readGrpoConfig,
  learner: async ({ policy }, config) =>
    alone(policy, (inputs, hooks, resume) => trainGrpo(policy, inputs, config, hooks, resume)),
};

/** A policy with nothing beside it. */
function alone({ variables }: TrainablePolicy, train: Learner["train"]): Learner {
  return { variables, train, dispose: () => {} };
}
