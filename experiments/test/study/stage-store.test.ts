import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { buildStage } from "../../src/study/build-stage.ts";
import type { Stage } from "../../src/study/experiment.ts";
import { takeLock } from "../../src/study/lock.ts";
import { StageStore } from "../../src/study/stage-store.ts";
import type { Study } from "../../src/study/study.ts";
import { madeUpStage, temporaryFolder } from "./stages.ts";

const KEY = "0123456789abcdef";
const stage = madeUpStage({ id: "run/a", config: { beta: 0.1 } });

function newStore(keys: Readonly<Record<string, string>> = { "run/a": KEY }): StageStore {
  return new StageStore(temporaryFolder(), new Map(Object.entries(keys)));
}

/** Builds that write a file and a folder, and count. */
function counted() {
  const calls: string[] = [];
  const build = async (folder: string) => {
    calls.push(folder);
    mkdirSync(join(folder, "model"), { recursive: true });
    writeFileSync(join(folder, "model", "weights"), "weights");
    writeFileSync(join(folder, "result.json"), "{}");
  };
  return { calls, build };
}

describe("study/stage-store", () => {
  test("a stage is built once and found again, in a folder of its id and key", async () => {
    const store = newStore();
    const { calls, build } = counted();
    expect(store.folder("run/a")).toMatch(/run_a-0123456789ab$/);
    expect(await store.isFinished("run/a")).toBe(false);
    expect(await store.finish(stage, build)).toBe(true);
    expect(await store.isFinished("run/a")).toBe(true);
    expect(await store.finish(stage, build)).toBe(false);
    expect(calls).toEqual([store.folder("run/a")]);
  });

  test("stage.json says what it is; timings are apart; nothing else is left", async () => {
    const store = newStore();
    await store.finish(stage, counted().build);
    const folder = store.folder("run/a");
    expect(readdirSync(folder).sort()).toEqual([
      ...["model", "result.json", "stage.json", "timings.json"],
    ]);
    const mark = JSON.parse(readFileSync(join(folder, "stage.json"), "utf8")) as object;
    expect(mark).toMatchObject({ id: "run/a", key: KEY, config: { beta: 0.1 }, inputs: [] });
    expect(mark).toHaveProperty("files", {
      [join("model", "weights")]: expect.any(String),
      "result.json": expect.any(String),
    });
    expect(await store.seconds("run/a")).toBeGreaterThan(0);
  });

  test.each([
    ["is damaged", (folder: string) => writeFileSync(join(folder, "model", "weights"), "Weights")],
    ["is cut off", (folder: string) => writeFileSync(join(folder, "result.json"), "")],
    ["has a damaged mark", (folder: string) => writeFileSync(join(folder, "stage.json"), "{")],
    [
      "has the mark of another key",
      (folder: string) => {
        const path = join(folder, "stage.json");
        writeFileSync(path, readFileSync(path, "utf8").replace(KEY, "0123456789ab0000"));
      },
    ],
  ])("a stage that %s is built again", async (_, damage) => {
    const store = newStore();
    const { calls, build } = counted();
    await store.finish(stage, build);
    damage(store.folder("run/a"));
    expect(await store.isFinished("run/a")).toBe(false);
    expect(await store.finish(stage, build)).toBe(true);
    expect(await store.isFinished("run/a")).toBe(true);
    expect(calls).toHaveLength(2);
  });

  test("an interrupted build goes on from what it left, and its seconds add up", async () => {
    const store = newStore();
    const partial = () => join(store.folder("run/a"), "partial");
    const stopped = store.finish(stage, async () => {
      mkdirSync(partial());
      writeFileSync(join(partial(), "state"), "half");
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw new Error("stopped");
    });
    await expect(stopped).rejects.toThrow("stopped");
    expect(await store.isFinished("run/a")).toBe(false);
    let found = "";
    await store.finish(stage, async () => {
      found = readFileSync(join(partial(), "state"), "utf8");
    });
    expect(found).toBe("half");
    expect(existsSync(partial())).toBe(false);
    expect(await store.seconds("run/a")).toBeGreaterThan(0.09);
  });

  test("a damaged checkpoint is left behind and the stage begun anew", async () => {
    const store = newStore();
    const partial = join(store.folder("run/a"), "partial");
    mkdirSync(partial, { recursive: true });
    const { calls, build } = counted();
    const builder = async (folder: string) => {
      if (existsSync(partial)) throw new CheckpointError("weights: damaged");
      await build(folder);
    };
    expect(await store.finish(stage, builder)).toBe(true);
    expect(calls).toHaveLength(1);
  });

  test("a checkpoint that a build itself cannot read is an error", async () => {
    const store = newStore();
    const broken = async () => {
      throw new CheckpointError("no model");
    };
    await expect(store.finish(stage, broken)).rejects.toThrow("no model");
  });

  test("files of killed processes are no result", async () => {
    const store = newStore();
    const folder = store.folder("run/a");
    mkdirSync(folder, { recursive: true });
    for (const name of [".result.json.77.partial", "lock.1b2c"]) {
      writeFileSync(join(folder, name), "half");
    }
    await store.finish(stage, counted().build);
    const text = readFileSync(join(folder, "stage.json"), "utf8");
    expect(text).not.toContain("lock");
    expect(text).not.toContain(".partial");
    expect(existsSync(join(folder, ".result.json.77.partial"))).toBe(false);
  });

  test("while another builds it: an error, or waiting, and then it is found", async () => {
    const store = newStore();
    const folder = store.folder("run/a");
    mkdirSync(folder, { recursive: true });
    const lock = await takeLock(join(folder, "lock"), "run/a");
    const { calls, build } = counted();
    await expect(store.finish(stage, build)).rejects.toThrow("no other process at run/a");
    const patient = store.finish(stage, build, { onWait: () => void lock.release() });
    expect(await patient).toBe(true);
    expect(calls).toHaveLength(1);
  });

  test("stages that are not of the plan are a fault", () => {
    expect(() => newStore().folder("run/b")).toThrow("expected a stage of the plan, got run/b");
  });

  test("a stage is given the folders of its inputs and of no others", async () => {
    const store = newStore({ "run/a": KEY, base: "base00000000" });
    const reporter = { say: () => {}, progress: () => {} };
    const needs = (id: string): Stage => ({
      ...stage,
      inputs: ["base"],
      build: async ({ input }) => void expect(input(id)).toBe(store.folder("base")),
    });
    const study = { store } as unknown as Study;
    const signal = new AbortController().signal;
    await expect(buildStage(study, needs("run/a"), reporter, { signal })).rejects.toThrow(
      "expected an input of run/a, got run/a",
    );
    expect(await buildStage(study, needs("base"), reporter, { signal })).toBe(true);
  });
});
