import "@tensorflow/tfjs-backend-cpu";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRun } from "../../src/io/run-folder.ts";

const MANIFEST = { config: { maxSteps: 20, optimizer: { lr: 0.1 } }, version: "1" };

let folder: string;

beforeEach(async () => {
  await tf.setBackend("cpu");
  folder = mkdtempSync(join(tmpdir(), "preflab-run-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  tf.disposeVariables();
});

const variables = (value: number) => ({ "a.weight": tf.variable(tf.fill([2, 3], value)) });
const snapshot = (step: number) => ({
  step,
  optimizer: { step, slots: { "mean/a.weight": new Float32Array(6).fill(step) } },
  numbers: { weight: 1 / 3, queries: 12 },
});
const line = (step: number) => ({ step, loss: 1 / step, lr: 0.1, grad_norm: Number.NaN });
const read = (path: string) => readFileSync(join(folder, path), "utf8");
const resume = () => openRun(folder, MANIFEST, { resume: true });

describe("io/run-folder", () => {
  test("has the manifest, and metrics that JSON can hold", async () => {
    const run = await openRun(folder, MANIFEST);
    await run.log(line(1));
    await run.close();
    expect(JSON.parse(read("manifest.json"))).toEqual(MANIFEST);
    expect(read("metrics.jsonl")).toBe('{"step":1,"loss":1,"lr":0.1,"grad_norm":"NaN"}\n');
  });

  test("gives back what was saved, and leaves a run without checkpoints at its start", async () => {
    const run = await openRun(folder, MANIFEST);
    const none = variables(0);
    expect(await run.restore(none)).toBeNull();
    const name = await run.save(variables(0.1), snapshot(4));
    expect(name).toBe("checkpoints/step-4");
    await run.close();
    const target = variables(0);
    const again = await resume();
    expect(await again.restore(target)).toEqual({ ...snapshot(4), name });
    expect(target["a.weight"].dataSync()).toEqual(new Float32Array(6).fill(0.1));
    await again.close();
  });

  test("an optimizer without state is saved too", async () => {
    const run = await openRun(folder, MANIFEST);
    await run.save(variables(1), { step: 1, optimizer: { step: 1, slots: {} }, numbers: {} });
    expect((await run.restore(variables(0)))?.optimizer).toEqual({ step: 1, slots: {} });
    await run.close();
  });

  test("keeps the last checkpoints only", async () => {
    const run = await openRun(folder, MANIFEST, { keep: 2 });
    for (const step of [2, 4, 10]) await run.save(variables(step), snapshot(step));
    await run.close();
    expect(readdirSync(join(folder, "checkpoints")).sort()).toEqual([
      "latest",
      "step-10",
      "step-4",
    ]);
    expect(read("checkpoints/latest")).toBe("step-10\n");
  });

  test("saving the same step again changes nothing", async () => {
    const run = await openRun(folder, MANIFEST);
    await run.save(variables(1), snapshot(2));
    expect(await run.save(variables(9), snapshot(2))).toBe("checkpoints/step-2");
    const target = variables(0);
    await run.restore(target);
    expect(target["a.weight"].dataSync()[0]).toBe(1);
    await run.close();
  });

  test("drops metrics after the checkpoint, and half a line", async () => {
    const run = await openRun(folder, MANIFEST);
    for (const step of [1, 2, 3]) {
      await run.log(line(step));
      if (step === 2) await run.save(variables(1), snapshot(2));
    }
    await run.close();
    writeFileSync(join(folder, "metrics.jsonl"), `${read("metrics.jsonl")}{"step":4,"lo`);
    const again = await resume();
    await again.log(line(3));
    await again.close();
    const steps = read("metrics.jsonl")
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text).step);
    expect(steps).toEqual([1, 2, 3]);
    expect(again.pastMetrics.map(({ step }) => step)).toEqual([1, 2]);
  });

  test("drops samples after the checkpoint", async () => {
    const run = await openRun(folder, MANIFEST);
    for (const step of [1, 2, 3]) {
      await run.logSample({ step, text: "a" });
      await run.logSample({ step, text: "b" });
      if (step === 2) await run.save(variables(1), snapshot(2));
    }
    await run.close();
    await (await resume()).close();
    const rows = read("samples.jsonl").trim().split("\n");
    expect(rows.map((row) => Object.values(JSON.parse(row)).join(""))).toEqual([
      ...["1a", "1b", "2a", "2b"],
    ]);
  });

  test("goes on from the latest complete checkpoint, whatever lies beside it", async () => {
    const run = await openRun(folder, MANIFEST);
    await run.save(variables(1), snapshot(2));
    await run.close();
    // Died while writing step 4, and between the rename of step 6 and that of `latest`.
    for (const name of [".step-4.partial", "step-6"]) {
      mkdirSync(join(folder, "checkpoints", name));
      writeFileSync(join(folder, "checkpoints", name, "params.safetensors"), "half");
    }
    const again = await resume();
    expect((await again.restore(variables(0)))?.step).toBe(2);
    expect(readdirSync(join(folder, "checkpoints")).sort()).toEqual(["latest", "step-2"]);
    await again.save(variables(1), snapshot(6));
    await again.close();
  });

  test("a folder with a run is not started again unasked", async () => {
    await (await openRun(folder, MANIFEST)).close();
    await expect(openRun(folder, MANIFEST)).rejects.toThrow("expected a folder without a run");
  });

  test("a run is not resumed under other settings", async () => {
    await (await openRun(folder, MANIFEST)).close();
    const changed = { ...MANIFEST, config: { maxSteps: 30, optimizer: { lr: 0.1 }, x: true } };
    await expect(openRun(folder, changed, { resume: true })).rejects.toThrow(
      "got maxSteps = 30 instead of 20, x = true instead of none",
    );
  });

  test("settings that may change do so, and the manifest tells after which step", async () => {
    const run = await openRun(folder, MANIFEST);
    await run.save(variables(1), snapshot(4));
    await run.close();
    const mayChange = ["maxSteps", "optimizer.lr"];
    const config = { maxSteps: 30, optimizer: { lr: 0.01 } };
    const again = await openRun(folder, { ...MANIFEST, config }, { resume: true, mayChange });
    await again.close();
    expect(JSON.parse(read("manifest.json"))).toEqual({
      ...MANIFEST,
      config,
      changes: [
        {
          afterStep: 4,
          settings: ["maxSteps = 30 instead of 20", "optimizer.lr = 0.01 instead of 0.1"],
        },
      ],
    });
    const other = { ...MANIFEST, config: { maxSteps: 30, optimizer: { lr: 0.01, x: 1 } } };
    await expect(openRun(folder, other, { resume: true, mayChange })).rejects.toThrow(
      "got optimizer.x = 1 instead of none",
    );
  });

  test("a run is not resumed with other inputs", async () => {
    const inputs = { train: { path: "a.jsonl", sha256: "12" } };
    await (await openRun(folder, { ...MANIFEST, inputs })).close();
    const changed = { ...MANIFEST, inputs: { train: { path: "a.jsonl", sha256: "34" } } };
    await expect(openRun(folder, changed, { resume: true })).rejects.toThrow(
      'got inputs.train.sha256 = "34" instead of "12"',
    );
  });

  test("a checkpoint of another model is refused whole", async () => {
    const run = await openRun(folder, MANIFEST);
    await run.save(variables(1), snapshot(2));
    const other = { "a.weight": tf.variable(tf.zeros([3, 2])) };
    await expect(run.restore(other)).rejects.toThrow("expected a.weight to be [3,2]");
    const more = { ...variables(0), b: tf.variable(tf.zeros([1])) };
    await expect(run.restore(more)).rejects.toThrow("expected b to be [1], got absent");
    expect(more["a.weight"].dataSync()[0]).toBe(0);
    await run.close();
  });

  test("damaged files are errors that name them", async () => {
    const run = await openRun(folder, MANIFEST);
    await run.save(variables(1), snapshot(2));
    await run.close();
    const broken = async (path: string, text: string) => {
      const before = readFileSync(join(folder, path));
      writeFileSync(join(folder, path), text);
      const error = await resume()
        .then(async (opened) => opened.restore(variables(0)).finally(() => opened.close()))
        .then(
          () => "no error",
          (reason: Error) => reason.message,
        );
      writeFileSync(join(folder, path), before);
      return error;
    };
    expect(await broken("checkpoints/latest", "../..")).toContain("the name of a checkpoint");
    expect(await broken("checkpoints/step-2/trainer_state.json", "{}")).toContain("version 2");
    expect(await broken("checkpoints/step-2/optimizer.safetensors", "half")).toContain("damaged");
    expect(await broken("manifest.json", "{")).toContain("manifest.json");
  });
});
