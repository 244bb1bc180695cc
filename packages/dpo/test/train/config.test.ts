import { ConfigError } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { parseDpoConfig } from "../../src/train/config.ts";

/** Message and keys of the error that settings give. */
function errorOf(settings: Readonly<Record<string, unknown>>): [string, readonly string[]] {
  try {
    parseDpoConfig({ maxSteps: 1, ...settings });
  } catch (error) {
    if (error instanceof ConfigError) return [error.message, error.path];
    throw error;
  }
  throw new Error("errorOf: expected an error, got none.");
}

describe("train/config", () => {
  test("the defaults are DPO on pairs against a reference computed before", () => {
    const config = parseDpoConfig({ maxSteps: 1 });
    expect(config).toMatchObject({
      objective: { name: "sigmoid", options: { beta: 0.1 } },
      layout: "concatenated",
      referenceLogps: "precomputed",
      referenceSync: { every: 0 },
      ...{ nllWeight: 0, sftWeight: 0, ldAlpha: 1, wpo: false },
    });
  });

  test("a list of objectives is their weighted sum", () => {
    const objective = [{ name: "sigmoid", weight: 2, beta: 0.3 }, { name: "hinge" }];
    expect(parseDpoConfig({ maxSteps: 1, objective }).objective.name).toBe("sigmoid+hinge");
  });

  const sync = { every: 2 };
  const live = { referenceLogps: "live", referenceSync: sync };
  test.each([
    ["an unknown objective", { objective: { name: "dqo" } }, "objective", "a name of sigmoid"],
    ["an unknown option", { objective: { name: "ipo", tau: 1 } }, "objective.tau", "average"],
    ["a bad option", { objective: { name: "ipo", beta: 0 } }, "objective.beta", "above 0, got 0"],
    ["a bad term", { objective: [{ name: "kto" }] }, "objective", "objectives on pairs"],
    ["dropout", { dropout: 0.1 }, "dropout", "expected dropout 0, got 0.1"],
    ["a precomputed one that moves", { referenceSync: sync }, "referenceSync", "referenceLogps"],
    ["none that moves", { ...live, objective: { name: "simpo" } }, "referenceSync", "got simpo"],
    ["RPO's term for KTO", { nllWeight: 1, objective: { name: "kto" } }, "nllWeight", "on pairs"],
    ["WPO on batches", { wpo: true, objective: { name: "aot" } }, "wpo", "single pairs"],
  ])("%s is an error that leads to its key", (_, settings, key, message) => {
    expect(errorOf(settings)).toEqual([expect.stringContaining(message), key.split(".")]);
  });
});
