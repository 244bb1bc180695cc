import { describe, expect, test } from "vitest";
import { momentsOf } from "../../src/statistics/moments.ts";
import { RunningMoments } from "../../src/statistics/running-moments.ts";
import { golden, SCALARS } from "../golden.ts";
import { normals } from "../random.ts";

/** Sums in another order. */
const FLOAT64 = { atol: 1e-12, rtol: 1e-12 };

describe("statistics/running-moments", () => {
  test("follow the golden stream", () => {
    const running = new RunningMoments();
    for (const {
      batch,
      mean,
      std_bessel: deviation,
      var_population,
      count,
    } of golden.running_moments) {
      running.update(batch);
      const { squares, count: counted } = running.state;
      expect([running.mean, running.deviation, squares / counted]).toBeAllClose(
        [mean, deviation, var_population],
        SCALARS,
      );
      expect(counted).toBe(count);
    }
  });

  // The streams of trlx's tests.
  const streams = {
    "0 to 99": Array.from({ length: 100 }, (_, i) => i),
    ones: Array<number>(100).fill(1),
    "powers of e": Array.from({ length: 10 }, (_, i) => Math.exp(i)),
    "a few": [-10, -1, 0, 1, 10],
  };
  test.each(Object.entries(streams))("of %s, in batches, are those of all", (_, stream) => {
    for (const size of [1, 2, 7]) {
      const running = new RunningMoments();
      for (let at = 0; at < stream.length; at += size) running.update(stream.slice(at, at + size));
      const { mean, variance } = momentsOf(stream, "bessel");
      expect([running.mean, running.deviation]).toBeAllClose([mean, Math.sqrt(variance)], FLOAT64);
    }
  });

  test("go on from their state as if nothing had happened", () => {
    const [first, second] = [normals(9, 1), normals(5, 2)];
    const running = new RunningMoments();
    running.update(first);
    const other = new RunningMoments(JSON.parse(JSON.stringify(running.state)));
    running.update(second);
    other.update(second);
    expect(other.state).toEqual(running.state);
  });

  test("are 0 before two numbers, and unmoved by empty batches", () => {
    const running = new RunningMoments();
    running.update([]);
    expect([running.mean, running.deviation]).toEqual([0, 0]);
    running.update([5]);
    expect([running.mean, running.deviation]).toEqual([5, 0]);
  });
});
