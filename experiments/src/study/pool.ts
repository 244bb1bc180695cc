/** Jobs that wait for each other, a bounded number at a time. */

/** A job. */
export interface Job {
  readonly id: string;
  /** Ids of the jobs that must be done before; those that are not among the jobs are done. */
  readonly after: readonly string[];
  run(): Promise<void>;
}

/** How jobs ended. */
export interface PoolOutcome {
  /** By id, of jobs that failed. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** Ids of jobs that were not started, since one before them failed or the signal said so. */
  readonly skipped: readonly string[];
}

/**
 * Runs all jobs that can be run; one that fails does not stop those that do not need it.
 * @param size most jobs at a time, at least 1
 * @param signal aborted: no more are started
 */
export async function runPool(
  jobs: readonly Job[],
  size: number,
  signal: AbortSignal,
): Promise<PoolOutcome> {
  const waiting = new Map(jobs.map((job) => [job.id, job]));
  const unfinished = new Set(waiting.keys());
  const failures = new Map<string, unknown>();
  const running = new Map<string, Promise<void>>();
  const start = (job: Job) => {
    waiting.delete(job.id);
    const task = job
      .run()
      .then(() => void unfinished.delete(job.id))
      .catch((error: unknown) => void failures.set(job.id, error))
      .finally(() => running.delete(job.id));
    running.set(job.id, task);
  };
  for (;;) {
    for (const job of waiting.values()) {
      if (signal.aborted || running.size >= size) break;
      if (job.after.every((id) => !unfinished.has(id))) start(job);
    }
    if (running.size === 0) return { failures, skipped: [...waiting.keys()] };
    await Promise.race(running.values());
  }
}
