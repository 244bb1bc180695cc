import { ConfigError, OptionReader } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import {
  readOptionalReward,
  readRewardSettings,
  resolvedHeaders,
} from "../../src/training/reward-settings.ts";

const read = (reward: unknown) => readRewardSettings(new OptionReader("ppo", { reward }), "reward");

describe("training/reward-settings", () => {
  test.each([
    [{ kind: "model", path: "m" }, {}],
    [
      { kind: "classifier", path: "c" },
      { label: 1, output: "log_odds" },
    ],
    [
      { kind: "lexicon", path: "l" },
      { reduction: "sum", part: "completion" },
    ],
    [
      { kind: "http", url: "http://localhost:8000/score" },
      { batchSize: 16, requestTimeoutMs: 30_000, retries: 3, retryDelayMs: 500, headers: {} },
    ],
    [{ kind: "module", path: "r.mjs" }, {}],
  ])("%j has defaults", (given, defaults) => {
    expect(read(given)).toEqual({ ...given, ...defaults, timeoutMs: 300_000 });
    expect(read({ ...given, timeoutMs: 5 })).toMatchObject({ timeoutMs: 5 });
  });

  test.each([
    [undefined, "expected reward to be a reward function {kind: model | classifier | lexicon"],
    ["m", 'ppo.reward: expected an object of settings, got "m"'],
    [{}, "expected kind to be one of model, classifier, lexicon, http, module, got undefined"],
    [{ kind: "gold" }, "expected kind to be one of model, classifier, lexicon, http, module"],
    [{ kind: "model" }, "expected path to be a folder of a reward model"],
    [{ kind: "model", path: "m", label: 1 }, "expected settings kind, path, timeoutMs, got label"],
    [{ kind: "module", path: "m", timeoutMs: 0 }, "expected timeoutMs to be an integer from 1"],
    [{ kind: "classifier", path: "c", label: -1 }, "expected label to be an integer from 0"],
    [{ kind: "classifier", path: "c", output: "logit" }, "one of probability, log_odds"],
    [{ kind: "lexicon", path: "l", part: "prompt" }, "one of completion, text"],
    [{ kind: "http" }, "expected url to be an http or https address"],
    [{ kind: "http", url: "file:///etc" }, "expected url to be an http or https address"],
    [{ kind: "http", url: "http://a", headers: { a: 1 } }, "expected headers to be texts by name"],
    [{ kind: "http", url: "http://a", headers: { "a b": "c" } }, "headers that HTTP allows"],
  ])("%j is refused", (given, message) => {
    expect(() => read(given)).toThrow(message);
    expect(() => read(given)).toThrow(ConfigError);
  });

  test("an optional one may be missing", () => {
    expect(readOptionalReward(new OptionReader("best-of-n", { gold: null }), "gold")).toBeNull();
    expect(() => readOptionalReward(new OptionReader("best-of-n", { gold: {} }), "gold")).toThrow(
      "best-of-n.gold: expected kind",
    );
  });

  test("headers name variables of the environment, which must be there", () => {
    const headers = { authorization: "Bearer $TOKEN", "x-cost": "5 $" };
    expect(resolvedHeaders(headers, ["reward", "headers"], { TOKEN: "abc" })).toEqual({
      authorization: "Bearer abc",
      "x-cost": "5 $",
    });
    expect(() => resolvedHeaders(headers, ["reward", "headers"], {})).toThrow(
      "reward.headers: expected an environment variable TOKEN, got none",
    );
  });
});
