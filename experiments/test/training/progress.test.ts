import { describe, expect, test } from "vitest";
import { duration, progressText, trainingProgress } from "../../src/training/progress.ts";

const metrics = (step: number) => ({ step, loss: 2.34567, lr: 1e-6, grad_norm: 0.5 });

/** Progress with a clock of one second per look. */
function progress(isTerminal: boolean) {
  let written = "";
  let time = 0;
  const io = {
    err: (text: string) => {
      written += text;
    },
  };
  return { shown: trainingProgress(io, isTerminal, () => time++), text: () => written };
}

describe("training/progress", () => {
  test("a line has the step, the numbers, the speed and the time left", () => {
    expect(progressText(metrics(12), 24, 1.337)).toBe(
      "step 12/24  loss 2.346  grad 0.5  lr 0.000001  1.34 s/step  0:16 left",
    );
    const dpo = { ...metrics(24), "rewards/accuracies": 0.75 };
    expect(progressText(dpo, 24, 2)).toContain("loss 2.346  accuracy 0.75  grad 0.5");
  });

  test.each([
    [0, "0:00"],
    [59.6, "1:00"],
    [3599, "59:59"],
    [3661, "1:01:01"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test("at a terminal, one line changes, and ends with the last step", () => {
    const { shown, text } = progress(true);
    shown.step(metrics(1), 2);
    shown.say("saved");
    shown.step(metrics(2), 2);
    const lines = text().split("\r\u001b[K");
    expect(lines.map((line) => line.slice(0, 8))).toEqual(["", "step 1/2", "saved\n", "step 2/2"]);
    expect(text().endsWith("left\n")).toBe(true);
  });

  test("elsewhere, short trainings print what stays only", () => {
    const { shown, text } = progress(false);
    shown.step(metrics(1), 2);
    shown.say("saved");
    expect(text()).toBe("saved\n");
  });

  test("a resumed run's speed is that of the steps it took itself", () => {
    const { shown, text } = progress(true);
    shown.step(metrics(101), 200);
    expect(text()).toContain("1 s/step");
  });
});
