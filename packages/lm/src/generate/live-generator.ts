/** Generation from a model in training, with the weights of the moment. */

import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../config.ts";
import type { TrainablePolicy } from "../train/policy.ts";
import type { Params } from "../types.ts";
import { createGenerator, type GeneratorOptions } from "./generator.ts";
import type { Completion, GenerateOptions } from "./options.ts";

/** Generates again and again while the policy changes. */
export interface LiveGenerator {
  /**
   * Completions under the current weights, see `Generator.generate`.
   * @param options `maxNewTokens` is lowered to what the model has positions for
   */
  generate(
    prompts: readonly (readonly number[])[],
    options: GenerateOptions,
  ): Promise<Completion[]>;
  dispose(): void;
}

/** Makes a generator, whose programs stay compiled from call to call. */
export function liveGenerator(
  policy: TrainablePolicy,
  generatorOptions: GeneratorOptions = {},
): LiveGenerator {
  const live = liveParameters(policy);
  const generator = createGenerator(policy.config, live.params, generatorOptions);
  return {
    generate: (prompts, options) => {
      live.refresh();
      const maxNewTokens = Math.min(options.maxNewTokens, room(policy.config, prompts));
      return generator.generate(prompts, { ...options, maxNewTokens });
    },
    dispose: () => {
      generator.dispose();
      live.dispose();
    },
  };
}

/** New tokens that fit behind every prompt, so that the whole text can be scored. */
function room(
  { position, maxPositions }: ModelConfig,
  prompts: readonly (readonly number[])[],
): number {
  if (position.kind !== "learned") return Number.POSITIVE_INFINITY;
  return maxPositions - Math.max(...prompts.map(({ length }) => length));
}

/** Parameters that compiled programs may hold on to while the policy changes. */
function liveParameters({ parameters }: TrainablePolicy): {
  readonly params: Params;
  refresh(): void;
  dispose(): void;
} {
  // Variables are read at every run, but what is computed from them, new tensors every time, must be
  // computed anew.
  const { params, computed } = tf.tidy(() => {
    const [first, second] = [parameters(), parameters()];
    const computed: Record<string, tf.Variable> = {};
    for (const [name, tensor] of Object.entries(first)) {
      if (tensor !== second[name]) computed[name] = tf.variable(tensor, false);
    }
    return { params: { ...first, ...computed }, computed };
  });
  return {
    params,
    refresh: () =>
      tf.tidy(() => {
        const now = parameters();
        for (const [name, variable] of Object.entries(computed)) {
          variable.assign(now[name] as tf.Tensor);
        }
      }),
    dispose: () => tf.dispose(computed),
  };
}
