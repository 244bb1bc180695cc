import { describe, expect, test } from "vitest";
import { type Job, runPool } from "../../src/study/pool.ts";

const never = new AbortController().signal;

/** Jobs by id with what they wait for; they note their order and how many run beside each other. */
function jobsOf(graph: Readonly<Record<string, readonly string[]>>, fails: readonly string[] = []) {
  const log: string[] = [];
  const seen = { running: 0, most: 0 };
  const jobs = Object.entries(graph).map(
    ([id, after]): Job => ({
      ...{ id, after },
      run: async () => {
        log.push(`+${id}`);
        seen.most = Math.max(seen.most, ++seen.running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen.running--;
        log.push(`-${id}`);
        if (fails.includes(id)) throw new Error(`${id} fails`);
      },
    }),
  );
  return { jobs, log, seen };
}

describe("study/pool", () => {
  test("starts a job once those before it are done, and all of them", async () => {
    const { jobs, log } = jobsOf({ c: ["a", "b"], a: [], b: ["a"], d: [] });
    const { failures, skipped } = await runPool(jobs, 4, never);
    expect({ failures: failures.size, skipped }).toEqual({ failures: 0, skipped: [] });
    for (const [before, after] of ["ac", "bc", "ab"] as const) {
      expect(log.indexOf(`-${before}`)).toBeLessThan(log.indexOf(`+${after}`));
    }
    expect(log).toHaveLength(8);
  });

  test.each([1, 2, 3])("runs %d at a time, as many as can be run", async (size) => {
    const { jobs, seen } = jobsOf({ a: [], b: [], c: [], d: [], e: [] });
    await runPool(jobs, size, never);
    expect(seen.most).toBe(size);
  });

  test("jobs that are not among them are done", async () => {
    const { jobs, log } = jobsOf({ a: ["finished before"] });
    await runPool(jobs, 1, never);
    expect(log).toEqual(["+a", "-a"]);
  });

  test("a failure skips what needs it, also at second hand, and stops nothing else", async () => {
    const { jobs, log } = jobsOf({ a: [], b: ["a"], c: ["b"], d: [], e: ["d"] }, ["a"]);
    const { failures, skipped } = await runPool(jobs, 2, never);
    expect([...failures.keys()]).toEqual(["a"]);
    expect(failures.get("a")).toEqual(new Error("a fails"));
    expect(skipped).toEqual(["b", "c"]);
    expect(log).toContain("-e");
  });

  test("an interruption starts no more, and waits for those under way", async () => {
    const controller = new AbortController();
    const { jobs, log } = jobsOf({ a: [], b: [], c: ["a"] });
    const outcome = runPool(jobs, 1, controller.signal);
    controller.abort();
    expect((await outcome).skipped).toEqual(["b", "c"]);
    expect(log).toEqual(["+a", "-a"]);
  });
});
