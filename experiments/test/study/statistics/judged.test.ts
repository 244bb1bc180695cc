import { describe, expect, it } from "vitest";
import type { ComparedPoint, ComparedPolicy } from "../../../src/study/comparisons.ts";
import type { RunResult, StudyResults } from "../../../src/study/results.ts";
import { analyse } from "../../../src/study/statistics/analysis.ts";
import { Resampler } from "../../../src/study/statistics/bootstrap.ts";
import { clusteredError } from "../../../src/study/statistics/clustered-error.ts";
import {
  judgedSettings,
  type ShownSetting,
  shownSettings,
} from "../../../src/study/statistics/judged.ts";
import { againstData, againstRival } from "../../../src/study/statistics/preference.ts";
import { madeUpResults } from "../made-up.ts";
import { madeUpDialogue } from "../made-up-dialogue.ts";

const OPTIONS = { replicates: 200, level: 0.95, seed: 0 };
const resampler = new Resampler(OPTIONS);

/** Digits to which means agree with those by hand. */
const DIGITS = 12;

function point(temperature: number, win: readonly number[], own: object = {}): ComparedPoint {
  const per_prompt = { win, gold: win };
  return {
    ...{ prompts: "test", temperature, per_prompt, win_rate: 0, win_rate_error: 0 },
    ...{ gold: 0, gold_error: 0, length: 10, length_controlled: 0.5, invalid: 1, ...own },
  };
}

function policy(
  group: string,
  seed: number,
  points: readonly ComparedPoint[],
  label = group,
): ComparedPolicy {
  return { id: `${label}/${seed}`, label, group, seed, points, samples: [] };
}

/** The settings shown of these policies, with runs of which validation is known or not. */
function shownOf(
  policies: readonly ComparedPolicy[],
  validation: Readonly<Record<string, number>> = {},
): ShownSetting[] {
  const made = madeUpDialogue({ seeds: 1, prompts: 2 });
  const comparisons = { ...(made.comparisons as NonNullable<typeof made.comparisons>), policies };
  const [run] = made.runs as [RunResult];
  const runs = Object.entries(validation).map(([id, gold]) => ({
    ...run,
    id,
    evaluations: run.evaluations.map((e) => ({ ...e, validation: { gold, kl: 1 } })),
  }));
  const settings = judgedSettings({ labels: made.labels, comparisons }, resampler);
  return shownSettings(settings, { runs });
}

/** The setting shown of a group's policies. */
function one(...policies: readonly ComparedPolicy[]): ShownSetting {
  return shownOf(policies)[0] as ShownSetting;
}

describe("study/statistics/clustered-error", () => {
  it("is that of a mean over prompts with one seed", () => {
    // Variance (1 + 0 + 1) / 2 = 1 over 3 prompts.
    expect(clusteredError([[0, 1, 2]])).toBeCloseTo(Math.sqrt(1 / 3), DIGITS);
    expect(clusteredError([[0.5]])).toBe(0);
  });

  it("counts what seeds and prompts share once", () => {
    // Rows [0, 1] and [2, 3]: means 0.5 and 2.5 of variance 2, columns 1 and 2 of variance 0.5, rest 0.
    expect(
      clusteredError([
        [0, 1],
        [2, 3],
      ]),
    ).toBeCloseTo(Math.sqrt(2 / 2 + 0.5 / 2), DIGITS);
    // All means are equal, and the rest has a mean square of 4 over 4 values.
    expect(
      clusteredError([
        [1, -1],
        [-1, 1],
      ]),
    ).toBeCloseTo(1, DIGITS);
  });

  it("does not fall when a seed is only repeated", () => {
    const row = [0, 1, 1, 0, 1];
    expect(clusteredError([row, row, row])).toBeCloseTo(clusteredError([row]), DIGITS);
  });
});

describe("study/statistics/judged", () => {
  it("averages over seeds and prompts, and adds up what could not be understood", () => {
    const { points } = one(
      policy("DPO", 1, [point(1, [1, 0.5], { length: 20, length_controlled: 0.7 })]),
      policy("DPO", 0, [point(1, [0, 0.5])]),
    );
    expect(points).toHaveLength(1);
    expect(points[0]?.win.mean).toBeCloseTo(0.5, DIGITS);
    expect(points[0]).toMatchObject({ length: 15, invalid: 2 });
    expect(points[0]?.lengthControlled).toBeCloseTo(0.6, DIGITS);
    // The rest is 0.25 everywhere, its mean square 4 / 16: all of the variance 0.125 of row means.
    expect(points[0]?.winError).toBeCloseTo(Math.sqrt(0.25 / 4), DIGITS);
  });

  it("has no rate at equal lengths unless every seed has one, and no point that a seed lacks", () => {
    const { points } = one(
      policy("DPO", 0, [point(1, [1]), point(0, [1]), point(0.5, [1])]),
      policy("DPO", 1, [point(0, [0], { length_controlled: null }), point(1, [0])]),
    );
    expect(points.map(({ temperature }) => temperature)).toEqual([0, 1]);
    expect(points.map(({ lengthControlled }) => lengthControlled)).toEqual([null, 0.5]);
  });

  it("lists test prompts before new topics", () => {
    const topics = point(0, [1], { prompts: "new topics" });
    const { points } = one(policy("DPO", 0, [topics, point(1, [1])]));
    expect(points.map(({ prompts }) => prompts)).toEqual(["test", "new topics"]);
  });

  it("shows the setting of most reward on validation prompts, not the one of most wins", () => {
    const policies = [
      policy("DPO", 0, [point(1, [1, 1])], "DPO, β = 1"),
      policy("DPO", 0, [point(1, [0, 0])], "DPO, β = 5"),
    ];
    const validation = { "DPO, β = 1/0": 0.3, "DPO, β = 5/0": 0.4 };
    expect(shownOf(policies, validation)).toMatchObject([
      { setting: "β = 5", selection: "validation" },
    ]);
    expect(shownOf(policies)).toMatchObject([{ setting: "β = 1", selection: "test" }]);
    expect(shownOf(policies.slice(1))).toMatchObject([{ setting: "β = 5", selection: "only" }]);
  });

  it("lists groups in the order of the labels, then others", () => {
    const groups = ["Few-shot", "Preferred-FT", "DPO"];
    const policies = groups.map((group) => policy(group, 0, [point(1, [1])]));
    expect(shownOf(policies).map(({ group }) => group)).toEqual([
      ...["DPO", "Preferred-FT", "Few-shot"],
    ]);
  });
});

describe("study/statistics/preference", () => {
  const high = [0.9, 0.7, 0.8, 1, 0.6, 0.8];

  it("compares with the data at every temperature and over all of them", () => {
    const low = high.map((x) => 0.9 - x);
    const found = againstData(
      one(policy("DPO", 0, [point(1, high), point(0, low)])),
      "test",
      resampler,
    );
    expect(found?.temperatures).toEqual([0, 1]);
    expect(found?.each.map(({ preference }) => preference)).toEqual(["not preferred", "preferred"]);
    // (0.1 + 0.8) / 2, the same on every prompt.
    expect(found?.overall.mean).toBeCloseTo(0.45, DIGITS);
    expect(found?.overall.preference).toBe("not preferred");
    expect(
      againstData(one(policy("DPO", 0, [point(1, high)])), "new topics", resampler),
    ).toBeNull();
  });

  it("prefers nothing where everything is a tie", () => {
    const ties = one(policy("DPO", 0, [point(1, Array<number>(7).fill(0.5))]));
    expect(againstData(ties, "test", resampler)?.overall.preference).toBe("undecided");
    expect(againstRival(ties, ties, resampler)?.overall).toMatchObject({
      ...{ mean: 0, low: 0, high: 0, preference: "undecided" },
    });
  });

  it("takes differences prompt by prompt and seed by seed", () => {
    // Rates differ far more over prompts and seeds than policies do on a prompt with a seed.
    const ours = one(
      policy("DPO", 0, [point(1, [0, 0.5, 0.9])]),
      policy("DPO", 1, [point(1, [0.1, 0.6, 1])]),
    );
    const theirs = one(
      policy("PPO", 1, [point(1, [0.05, 0.55, 0.95])]),
      policy("PPO", 0, [point(1, [-0.05, 0.45, 0.85])]),
    );
    const found = againstRival(ours, theirs, resampler);
    expect(found).toMatchObject({ pairs: 2, testPrompts: 3, temperatures: [1] });
    expect(found?.overall.mean).toBeCloseTo(0.05, DIGITS);
    expect(found?.overall.low).toBeCloseTo(0.05, DIGITS);
    expect(found?.overall.preference).toBe("preferred");
    const turned = againstRival(theirs, ours, resampler);
    expect(turned?.overall.preference).toBe("not preferred");
  });

  it("compares every seed with a rival of one policy, and none with seeds that it lacks", () => {
    const ours = one(
      policy("DPO", 0, [point(1, [1, 0])]),
      policy("DPO", 1, [point(1, [0, 1])]),
      policy("DPO", 2, [point(1, [1, 1])]),
    );
    const base = one(policy("Base", 0, [point(1, [0.5, 0])]));
    const found = againstRival(ours, base, resampler);
    expect(found?.pairs).toBe(3);
    // (4 / 6) - 0.25
    expect(found?.overall.mean).toBeCloseTo(2 / 3 - 0.25, DIGITS);
    const two = one(policy("PPO", 1, [point(1, [0, 0])]), policy("PPO", 2, [point(1, [0, 0])]));
    expect(againstRival(ours, two, resampler)?.pairs).toBe(2);
    const cold = one(policy("PPO", 0, [point(0, [0, 0])]));
    expect(againstRival(ours, cold, resampler)).toBeNull();
  });
});

describe("study/statistics/analysis of what judges said", () => {
  const results: StudyResults = madeUpDialogue({ rates: { DPO: 0.72 } });

  it("finds what the numbers were made to say", () => {
    const judged = analyse(results, OPTIONS).judged;
    expect(judged?.againstData.map(({ prompts }) => prompts)).toEqual(["test", "new topics"]);
    expect(judged?.againstData[0]?.overall.preference).toBe("preferred");
    const outcomes = new Map(
      judged?.againstRivals.map(({ rival, overall }) => [rival.group, overall.preference]),
    );
    expect([...outcomes.keys()]).toEqual([
      ...["PPO", "PPO-GT", "Preferred-FT", "Best of N", "Base", "Few-shot"],
    ]);
    expect(outcomes.get("Base")).toBe("preferred");
    const worse = analyse(madeUpDialogue({ rates: { DPO: 0.4 } }), OPTIONS).judged;
    expect(worse?.againstData[0]?.overall.preference).toBe("not preferred");
    expect(
      worse?.againstRivals.find(({ rival }) => rival.group === "PPO")?.overall.preference,
    ).toBe("not preferred");
  });

  it("is null for studies that compare no replies", () => {
    expect(analyse(madeUpResults({ seeds: 1, prompts: 4 }), OPTIONS).judged).toBeNull();
  });
});
