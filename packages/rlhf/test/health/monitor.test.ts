import { RandomStream } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { CollapseError } from "../../src/health/collapse-error.ts";
import { healthMonitor } from "../../src/health/monitor.ts";
import { HEALTH_DEFAULTS, type HealthSettings } from "../../src/health/settings.ts";
import { stepWith } from "./metrics.ts";

const WARN: HealthSettings = { ...HEALTH_DEFAULTS, patience: 3, action: "warn" };
const STOP: HealthSettings = { ...WARN, action: "stop" };
const SICK = stepWith({ entropy: 0.01 });
const WELL = stepWith();

/** How many signs each step shows. */
function counts(settings: HealthSettings, steps: readonly Record<string, number>[]): number[] {
  const monitor = healthMonitor(settings);
  return steps.map((step) => monitor.look(step).length);
}

describe("health/monitor", () => {
  test("a sign counts once it has lasted for the patience", () => {
    expect(counts(STOP, [SICK, SICK, SICK, SICK])).toEqual([0, 0, 1, 1]);
    expect(counts(STOP, [SICK, SICK, WELL, SICK, SICK, SICK])).toEqual([0, 0, 0, 0, 0, 1]);
    expect(counts({ ...STOP, patience: 1 }, [WELL, SICK])).toEqual([0, 1]);
  });

  test("a warning is given once per collapse", () => {
    const spell = [SICK, SICK, SICK, SICK, SICK];
    expect(counts(WARN, [...spell, WELL, ...spell])).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0]);
  });

  test("signs last each by themselves", () => {
    const both = stepWith({ entropy: 0.01, "kl/k1": 70 });
    expect(counts(STOP, [SICK, both, both, both])).toEqual([0, 0, 1, 2]);
  });

  test("a number that is not finite counts at once", () => {
    expect(counts(STOP, [stepWith({ "kl/k1": Number.NaN })])).toEqual([1]);
  });

  test("nothing counts when it is off", () => {
    expect(counts({ ...STOP, action: "off", patience: 1 }, [SICK, SICK])).toEqual([0, 0]);
  });

  test("lengths and ends are compared with the first step's, not the last one's", () => {
    const growing = Array.from({ length: 30 }, (_, i) => stepWith({ "length/mean": 10 + i }));
    expect(counts({ ...STOP, patience: 1 }, growing).findIndex((count) => count > 0)).toBe(21);
  });

  test("a run that improves as published ones do shows no sign", () => {
    // Scores up, entropy halved, lengths doubled, the divergence led to 12 nats with overshoot.
    const random = new RandomStream(3, "health");
    const steps = Array.from({ length: 300 }, (_, i) => {
      const done = i / 299;
      const noise = () => 0.9 + 0.2 * random.uniform();
      return stepWith({
        "score/mean": -0.5 + 3 * done * noise(),
        "kl/k1": 12 * Math.min(1, 5 * done) * (1 + 0.6 * Math.sin(9 * done)) * noise(),
        entropy: (2.4 - 1.3 * done) * noise(),
        "length/mean": 24 * (1 + done) * noise(),
        eos_rate: 0.6 + 0.35 * done,
        "ratio/max": 40 ** random.uniform(),
      });
    });
    expect(counts({ ...STOP, patience: 1 }, steps)).toEqual(steps.map(() => 0));
  });

  test("the state holds finite numbers that a checkpoint may hold among others", () => {
    const monitor = healthMonitor(STOP);
    monitor.look(stepWith({ "length/mean": Number.NaN, "kl/k1": Number.NaN }));
    monitor.look(SICK);
    const state = monitor.state();
    expect(Object.values(state).every(Number.isFinite)).toBe(true);
    expect(Object.keys(state).every((name) => name.startsWith("health/"))).toBe(true);
    expect(state).toMatchObject({ "health/first/length/mean": 24, "health/held/entropy": 1 });
    const resumed = healthMonitor(STOP, { ...state, queries: 12, "kl/weight": 0.2 });
    expect(resumed.state()).toEqual(state);
  });

  test("a resumed monitor goes on as if never interrupted, from any step", () => {
    const steps = [WELL, SICK, SICK, SICK, stepWith({ "length/mean": 90 }), SICK, WELL, SICK];
    const whole = healthMonitor(WARN);
    const expected = steps.map((step) => whole.look(step));
    expect(expected.flat()).toHaveLength(1);
    for (let at = 0; at <= steps.length; at++) {
      const before = healthMonitor(WARN);
      const looks = steps.slice(0, at).map((step) => before.look(step));
      const after = healthMonitor(WARN, JSON.parse(JSON.stringify(before.state())));
      looks.push(...steps.slice(at).map((step) => after.look(step)));
      expect(looks, `resumed after ${at}`).toEqual(expected);
      expect(after.state()).toEqual(whole.state());
    }
  });
});

describe("health/collapse-error", () => {
  test("tells step, signs and the checkpoint to go on from", () => {
    const error = new CollapseError("trainPpo", 7, ["A.", "B."], "checkpoints/step-5");
    expect(error.message).toContain("at step 7, got signs of collapse: A. B. The last checkpoint");
    expect(error.message).toContain("is checkpoints/step-5.");
    expect([error.name, error.step, error.checkpoint]).toEqual([
      "CollapseError",
      7,
      "checkpoints/step-5",
    ]);
    expect(new CollapseError("trainPpo", 7, ["A."], null).message).toContain("set saveEvery");
  });
});
