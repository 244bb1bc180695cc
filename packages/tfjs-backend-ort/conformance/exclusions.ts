/**
 * Specs of tfjs-core that are known to fail, each with the reason. They run all the same: one that
 * passes, or a pattern whose count is off, is an error, so that this list cannot go stale. A wrong
 * kernel is no reason to be here.
 */

/** Failing specs that share one reason. */
export interface Exclusion {
  /** Regular expression on the full name of the spec, without the name of the backend. */
  readonly spec: RegExp;
  readonly reason: string;
  /** Specs that match, in one run. */
  readonly count: number;
}

/** Exclusions of the runs on backend `ort`; the cpu baseline needs none. */
export const ORT_EXCLUSIONS: readonly Exclusion[] = [];
