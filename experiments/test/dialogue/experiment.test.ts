import { describe, expect, test } from "vitest";
import { DIALOGUE } from "../../src/dialogue/experiment.ts";
import { SENTIMENT } from "../../src/sentiment/experiment.ts";
import type { Stage } from "../../src/study/experiment.ts";

async function planned(preset: string, seeds: number | null = null) {
  const data = DIALOGUE.presets[preset]?.needsData ? "org/name" : null;
  const plan = await DIALOGUE.plan(preset, { seeds, data });
  const stage = (id: string) => plan.stages.find((one) => one.id === id) as Stage;
  return { ...plan, stage };
}

describe("dialogue/experiment", () => {
  test.each(Object.keys(DIALOGUE.presets))(
    "%s: inputs come before what needs them",
    async (name) => {
      const { stages, runs } = await planned(name);
      const ids = stages.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      stages.forEach(({ inputs }, i) => {
        for (const input of inputs) expect(ids.slice(0, i)).toContain(input);
      });
      for (const run of runs) expect(ids).toContain(run);
    },
  );

  test("policies begin as what was fine-tuned on chosen replies", async () => {
    const { stage } = await planned("smoke");
    expect(stage("preferred-ft").inputs).toEqual(["backbone", "preferences"]);
    for (const id of ["completions", "reward-model", "reference-logps", "pool"]) {
      expect(stage(id).inputs).toContain("preferred-ft");
      expect(stage(id).inputs).not.toContain("backbone");
    }
    expect(stage("run/dpo-beta0.1-seed0").inputs).toContain("preferred-ft");
    expect(stage("run/backbone-seed0").inputs).toContain("backbone");
  });

  test("the base and the reference are measured once, whatever the seeds", async () => {
    const { runs } = await planned("smoke", 3);
    const named = (name: string) => runs.filter((id) => id.startsWith(`run/${name}-`)).length;
    expect([named("dpo"), named("ppo"), named("backbone"), named("sft")]).toEqual([6, 6, 1, 1]);
  });

  test("replies of every run are compared, of best-of-n and of the base after examples", async () => {
    const { stages, runs } = await planned("smoke", 2);
    const ids = stages.map(({ id }) => id).filter((id) => id.startsWith("replies/"));
    const own = runs.map((id) => id.replace("run/", "replies/"));
    expect([...ids].sort()).toEqual([...own, "replies/best-of-n", "replies/few-shot"].sort());
    // What takes longest is not left for the end.
    expect(ids[0]).toBe("replies/best-of-n");
  });

  test("replies are those of the run's own model, or of what it leaves as it is", async () => {
    const { stage } = await planned("smoke");
    const inputsOf = (name: string) => stage(`replies/${name}`).inputs;
    expect(inputsOf("dpo-beta0.1-seed0")).toEqual(["run/dpo-beta0.1-seed0"]);
    expect(inputsOf("sft-seed0")).toEqual(["preferred-ft"]);
    expect(inputsOf("backbone-seed0")).toEqual(["backbone"]);
    expect(inputsOf("few-shot")).toEqual(["backbone"]);
    expect(inputsOf("best-of-n")).toEqual(["preferred-ft", "reward-model"]);
  });

  test("an experiment that compares no replies has no such stages", async () => {
    const { stages } = await SENTIMENT.plan("smoke", { seeds: null, data: null });
    expect(stages.filter(({ id }) => id.startsWith("replies/"))).toEqual([]);
  });
});
