/** What trainers train: a model some of whose numbers an optimizer changes. */

import type { ModelConfig } from "../config.ts";
import type { Variables } from "../params.ts";
import type { Params } from "../types.ts";

/** A model in training. */
export interface TrainablePolicy {
  readonly config: ModelConfig;
  /** What the optimizer changes, by the names that key its state. */
  readonly variables: Variables;
  /** The model's parameters as functions of the variables; called where a gradient is taken. */
  readonly parameters: () => Params;
}

/** A policy all of whose parameters are trained. */
export function fullPolicy(config: ModelConfig, variables: Variables): TrainablePolicy {
  return { config, variables, parameters: () => variables };
}
