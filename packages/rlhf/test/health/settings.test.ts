import { OptionReader } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { HEALTH_DEFAULTS, readHealth } from "../../src/health/settings.ts";
import { PRESET_NAMES, PRESETS } from "../../src/ppo/presets.ts";

const read = (raw: unknown) => readHealth(new OptionReader("ppo.health", raw));

describe("health/settings", () => {
  test("nothing given means the defaults", () => {
    expect(read({})).toEqual(HEALTH_DEFAULTS);
  });

  test("bounds change or go, the others stay", () => {
    expect(read({ action: "stop", klLimit: "none", lengthFactor: 1.5 })).toEqual({
      ...HEALTH_DEFAULTS,
      action: "stop",
      klLimit: null,
      lengthFactor: 1.5,
    });
    const own = { ...HEALTH_DEFAULTS, entropyFloor: null };
    expect(readHealth(new OptionReader("ppo.health", {}), own)).toEqual(own);
  });

  test.each([
    [{ action: "panic" }, "action to be one of warn, stop, off"],
    [{ patience: 0 }, "patience to be an integer from 1"],
    [{ entropyFloor: 0 }, "entropyFloor to be a number"],
    [{ lengthFactor: 0.5 }, "lengthFactor to be a number from 1, or none"],
    [{ eosFactor: -1 }, "eosFactor"],
    [{ klLimit: "off" }, "klLimit"],
    [{ ratioLimit: 0.2 }, "ratioLimit"],
    [{ limit: 3 }, "got limit"],
  ])("%j is an error", (raw, message) => {
    expect(() => read(raw)).toThrow(message);
  });

  test.each(PRESET_NAMES)("the divergence that %s leads to is far below the bound", (name) => {
    const { target } = PRESETS[name].settings.kl;
    // A controller overshoots; the fixed weights of others have no target.
    expect((target ?? 0) * 4).toBeLessThanOrEqual(HEALTH_DEFAULTS.klLimit ?? 0);
  });
});
