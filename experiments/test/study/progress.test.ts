import { describe, expect, test } from "vitest";
import { sweepProgress } from "../../src/study/progress.ts";
import { madeUpStage } from "./stages.ts";

const stages = [
  madeUpStage({ id: "base", title: "the base", weight: 2 }),
  madeUpStage({ id: "run/a", title: "DPO" }),
  madeUpStage({ id: "run/b", title: "PPO" }),
];

function started(isTerminal: boolean) {
  const world = { text: "", time: 0 };
  const progress = sweepProgress(
    {
      err: (text) => {
        world.text += text;
      },
    },
    { stages, jobs: 2, isTerminal, clock: () => world.time },
  );
  /** What was written since the last call. */
  const written = () => {
    const { text } = world;
    world.text = "";
    return text;
  };
  const at = (time: number) => {
    world.time = time;
  };
  return { progress, written, at };
}

const report = (done: number, note = "reward 0.5  kl 1.20") => ({
  stage: "base",
  progress: { done, total: 100, note },
});

describe("study/progress", () => {
  test("plain lines say what starts, how far it is, and what is done", () => {
    const { progress, written, at } = started(false);
    expect(written()).toBe("3 stages to build, 2 at a time\n");
    progress.started("base");
    expect(written()).toBe("start  the base\n");
    at(5);
    progress.event(report(10));
    expect(written()).toBe("");
    at(20);
    progress.event(report(50));
    // 40 steps in 15 s. A quarter of all work, by weight, took 20 s: 60 s are left.
    expect(written()).toBe(
      "       the base  50/100  2.7/s  reward 0.5  kl 1.20; 0 of 3 stages, 0:20 so far, about 1:00 left\n",
    );
    at(40);
    progress.finished("base", 40);
    expect(written()).toBe(
      "done   the base  40.0 s  reward 0.5  kl 1.20  (1 of 3 stages, 0:40 so far, about 0:40 left)\n",
    );
    progress.started("run/a");
    progress.event({ stage: "run/a", say: "a word" });
    progress.failed("run/a", "no memory");
    progress.started("run/b");
    progress.stopped("run/b");
    expect(written().split("\n")).toEqual([
      "start  DPO",
      "       DPO: a word",
      "failed DPO: no memory",
      "start  PPO",
      "saved  PPO",
      "",
    ]);
    progress.end();
    expect(written()).toBe("");
  });

  test("tells no time left before there is something to tell it from", () => {
    const { progress, written, at } = started(false);
    progress.started("base");
    at(20);
    progress.event(report(1));
    expect(written()).toContain("0 of 3 stages, 0:20 so far\n");
  });

  test("plain lines of one stage come seldom", () => {
    const { progress, written, at } = started(false);
    progress.started("base");
    written();
    for (let second = 0; second < 60; second++) {
      at(second);
      progress.event(report(second));
    }
    expect(written().trim().split("\n")).toHaveLength(3);
  });

  test("a terminal has a table that is drawn again in place", () => {
    const { progress, written, at } = started(true);
    progress.started("base");
    progress.started("run/a");
    written();
    at(1);
    progress.event(report(10));
    // Three lines up, and everything below is cleared.
    expect(written().split(/ *\n/)).toEqual([
      "\u001b[3A\u001b[J0 of 3 stages, 0:01 so far, about 0:19 left",
      "the base    10/100    reward 0.5  kl 1.20",
      "     DPO  starting",
      "",
    ]);
    progress.event(report(11));
    expect(written()).toBe("");
    progress.end();
    expect(written()).toBe("\u001b[3A\u001b[J");
  });

  test("events of stages that are not being built change nothing", () => {
    const { progress, written } = started(false);
    written();
    progress.event(report(10));
    expect(written()).toBe("");
  });
});
