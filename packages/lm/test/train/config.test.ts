import { describe, expect, test } from "vitest";
import { optimizerRule, scheduleOf, stepsOfRun } from "../../src/train/config.ts";
import { ConfigError } from "../../src/train/options.ts";
import { parseSftConfig, SFT_DEFAULTS } from "../../src/train/train-sft.ts";

describe("train/config", () => {
  test("nothing given means the defaults", () => {
    expect(parseSftConfig({ maxSteps: 5 })).toEqual({ ...SFT_DEFAULTS, maxSteps: 5 });
  });

  test("what is given is taken", () => {
    const optimizer = { name: "rmsprop", lr: 5e-7, alpha: 0.9, maxGradNorm: 10 };
    const config = parseSftConfig({
      epochs: 1.5,
      optimizer,
      gradAccum: 4,
      reduction: "sequenceSum",
    });
    expect(config.optimizer).toEqual({ ...SFT_DEFAULTS.optimizer, ...optimizer });
    expect([config.gradAccum, config.reduction]).toEqual([4, "sequenceSum"]);
    expect(optimizerRule(config.optimizer).name).toBe("rmsprop");
  });

  test.each([
    [{ batchsize: 8 }, "batchSize, gradAccum, maxSteps"],
    [{ batchsize: 8 }, "got batchsize"],
    [{ optimizer: { beta: 1 } }, "sft.optimizer: expected settings name, lr, betas"],
    [{ optimizer: { name: "adam_epsilon_hat", weightDecay: 1 } }, "weightDecay to be 0 with adam"],
    [
      { optimizer: { name: "lion" } },
      'one of adamw, adam, adam_epsilon_hat, rmsprop, sgd, got "lion"',
    ],
    [{ optimizer: { betas: [0.9] } }, "two numbers from 0 to 1, got [0.9]"],
    [{ optimizer: { lr: -1 } }, "expected lr to be a number from 0"],
    [{ optimizer: [] }, "sft.optimizer: expected an object of settings"],
    [{ maxSteps: 1.5 }, "expected maxSteps to be an integer from 1, got 1.5"],
    [{ reduction: "mean" }, "one of tokenMean, sequenceMean, sequenceSum"],
    [{ dropout: 1 }, "expected dropout to be a number from 0 to 0.99, got 1"],
    [{ packing: "yes" }, "expected packing to be true or false"],
    [{ maxSteps: null }, "expected one of maxSteps and epochs, got none"],
    [{ epochs: 1 }, "expected one of maxSteps and epochs, got maxSteps and epochs"],
    [null, "sft: expected an object of settings, got null"],
  ])("%j is an error", (raw, message) => {
    const given = raw && { maxSteps: 5, ...raw };
    expect(() => parseSftConfig(given)).toThrow(message);
  });

  test("an error knows the path to the setting", () => {
    const pathOf = (raw: unknown) => {
      try {
        parseSftConfig(raw);
      } catch (error) {
        return error instanceof ConfigError && error.path;
      }
    };
    expect(pathOf({ maxSteps: 1, optimizer: { betas: 3 } })).toEqual(["optimizer", "betas"]);
    expect(pathOf({ maxSteps: 1, optimizer: { beta: 3 } })).toEqual(["optimizer", "beta"]);
    expect(pathOf({ maxSteps: 1, optimizer: 3 })).toEqual(["optimizer"]);
    expect(pathOf({ maxSteps: 1, epochs: 2 })).toEqual(["maxSteps"]);
    expect(pathOf({})).toEqual([]);
  });

  test("epochs are as many steps as they take, at least one", () => {
    const steps = (epochs: number) => stepsOfRun({ maxSteps: null, epochs }, 7);
    expect([1, 2, 0.5, 0.01].map(steps)).toEqual([7, 14, 4, 1]);
    expect(stepsOfRun({ maxSteps: 3, epochs: null }, 7)).toBe(3);
    expect(() => stepsOfRun(SFT_DEFAULTS, 7)).toThrow("one of maxSteps and epochs");
  });

  test("every schedule warms up as the DPO reference does and then goes its way", () => {
    const rates = (schedule: "constant" | "linear" | "cosine") => {
      const at = scheduleOf({ ...SFT_DEFAULTS.optimizer, lr: 1, schedule, warmupSteps: 3 }, 13);
      return [1, 2, 3, 4, 9, 14].map(at);
    };
    const warm = [0.25, 0.5, 0.75, 1];
    expect(rates("constant")).toEqual([...warm, 1, 1]);
    expect(rates("linear")).toEqual([...warm, 0.5, 0]);
    expect(rates("cosine")).toEqual([...warm, 0.5, 0]);
  });
});
