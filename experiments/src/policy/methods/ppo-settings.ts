/** What PPO is trained with, but for what is chosen for a model: see `withChoice` of ../tuning. */

import type { PpoStudySettings } from "../settings.ts";

/** PPO as it is tuned. */
export const TUNED_PPO = {
  preset: "tuned",
  optimizer: { name: "adam", eps: 1e-5, maxGradNorm: 1, schedule: "constant" },
  rollout: { completions: 256, samplesPerPrompt: 4, temperature: 1 },
  // Normalised, as in the paper, so that both rewards trade against KL at the same rate.
  score: { scale: "reference", center: true, unfinished: { mode: "none" } },
  // A run has 10,000 completions: a horizon as long would leave the target out of reach.
  kl: { estimator: "k1", initial: 0.3, horizon: 256 },
  advantages: { gamma: 1, lambda: 0.95, whiten: "batch", whitenRewards: false },
  update: { minibatches: 4, clipRange: 0.2, valueClipRange: 0.2, valueWeight: 0.5 },
  value: { trunk: "separate", start: "policy", headDeviation: 0 },
} as const;

/** The same with as many completions per step as the paper has. */
export const TUNED_PPO_1024 = {
  ...TUNED_PPO,
  rollout: { ...TUNED_PPO.rollout, completions: 1024 },
  update: { ...TUNED_PPO.update, minibatches: 16 },
} as const;

/** TRL's classic settings, with a learning rate for a model of the embedded tasks. */
export const UNTUNED_PPO = {
  preset: "trl-classic",
  rollout: { completions: 256, samplesPerPrompt: 1, temperature: 1 },
  optimizer: { lr: 1e-3 },
  kl: { horizon: 1000 },
  update: { minibatches: 4 },
} as const;

/** Completions of a step of rollouts; null where settings leave it to the library. */
export function completionsPerStep({ settings }: PpoStudySettings): number | null {
  const { rollout } = settings as { readonly rollout?: { readonly completions?: number } };
  return rollout?.completions ?? null;
}
