import { describe, expect, it } from "vitest";
import { figures } from "../../../src/study/figures/figures.ts";
import { renderSvg } from "../../../src/study/figures/render.ts";
import { PAGE } from "../../../src/study/figures/theme.ts";
import { replyRules, replyVerdict } from "../../../src/study/report/judged-verdict.ts";
import { reportHtml } from "../../../src/study/report/report.ts";
import type { Verdict } from "../../../src/study/report/verdict.ts";
import type { StudyResults } from "../../../src/study/results.ts";
import { analyse } from "../../../src/study/statistics/analysis.ts";
import { madeUpResults } from "../made-up.ts";
import { type MadeUpDialogueOptions, madeUpDialogue } from "../made-up-dialogue.ts";

const OPTIONS = { replicates: 100, level: 0.95, seed: 0 };

type Comparisons = NonNullable<StudyResults["comparisons"]>;

function compared(results: StudyResults, change: (own: Comparisons) => object): StudyResults {
  const { comparisons } = results;
  if (!comparisons) throw new Error("expected comparisons");
  return { ...results, comparisons: { ...comparisons, ...change(comparisons) } };
}

/** A report without pictures. */
function pageOf(results: StudyResults): string {
  return reportHtml({ results, analysis: analyse(results, OPTIONS), pictures: {}, timings: null });
}

/** A section of a page; empty without it. */
function section(page: string, id: string): string {
  return new RegExp(`<section[^>]* ?id="${id}">[^]*?</section>`).exec(page)?.[0] ?? "";
}

function verdictOf(results: StudyResults): Verdict {
  const { judged } = analyse(results, OPTIONS);
  const verdict = judged && results.comparisons && replyVerdict(judged, results.comparisons);
  if (!verdict) throw new Error("expected a verdict");
  return verdict;
}

describe("study/report of a study whose replies were judged", () => {
  const results = madeUpDialogue({ seeds: 2, prompts: 24 });
  const page = pageOf(results);

  it("has the sections of what judges say, each id once, and no number that is none", async () => {
    const analysis = analyse(results, OPTIONS);
    const pictures: Record<string, string> = {};
    for (const [name, spec] of Object.entries(figures(results, analysis))) {
      if (/win|best/.test(name)) pictures[name] = await renderSvg(spec, PAGE);
    }
    const drawn = reportHtml({ results, analysis, pictures, timings: null });
    for (const id of ["verdict-replies", "verdict", "replies", "new-topics", "judges", "samples"]) {
      expect(section(drawn, id), id).not.toBe("");
    }
    expect(/NaN|undefined|Infinity|\[object/.exec(drawn)).toBeNull();
    const ids = [...drawn.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("has none of them in a study without judges", () => {
    const other = pageOf(madeUpResults({ seeds: 1, prompts: 4 }));
    for (const id of ["verdict-replies", "replies", "new-topics", "judges"]) {
      expect(section(other, id)).toBe("");
    }
    expect(section(other, "verdict").includes("<h2>Verdict</h2>")).toBe(true);
    expect(other.includes("win rate")).toBe(false);
  });

  it("tells win rates, lengths and differences of every method", () => {
    const replies = section(page, "replies");
    for (const group of ["DPO", "PPO", "PPO-GT", "Preferred-FT", "Best of N", "Base", "Few-shot"]) {
      expect(replies.includes(`</span>${group}</span>`), group).toBe(true);
    }
    // Temperatures 0 to 1 of 16 settings, of the one shown at 1 and of all at all.
    expect(replies.match(/<td class="number">0\.25<\/td>/g)).toHaveLength(16);
    expect(replies).toMatch(/class="below">0\.\d+ \[0\.\d+, 0\.\d+\]/);
    expect(replies).toContain("Differences from other methods");
    expect(replies).toMatch(/class="above">\+0\.\d+ \[\+0\.\d+, \+0\.\d+\]/);
  });

  it("has standard errors of replies on new topics", () => {
    expect(section(page, "new-topics")).toMatch(/<td class="number">0\.\d+ ± 0\.0[1-9]\d*<\/td>/);
    const without = compared(results, ({ policies }) => ({
      policies: policies.map((policy) => ({
        ...policy,
        points: policy.points.filter(({ prompts }) => prompts === "test"),
      })),
    }));
    expect(section(pageOf(without), "new-topics")).toBe("");
  });

  it("says how far judges agree, whether they prefer the same, and which places they favour", () => {
    const judges = section(page, "judges");
    expect(judges).toContain("64 % [61, 67] of 1200 held-out pairs");
    expect(judges).toContain(
      "Judges agree on 70 to 80 % of pairs; two that toss coins would agree on half of them, which the interval of every row excludes.",
    );
    expect(judges).toContain("Both prefer the same policy in 2 of 4 rows");
    expect(judges.match(/<td>the first place<\/td>/g)).toHaveLength(1);
    expect(judges.match(/<td>neither<\/td>/g)).toHaveLength(1);
    const alone = compared(results, () => ({ agreement: [], position_bias: [] }));
    expect(section(pageOf(alone), "judges")).not.toMatch(/Agreement|Places/);
  });

  it("shows replies side by side with the judge's word, escaped", () => {
    const samples = section(page, "samples");
    expect(samples.match(/Reply of the data/g)).toHaveLength(2);
    expect(samples).toContain("a tie (0.5)");
    expect(samples).toContain("the judge was not understood");
    expect(samples).toContain("&#60;end&#62; &#38; more");
    const words = compared(results, ({ policies }) => ({
      policies: policies.map((policy, i) => ({
        ...policy,
        samples: policy.samples.map((sample) => ({
          ...sample,
          preference: i % 2 === 0 ? 1 : 0.25,
        })),
      })),
    }));
    const said = section(pageOf(words), "samples");
    expect(said).toContain(">preferred (1)<");
    expect(said).toContain("the data&#39;s is preferred (0.25)");
    const none = compared(results, ({ policies }) => ({
      policies: policies.map((policy) => ({ ...policy, samples: [] })),
    }));
    expect(section(pageOf(none), "samples")).toContain("From the setting of most reward");
  });

  it("has win rates of best-of-n beside its rewards", () => {
    expect(section(page, "statistics")).toContain("win rate, chosen by learned");
  });

  it("works on comparisons without policies", () => {
    const empty = pageOf(compared(results, () => ({ policies: [] })));
    expect(section(empty, "verdict-replies")).toBe("");
    expect(/NaN|undefined|Infinity/.exec(empty)).toBeNull();
  });
});

describe("study/report/judged-verdict", () => {
  const made = (options: MadeUpDialogueOptions) =>
    verdictOf(madeUpDialogue({ seeds: 5, prompts: 48, ...options }));
  const low = { PPO: 0.4, "PPO-GT": 0.4, "Best of N": 0.4 };

  it("supports a claim when replies are preferred and nothing wins more often", () => {
    const { kind, headline, sentences } = made({ rates: { ...low, DPO: 0.7 } });
    expect(kind).toBe("supported");
    expect(headline).toMatch(
      /^Supported: replies of DPO, β = [\d.]+ are preferred to those of the data, with a win rate of 0\.\d+ \[0\.\d+, 0\.\d+\]\. No other method is seen to win more often\.$/,
    );
    expect(sentences[0]).toMatch(/^DPO, β = [\d.]+ against the data: win rate 0\..* preferred\. /);
    expect(sentences[0]).toMatch(
      /from 0 to 1 the interval is above 0\.5 at 5 of 5 and below it at 0/,
    );
    expect(sentences.find((text) => text.startsWith("Against PPO, target"))).toMatch(
      /: wins more often\. The difference of win rates is \+0\.\d+ \[\+.*\(48 prompts, 5 seeds\)\.$/,
    );
    expect(sentences.find((text) => text.startsWith("Against Few-shot"))).toContain(
      "(48 prompts, 5 seeds against one policy)",
    );
  });

  it("says plainly when the replies of the data are preferred", () => {
    const { kind, headline, sentences } = made({ rates: { ...low, DPO: 0.35 } });
    expect(kind).toBe("contradicted");
    expect(headline).toMatch(
      /^Contradicted: the replies of the data are preferred to those of DPO/,
    );
    expect(sentences[0]).toContain("the replies of the data are preferred. At single temperatures");
  });

  it("says plainly when another method wins more often", () => {
    const { kind, headline } = made({ rates: { ...low, DPO: 0.65, "Best of N": 0.85 } });
    expect(kind).toBe("contradicted");
    expect(headline).toMatch(/What wins more often than it: Best of N, N = 64\.$/);
  });

  it("is undecided when the interval holds an even rate, on new topics too", () => {
    const { kind, headline, sentences } = made({ rates: { ...low, DPO: 0.545 } });
    expect(kind).toBe("undecided");
    expect(headline).toMatch(/^Undecided: the win rate of DPO, β = .* is 0\.\d+ \[0\.4/);
    expect(sentences[1]).toContain("against the data on new topics: win rate 0.4");
  });

  it("bears few seeds, the judge, lengths and selection in mind", () => {
    const { headline, limits } = made({ seeds: 2 });
    expect(headline).toMatch(/^On 2 seeds /);
    expect(limits[0]).toContain("2 seeds are fewer than the 5");
    expect(limits.join()).toMatch(
      /At equal lengths the win rate would be 0\.\d+ rather than 0\.\d+/,
    );
    expect(limits.at(-1)).toMatch(/The judge: made-up preference model.* 64 % .* towards 0\.5/);
    const results = madeUpDialogue({ seeds: 1, prompts: 8 });
    const runs = results.runs.map((run) => ({ ...run, evaluations: [] }));
    const unselected = verdictOf({ ...results, runs }).limits;
    expect(unselected.find((text) => text.startsWith("Chosen by their win rates"))).toMatch(
      /DPO, β = [\d.]+; PPO, target KL = \d+; PPO-GT, target KL = \d+\.$/,
    );
    const blind = compared(results, ({ judge: { name, about } }) => ({ judge: { name, about } }));
    expect(verdictOf(blind).limits.at(-1)).toBe(
      "The judge: made-up preference model. A model of preferences that was trained on pairs which no method has seen.",
    );
  });

  it("explains its rules with the study's subject", () => {
    expect(replyRules(madeUpDialogue({ seeds: 1, prompts: 4 }).labels, 0.95).join()).toMatch(
      /95 % interval.*replies of DPO are preferred/,
    );
  });
});
