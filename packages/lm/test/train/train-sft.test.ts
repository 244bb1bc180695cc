import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { leakedTensors } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tokenLogps } from "../../src/logps.ts";
import { rowBatches } from "../../src/train/batches.ts";
import { NonFiniteError, type Snapshot, type StepMetrics } from "../../src/train/loop.ts";
import { padBatch, type TokenRow, toTensors } from "../../src/train/rows.ts";
import { sftLoss } from "../../src/train/sft-loss.ts";
import {
  parseSftConfig,
  type SftConfig,
  sftEvaluator,
  trainSft,
} from "../../src/train/train-sft.ts";
import { TINY, tinyPolicy, tinyRows, values } from "./tiny.ts";

/** Sums over rows in another order, and ten steps of it. */
const ACCUMULATED = { atol: 1e-5, rtol: 1e-5 };
/** ort and cpu sum in different orders; Adam's first steps divide by small numbers. */
const BACKENDS = { atol: 1e-4, rtol: 1e-4 };

beforeEach(() => tf.setBackend("ort"));
afterEach(() => tf.disposeVariables());

const ROWS = tinyRows(40);

/** sgd: differences stay as large as they are, which Adam does not grant. */
const config = (changes: Record<string, unknown> = {}): SftConfig =>
  parseSftConfig({
    batchSize: 8,
    maxSteps: 10,
    maxLength: 32,
    seed: 7,
    optimizer: { name: "sgd", lr: 0.5 },
    ...changes,
  });

interface Run {
  readonly metrics: StepMetrics[];
  readonly weights: Float32Array;
}

async function run(settings: SftConfig, rows: readonly TokenRow[] = ROWS): Promise<Run> {
  const policy = tinyPolicy();
  const metrics: StepMetrics[] = [];
  const outcome = await trainSft(policy, rowBatches(rows, settings), settings, {
    log: (line) => void metrics.push(line),
  });
  expect(outcome).toEqual({ step: settings.maxSteps, finished: true, checkpoint: null });
  return { metrics, weights: values(policy) };
}

describe("train/train-sft", () => {
  test("learns, and reports the numbers of the contract once per step", async () => {
    const { metrics } = await run(config({ maxSteps: 60, optimizer: { lr: 1e-2 } }));
    expect(metrics.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(Object.keys(metrics[0] as StepMetrics)).toEqual(["step", "loss", "lr", "grad_norm"]);
    expect(metrics[59]?.loss).toBeLessThan(0.5 * (metrics[0]?.loss as number));
  });

  test("ends, finished and saved, at the step that the caller says", async () => {
    const settings = config();
    const saved: number[] = [];
    const outcome = await trainSft(tinyPolicy(), rowBatches(ROWS, settings), settings, {
      stop: ({ step }) => step === 3,
      save: async ({ step }) => `step-${saved.push(step)}`,
    });
    expect(outcome).toEqual({ step: 3, finished: true, checkpoint: "step-1" });
    expect(saved).toEqual([3]);
  });

  test("the first loss is that of the model as it was", async () => {
    const settings = config({ maxSteps: 1 });
    const { metrics } = await run(settings);
    const [padded] = rowBatches(ROWS, settings).at(1);
    const batch = toTensors(padded as NonNullable<typeof padded>);
    const logps = tokenLogps({ config: TINY, params: tinyPolicy().parameters() }, batch);
    expect(metrics[0]?.loss).toBeAllClose(sftLoss(logps, batch).dataSync(), ACCUMULATED);
  });

  test.each(["tokenMean", "sequenceMean", "sequenceSum"])(
    "bs 1 x accum 8 is bs 8: %s",
    async (reduction) => {
      const lr = reduction === "sequenceSum" ? 0.05 : 0.5;
      const same = { reduction, optimizer: { name: "sgd", lr } };
      const whole = await run(config(same));
      const cut = await run(config({ ...same, batchSize: 1, gradAccum: 8 }));
      for (const key of ["loss", "grad_norm", "lr"] as const) {
        expect(cut.metrics.map((line) => line[key])).toBeAllClose(
          whole.metrics.map((line) => line[key]),
          ACCUMULATED,
        );
      }
      expect(cut.weights).toBeAllClose(whole.weights, ACCUMULATED);
      expect(whole.weights).not.toEqual(values(tinyPolicy()));
    },
  );

  test("repeats itself bit for bit", async () => {
    const [first, second] = [await run(config()), await run(config())];
    expect(second).toEqual(first);
  });

  test("goes the same way on backend cpu", async () => {
    const settings = config({ maxSteps: 4, gradAccum: 2, batchSize: 4 });
    const compiled = await run(settings);
    await tf.setBackend("cpu");
    const eager = await run(settings);
    expect(eager.metrics.map(({ loss }) => loss)).toBeAllClose(
      compiled.metrics.map(({ loss }) => loss),
      BACKENDS,
    );
    expect(eager.weights).toBeAllClose(compiled.weights, BACKENDS);
  });

  test.each([
    ["another seed", { seed: 8 }],
    ["another reduction", { reduction: "sequenceMean" }],
    ["a warm-up", { optimizer: { name: "sgd", lr: 0.5, warmupSteps: 3 } }],
    ["clipping", { optimizer: { name: "sgd", lr: 0.5, maxGradNorm: 0.1 } }],
    ["another optimizer", { optimizer: { name: "rmsprop", lr: 0.01 } }],
  ])("%s makes another run", async (_, changes) => {
    const short = { maxSteps: 3 };
    const [before, after] = [await run(config(short)), await run(config({ ...short, ...changes }))];
    expect(after.weights).not.toEqual(before.weights);
  });

  test("evaluation is of all rows, and logged with the step", async () => {
    const settings = config({ maxSteps: 4, evalEvery: 3 });
    const policy = tinyPolicy();
    const held = tinyRows(11, 99);
    const batches = rowBatches(held, { ...settings, shuffle: false });
    const evaluator = sftEvaluator(policy, batches, "tokenMean");
    const lines: StepMetrics[] = [];
    await trainSft(policy, rowBatches(ROWS, settings), settings, {
      log: (line) => void lines.push(line),
      evaluate: () => evaluator.evaluate(),
    });
    expect(lines.map((line) => "eval/loss" in line)).toEqual([false, false, true, true]);
    const whole = toTensors(padBatch(held, 11, 32, 0));
    const logps = tokenLogps({ config: TINY, params: policy.parameters() }, whole);
    expect(lines[3]?.["eval/loss"]).toBeAllClose(sftLoss(logps, whole).dataSync(), ACCUMULATED);
    expect(lines[3]?.["eval/nll"]).toBe(lines[3]?.["eval/loss"]);
    evaluator.dispose();
  });

  test("saves every so often and at the end, and tells how far it is", async () => {
    const settings = config({ maxSteps: 5, saveEvery: 2 });
    const saved: number[] = [];
    const progress: number[] = [];
    const outcome = await trainSft(tinyPolicy(), rowBatches(ROWS, settings), settings, {
      save: async ({ step, optimizer }) => {
        expect(optimizer.step).toBe(step);
        saved.push(step);
        return `checkpoint ${step}`;
      },
      progress: ({ step, maxSteps }) => void progress.push(step / maxSteps),
    });
    expect(saved).toEqual([2, 4, 5]);
    expect(progress).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    expect(outcome.checkpoint).toBe("checkpoint 5");
  });

  test("a signal ends it after the step at hand, with a checkpoint to go on from", async () => {
    const settings = config({ maxSteps: 8, optimizer: { lr: 1e-2 } });
    const straight = await run(settings);
    const policy = tinyPolicy();
    const stop = new AbortController();
    let snapshot: Snapshot | undefined;
    const outcome = await trainSft(policy, rowBatches(ROWS, settings), settings, {
      signal: stop.signal,
      progress: ({ step }) => step === 3 && stop.abort(),
      save: async (now) => {
        snapshot = now;
        return "c3";
      },
    });
    expect(outcome).toEqual({ step: 3, finished: false, checkpoint: "c3" });
    const rest: StepMetrics[] = [];
    const hooks = { log: (line: StepMetrics) => void rest.push(line) };
    const resume = { ...(snapshot as Snapshot), name: "c3" };
    await trainSft(policy, rowBatches(ROWS, settings), settings, hooks, resume);
    expect(rest).toEqual(straight.metrics.slice(3));
    expect(values(policy)).toEqual(straight.weights);
  });

  test("a loss that is not finite stops it before the step, naming the last good checkpoint", async () => {
    const settings = config({ maxSteps: 9, saveEvery: 2, optimizer: { lr: 1e-2 } });
    const policy = tinyPolicy();
    let last: Float32Array | undefined;
    const stopped = await trainSft(policy, rowBatches(ROWS, settings), settings, {
      save: async ({ step }) => `step-${step}`,
      log: ({ step }) => {
        if (step !== 5) return;
        // What a damaged row or a learning rate that is too high ends in.
        const gain = policy.variables["norm.gain"] as tf.Variable;
        gain.assign(tf.fill(gain.shape, Number.NaN));
        last = values(policy);
      },
    }).catch((error: unknown) => error);
    expect(stopped).toBeInstanceOf(NonFiniteError);
    expect((stopped as Error).message).toContain("at step 6, got NaN and NaN");
    expect((stopped as Error).message).toContain("the last good checkpoint is step-4");
    expect((stopped as NonFiniteError).metrics.step).toBe(6);
    expect(values(policy)).toEqual(last);
  });

  test("leaves no tensors behind", async () => {
    const settings = config({ maxSteps: 2, gradAccum: 2, batchSize: 4 });
    const policy = tinyPolicy();
    const leaked = await leakedTensors(() =>
      trainSft(policy, rowBatches(ROWS, settings), settings),
    );
    expect(leaked).toBe(0);
  });
});
