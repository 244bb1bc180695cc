import { describe, expect, test } from "vitest";
import { parseOnlineDpoConfig } from "../../src/train/online-config.ts";

describe("train/online-config", () => {
  test("a length in steps is enough; the reference is live", () => {
    const config = parseOnlineDpoConfig({ maxSteps: 5 });
    expect(config).toMatchObject({ maxSteps: 5, epochs: null, referenceLogps: "live" });
    expect(config.objective.name).toBe("sigmoid");
  });

  test("the reference may follow, whatever the objective on pairs", () => {
    const config = parseOnlineDpoConfig({
      maxSteps: 5,
      objective: { name: "ipo" },
      referenceSync: { every: 3, mix: 1 },
    });
    expect(config.objective.name).toBe("ipo");
    expect(config.referenceSync).toEqual({ every: 3, mix: 1 });
  });

  test.each([
    [{ epochs: 1 }, "onlineDpo: expected maxSteps, got epochs"],
    [{ maxSteps: 1, referenceLogps: "precomputed" }, "onlineDpo: expected live, got precomputed"],
    [{ maxSteps: 1, objective: { name: "kto" } }, "an objective on pairs, got kto"],
    [{ maxSteps: 1, prompts: 3 }, "got prompts"],
  ])("%j is an error", (raw, message) => {
    expect(() => parseOnlineDpoConfig(raw)).toThrow(message);
  });
});
