/**
 * What results.json holds of a task so small that all completions can be listed: what methods,
 * estimators and the limit by importance sampling give there, against what enumeration says.
 */
import { list, number, object, type Shape, text } from "./json-shape.ts";

/** A task whose completions were listed. */
export interface Enumeration {
  /** Different completions of a prompt. */
  readonly completions: number;
  /** Weight of the divergence that methods are trained with. */
  readonly beta: number;
  /** Completions of each prompt that estimates are made from. */
  readonly samples: number;
  readonly policies: readonly ListedPolicy[];
}

/** A policy, by all its completions. */
export interface ListedPolicy {
  /** Such as `DPO`. */
  readonly name: string;
  readonly reward: number;
  /** From the reference, nats. */
  readonly kl: number;
  /** Most reward at that KL. */
  readonly limit: number;
  /** The same by importance sampling from the reference; missing beyond its reach. */
  readonly importance_limit?: number;
  /** Of best-of-n: what its KL may be at most. */
  readonly kl_bound?: number;
  /** Estimates from samples of the policy. */
  readonly sampled?: ListedEstimates;
}

/** Means over samples with their standard errors. */
export interface ListedEstimates {
  readonly reward: number;
  readonly reward_error: number;
  /** Exact per token. */
  readonly kl: number;
  readonly kl_error: number;
  readonly kl_k1: number;
  readonly kl_k1_error: number;
  readonly kl_k3: number;
  readonly kl_k3_error: number;
  /** Of single completions, exact per token. */
  readonly least_kl: number;
}

/** Checks it. */
export const ENUMERATION_SHAPE: Shape<Enumeration> = object<Enumeration>({
  ...{ completions: number, beta: number, samples: number },
  policies: list(
    object<ListedPolicy>(
      {
        ...{ name: text, reward: number, kl: number, limit: number, importance_limit: number },
        kl_bound: number,
        sampled: object<ListedEstimates>({
          ...{ reward: number, reward_error: number, kl: number, kl_error: number },
          ...{ kl_k1: number, kl_k1_error: number, kl_k3: number, kl_k3_error: number },
          least_kl: number,
        }),
      },
      ...(["importance_limit", "kl_bound", "sampled"] as const),
    ),
  ),
});
