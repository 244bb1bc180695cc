import type { StepResult } from "@preflab/tfjs-backend-ort";
import { describe, expect, test } from "vitest";
import { type PassOptions, passes } from "../../src/rollouts/passes.ts";

const OPTIONS: PassOptions = {
  ...{ count: 12, epochs: 3, minibatches: 4, stopKl: null },
  ...{ seed: 5, step: 2 },
};

/** Passes whose every minibatch gives the next of some results; the last one again and again. */
async function run(changes: Partial<PassOptions> = {}, given: Partial<StepResult>[] = [{}]) {
  const seen: (readonly number[])[] = [];
  const outcome = await passes({ ...OPTIONS, ...changes }, async (rows) => {
    const result = given[Math.min(seen.length, given.length - 1)];
    seen.push(rows);
    return { loss: 1, gradNorm: 2, applied: true, metrics: {}, ...result };
  });
  return { seen, outcome };
}

describe("rollouts/passes", () => {
  test("every pass sees every rollout once, in an order of its own", async () => {
    const { seen, outcome } = await run();
    expect(seen.map((rows) => rows.length)).toEqual(Array<number>(12).fill(3));
    const orders = [0, 4, 8].map((begin) => seen.slice(begin, begin + 4).flat());
    const all = Array.from({ length: 12 }, (_, i) => i);
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual(all);
    expect(new Set([...orders, all].map(String)).size).toBe(4);
    expect(outcome.metrics).toMatchObject({ epochs: 3, updates: 12 });
  });

  test("orders are functions of seed, step and pass", async () => {
    const { seen } = await run();
    expect((await run()).seen).toEqual(seen);
    expect((await run({ epochs: 1 })).seen).toEqual(seen.slice(0, 4));
    for (const changes of [{ seed: 6 }, { step: 3 }]) {
      expect((await run(changes)).seen).not.toEqual(seen);
    }
  });

  test("numbers are means over updates, extreme ratios the extremes", async () => {
    const of = (loss: number, ratio: number) => ({
      ...{ loss, gradNorm: 2 * loss },
      metrics: { "ratio/min": ratio, "ratio/max": ratio, "ratio/mean": ratio },
    });
    const { outcome } = await run({ epochs: 1, minibatches: 2 }, [of(1, 0.5), of(2, 1.5)]);
    expect(outcome).toMatchObject({ loss: 1.5, gradNorm: 3, applied: true });
    expect(outcome.metrics).toMatchObject({ "ratio/min": 0.5, "ratio/max": 1.5, "ratio/mean": 1 });
  });

  test("they end with an update that moves too far, or is not applied", async () => {
    const moved = (k3: number) => ({ metrics: { "approx_kl/k3": k3 } });
    const far = await run({ stopKl: 0.1 }, [moved(0.05), moved(0.2)]);
    expect(far.outcome.metrics).toMatchObject({ epochs: 1, updates: 2 });
    expect(far.outcome.applied).toBe(true);
    const lost = await run({}, [{}, {}, {}, {}, { applied: false }]);
    expect(lost.outcome.metrics).toMatchObject({ epochs: 2, updates: 5 });
    expect(lost.outcome.applied).toBe(false);
  });
});
