import "@tensorflow/tfjs-backend-cpu";
import { NonFiniteError } from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { CollapseError } from "../../src/health/collapse-error.ts";
import { learnedReward } from "../../src/scoring/model-reward.ts";
import {
  functionReward,
  RewardError,
  type RewardFunction,
} from "../../src/scoring/reward-function.ts";
import { ROTARY, SCORING, tinyParameters } from "../tiny.ts";
import { highTokens, type Kept, type RunResult, runPpo, STEPS } from "./kept-run.ts";

/** Each run compiles its programs, on a machine that may be busy. */
const TIMEOUT_MS = 120_000;

/** The step at which things go wrong. */
const BAD_STEP = 3;

/** The run that nothing interrupts, which those that go on must equal. */
let whole: RunResult;

beforeAll(async () => {
  await selectBackend("ort");
  whole = await runPpo();
}, TIMEOUT_MS);
afterEach(() => tf.disposeVariables());

/** A reward that is another one from its nth call on. */
function wrongAfter(calls: number, wrong: RewardFunction["score"]): RewardFunction {
  const right = highTokens();
  let call = 0;
  return {
    name: "sometimes wrong",
    score: (inputs, signal) => {
      call++;
      return call < calls ? right.score(inputs, signal) : wrong(inputs, signal);
    },
  };
}

/** The run that failed goes on from its last checkpoint as if nothing had happened. */
async function expectToGoOn({ kept }: RunResult): Promise<void> {
  const last = kept.at(-1) as Kept;
  const rest = await runPpo({ resume: last });
  expect(rest.error).toBeNull();
  expect(rest.rows).toEqual(whole.rows.slice(last.step));
  expect(rest.values).toEqual(whole.values);
  expect(rest.kept.at(-1)).toEqual(whole.kept.at(-1));
}

describe("ppo/train-ppo: what can go wrong", { timeout: TIMEOUT_MS }, () => {
  test("nothing does in a run of good inputs, whose steps differ", () => {
    expect([whole.error, whole.warnings]).toEqual([null, []]);
    expect(whole.rows.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(whole.kept.map(({ name }) => name)).toEqual(["step-1", "step-2", "step-3", "step-4"]);
    expect(whole.kept[1]?.values).not.toEqual(whole.kept[2]?.values);
  });

  test.each<[string, RewardFunction["score"], string]>([
    [
      "throws",
      () => {
        throw new Error("the model is gone");
      },
      "expected 8 scores, got an error: the model is gone",
    ],
    [
      "gives NaN",
      async (inputs) => inputs.map((_, i) => (i === 2 ? Number.NaN : 0)),
      "expected finite numbers, got NaN for completion 2",
    ],
    ["gives too few scores", async () => [1, 2, 3], "expected a list of 8 scores, got 3"],
    ["gives one number", async () => 1 as never, "expected a list of 8 scores, got number"],
    ["hangs", () => new Promise<never>(() => {}), "expected 8 scores within 200 ms, got none"],
  ])("a reward that %s at a step loses that step alone", async (_name, wrong, message) => {
    const failed = await runPpo({ reward: wrongAfter(BAD_STEP, wrong) });
    expect(failed.error).toBeInstanceOf(RewardError);
    expect(failed.error).toHaveProperty(
      "message",
      expect.stringContaining(`sometimes wrong: ${message}`),
    );
    expect(failed.rows).toEqual(whole.rows.slice(0, BAD_STEP - 1));
    expect(failed.kept).toEqual(whole.kept.slice(0, BAD_STEP - 1));
    await expectToGoOn(failed);
  });

  test("a disk that is full at a checkpoint leaves the one before", async () => {
    const kept: Kept[] = [];
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
    });
    const failed = await runPpo({
      hooks: {
        save: async (snapshot) => {
          if (snapshot.step === BAD_STEP) throw full;
          kept.push(whole.kept[snapshot.step - 1] as Kept);
          expect(snapshot.numbers).toEqual(kept.at(-1)?.numbers);
          expect(snapshot.optimizer).toEqual(kept.at(-1)?.optimizer);
          return `step-${snapshot.step}`;
        },
      },
    });
    expect(failed.error).toBe(full);
    expect(failed.rows).toEqual(whole.rows.slice(0, BAD_STEP));
    await expectToGoOn({ ...failed, kept });
  });

  test("a log that cannot be written leaves the checkpoint before", async () => {
    const full = new Error("ENOSPC: no space left on device, write");
    const failed = await runPpo({
      hooks: {
        log: ({ step }) => {
          if (step === BAD_STEP) throw full;
        },
      },
    });
    expect(failed.error).toBe(full);
    expect(failed.kept.at(-1)?.step).toBe(BAD_STEP - 1);
    await expectToGoOn(failed);
  });

  test("an interruption is no error, and goes on bit for bit", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stopped = await runPpo({
      hooks: { signal, progress: ({ step }) => void (step === 2 && controller.abort()) },
    });
    expect(stopped.error).toBeNull();
    expect(stopped.kept.at(-1)?.step).toBe(2);
    await expectToGoOn(stopped);
  });

  test("updates that blow up end the run before they are kept", async () => {
    const last = whole.kept[1] as Kept;
    const { error, rows, kept } = await runPpo({
      resume: last,
      settings: { optimizer: { lr: 1e30 } },
    });
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toHaveProperty("checkpoint", "step-2");
    expect(rows.map(({ step }) => step)).toEqual([3]);
    expect(kept).toEqual([]);
  });

  test("a policy that collapses ends the run at a checkpoint, or is warned of once", async () => {
    const health = { entropyFloor: 100, patience: 2 };
    const run = (action: string) => runPpo({ settings: { health: { ...health, action } } });
    const stopped = await run("stop");
    expect(stopped.error).toBeInstanceOf(CollapseError);
    expect(stopped.error).toMatchObject({ step: 2, checkpoint: "step-2" });
    expect(stopped.kept.at(-1)?.values).toEqual(whole.kept[1]?.values);
    const warned = await run("warn");
    expect([warned.error, warned.rows]).toEqual([null, whole.rows]);
    expect(warned.warnings).toEqual([expect.stringMatching(/^step 2: entropy .* is below 100/)]);
  });

  test("completions that are empty but for their end are trained on", async () => {
    const seen: (string | null)[] = [];
    const reward = functionReward("silence", ({ completion, completionIds }) => {
      seen.push(completion);
      return -completionIds.length;
    });
    const everyToken = Array.from({ length: ROTARY.vocabSize }, (_, id) => id);
    const { error, rows } = await runPpo({
      reward,
      model: { ...ROTARY, specialIds: { ...ROTARY.specialIds, eos: everyToken } },
      inputs: { decode: (ids) => ids.join(" ") },
    });
    expect(error).toBeNull();
    expect(new Set(seen)).toEqual(new Set([""]));
    expect(seen).toHaveLength(8 * STEPS);
    for (const row of rows) {
      expect(row).toMatchObject({ "length/mean": 1, eos_rate: 1, "score/mean": -1 });
      expect([row.loss, row.grad_norm].every(Number.isFinite)).toBe(true);
    }
  });

  test.each([
    ["no prompts", { prompts: [] }, "at least one prompt, got none"],
    [
      "an empty prompt",
      { prompts: [{ ids: [], text: null }] },
      "prompts of 1 to 26 tokens, which leave room for 6 new ones, got 0 in prompt 0",
    ],
    [
      "a prompt that is too long",
      { prompts: [5, 27].map((length) => ({ ids: Array(length).fill(4), text: null })) },
      "prompts of 1 to 26 tokens, which leave room for 6 new ones, got 27 in prompt 1",
    ],
    [
      "a prompt of tokens that the policy does not know",
      { prompts: [{ ids: [4, 23], text: null }] },
      "ids below 23",
    ],
  ])("%s: an error before anything is sampled", async (_name, inputs, message) => {
    let asked = 0;
    const reward = functionReward("asked", () => asked++);
    const { error, rows, kept } = await runPpo({ inputs, reward });
    expect(error).toHaveProperty("message", expect.stringContaining(message));
    expect([asked, rows.length, kept.length]).toEqual([0, 0, 0]);
  });

  test("a context without room for a completion is an error, learned positions count", async () => {
    const short = { ...ROTARY, position: { kind: "learned" as const }, maxPositions: 8 };
    const { error } = await runPpo({ model: short as typeof ROTARY });
    expect(error).toHaveProperty("message", expect.stringContaining("prompts of 1 to 2 tokens"));
  });

  test("a reference of another vocabulary is an error", async () => {
    const config = { ...ROTARY, vocabSize: 29 };
    const { error } = await runPpo({ inputs: { reference: { config, params: {} } } });
    expect(error).toHaveProperty(
      "message",
      expect.stringContaining("the policy's vocabulary of 23 tokens, got 29"),
    );
  });

  test("a reward model of another vocabulary is an error once it meets an unknown token", async () => {
    const config = { ...SCORING, vocabSize: 6 };
    const params = tinyParameters(config);
    const normalization = { gain: 1, bias: 0 };
    const options = { batchSize: 4, maxLength: 32 };
    const reward = learnedReward({ config, params, normalization }, options);
    const { error, kept } = await runPpo({ reward });
    expect(error).toBeInstanceOf(RewardError);
    expect(error).toHaveProperty(
      "message",
      expect.stringContaining("expected ids below 6, the size of its vocabulary"),
    );
    expect(kept).toEqual([]);
    reward.dispose?.();
    tf.dispose(Object.values(params));
  });

  test("a checkpoint of another kind of run is an error", async () => {
    const last = whole.kept[1] as Kept;
    const { error } = await runPpo({ resume: { ...last, numbers: {} } });
    expect(error).toHaveProperty("message", expect.stringContaining("another kind of run"));
  });

  test("a run that fails leaves no tensors behind", async () => {
    const fail = () =>
      runPpo({
        reward: wrongAfter(2, () => Promise.reject(new Error("no"))),
      });
    await fail();
    expect(await leakedTensors(fail)).toBe(0);
  });
});
