/** What all methods on rollouts are told: what to sample, and how to pass over it. */

/** What completions are sampled for a step. */
export interface RolloutSettings {
  /** Completions of a step, over all prompts. */
  readonly completions: number;
  /** Completions of one prompt; divides {@link completions}. */
  readonly samplesPerPrompt: number;
  /** Longest completion, tokens, end-of-text included; null where the task decides. */
  readonly maxNewTokens: number | null;
  /** Of sampling, above 0; logits are divided by it wherever the policy is evaluated. */
  readonly temperature: number;
}

/** How often the rollouts of a step are used. */
export interface PassSettings {
  /** Passes over the rollouts. */
  readonly epochs: number;
  /** Optimizer steps per pass; divides the completions. */
  readonly minibatches: number;
  /** The passes end once a minibatch's `approx_kl/k3` exceeds this, nats per token; null for never. */
  readonly stopKl: number | null;
}
