import { describe, expect, it } from "vitest";
import { figures } from "../../../src/study/figures/figures.ts";
import { renderSvg } from "../../../src/study/figures/render.ts";
import { PAGE } from "../../../src/study/figures/theme.ts";
import type { StudyTimings } from "../../../src/study/report/facts.ts";
import { html, table } from "../../../src/study/report/markup.ts";
import {
  difference,
  duration,
  large,
  plain,
  share,
  withError,
  withInterval,
} from "../../../src/study/report/numbers.ts";
import { reportHtml } from "../../../src/study/report/report.ts";
import { verdictOf } from "../../../src/study/report/verdict.ts";
import type { StudyResults } from "../../../src/study/results.ts";
import { analyse } from "../../../src/study/statistics/analysis.ts";
import { type MadeUpOptions, madeUpResults } from "../made-up.ts";

const OPTIONS = { replicates: 100, level: 0.95, seed: 0 };

/** What is before the first mark of a value that is not there; null without any. */
function missingIn(page: string): string | null {
  const at = page.search(/NaN|undefined|Infinity|\[object/);
  return at < 0 ? null : page.slice(Math.max(0, at - 100), at + 20);
}

/** Most bytes of a report of five seeds. */
const MOST_BYTES = 2e6;

async function reportOf(
  results: StudyResults,
  timings: StudyTimings | null = null,
): Promise<string> {
  const analysis = analyse(results, OPTIONS);
  const pictures: Record<string, string> = {};
  for (const [name, spec] of Object.entries(figures(results, analysis))) {
    pictures[name] = await renderSvg(spec, PAGE);
  }
  return reportHtml({ results, analysis, pictures, timings });
}

const TIMINGS: StudyTimings = {
  machine: { processor: "made up", cores: 2 },
  stages: [
    { id: "run/sft", seconds: 90 },
    { id: "backbone", seconds: 400 },
  ],
};

function verdict(options: MadeUpOptions) {
  const results = madeUpResults(options);
  return verdictOf(results, analyse(results, OPTIONS));
}

describe("study/report", async () => {
  const made = await reportOf(madeUpResults(), TIMINGS);

  it("holds everything in one file, within its size", async () => {
    const page = await reportOf(madeUpResults({ seeds: 5 }));
    expect(Buffer.byteLength(page)).toBeLessThan(MOST_BYTES);
    const links = page.replaceAll(/xmlns(:xlink)?="[^"]*"/g, "");
    expect(links.match(/https?:|\ssrc=|@import|<link|url\((?!#)/)).toBeNull();
  });

  it("has every section and no number that is none", () => {
    const page = made;
    for (const id of [
      ...["verdict", "frontier", "statistics", "kl", "training", "samples", "costs"],
      ...["statements", "deviations", "configuration", "machine"],
    ]) {
      expect(page.includes(`<section ${id === "verdict" ? 'class="verdict ' : `id="${id}"`}`)).toBe(
        true,
      );
    }
    expect(missingIn(page)).toBeNull();
    expect(page.includes("made up")).toBe(true);
    expect(page.includes("6.67 min")).toBe(true);
  });

  it("has no id twice", () => {
    const page = made;
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/url\(#([^)]*)\)/g)) expect(ids).toContain(id);
  });

  it("escapes what comes from models and settings", async () => {
    const evil = "</p><script>alert('x')</script>&";
    const results = madeUpResults({ seeds: 1 });
    const runs = results.runs.map((run) => ({
      ...run,
      note: evil,
      samples: [{ prompt: evil, completion: evil, gold: 1 }],
    }));
    const labels = { ...results.labels, title: evil };
    const page = await reportOf({ ...results, labels, runs, config: { evil } });
    expect(page.includes("<script>alert")).toBe(false);
    expect(page.includes("&#60;script&#62;alert(&#39;x&#39;)")).toBe(true);
  });

  it("tells what marks of the frontier are", () => {
    const page = made;
    expect(
      /aria-label="DPO, β = 0.1: reward 0\.\d+ \[0\.\d+, 0\.\d+\], KL [\d.]+, 3 runs"/.test(page),
    ).toBe(true);
    expect(/aria-label="PPO, target KL = 3, seed 0, step 100: reward/.test(page)).toBe(true);
  });

  it("shows failed runs, and works without limit, proxy, reference and best-of-n", async () => {
    const results = madeUpResults({ seeds: 1 });
    const runs = results.runs
      .filter(({ group }) => group !== "SFT")
      .map(({ ...run }, i) =>
        i === 0
          ? {
              ...run,
              evaluations: [],
              samples: [],
              status: "failed" as const,
              note: "out of memory",
            }
          : { ...run, evaluations: run.evaluations.map(({ proxy: _, ...rest }) => rest) },
      );
    const page = await reportOf({ ...results, runs, limit: [], best_of_n: [], statements: [] });
    expect(page.includes("failed: out of memory")).toBe(true);
    expect(page.includes("1 of 27 runs failed and are left out")).toBe(true);
    expect(missingIn(page)).toBeNull();
  });

  it("works on a study without runs", async () => {
    const page = await reportOf({ ...madeUpResults(), runs: [], limit: [], best_of_n: [] });
    expect(page.includes("Undecided.")).toBe(true);
    expect(missingIn(page)).toBeNull();
  });

  it("shows statements with their outcomes as they are", () => {
    const page = made;
    expect(page.includes("1 hold, 1 fail, 0 do not apply")).toBe(true);
    expect(page.includes("&#60;is&#62; &#34;not&#34; monotone &#38; says so")).toBe(true);
  });
});

describe("study/report/verdict", () => {
  it("supports a claim that every interval supports", () => {
    const { kind, headline, sentences } = verdict({ seeds: 5 });
    expect(kind).toBe("supported");
    expect(headline).toMatch(/^Supported: DPO has/);
    expect(sentences[0]).toMatch(
      /^DPO against PPO: dominates\. At \d+ KL values from .*\(5 seeds, 64 prompts\)\.$/,
    );
    expect(sentences[0]).toMatch(/differs by \+0\.\d+ \[\+0\.\d+, \+0\.\d+\] at [\d.]+ to \+0/);
    expect(sentences.at(-1)).toMatch(
      /^Hypervolume, as the mean gain of reward up to 12 nats: DPO 0\.\d+ \[0\.\d+, 0\.\d+\], PPO 0/,
    );
  });

  it("says so when a rival is better", () => {
    const { kind, headline } = verdict({ seeds: 5, efficiency: { DPO: 0.35 } });
    expect(kind).toBe("contradicted");
    expect(headline).toMatch(/^Contradicted: PPO.* has more reward than DPO at every KL compared/);
  });

  it("is undecided when one rival is neither beaten nor better", () => {
    const { kind, headline, sentences } = verdict({ seeds: 5, efficiency: { "PPO-GT": 0.735 } });
    expect(kind).toBe("undecided");
    expect(headline).toMatch(/^Undecided\. These numbers neither support nor contradict/);
    expect(sentences.find((text) => text.startsWith("DPO against PPO-GT:"))).toContain("undecided");
  });

  it("says of how few seeds it speaks", () => {
    const { headline, limits } = verdict({ seeds: 1 });
    expect(headline).toMatch(/^On one seed /);
    expect(limits[0]).toContain("intervals hold prompts only");
    expect(verdict({ seeds: 3 }).limits[0]).toContain("3 seeds are fewer than the 5");
    expect(verdict({ seeds: 5 }).limits.join()).not.toContain("fewer than");
  });

  it("does not support a claim about a rival that is missing", () => {
    const results = madeUpResults({ seeds: 5 });
    const runs = results.runs.filter(({ group }) => group !== "PPO-GT");
    const partial = { ...results, runs };
    const { kind, sentences } = verdictOf(partial, analyse(partial, OPTIONS));
    expect(kind).toBe("undecided");
    expect(sentences).toContain("DPO against PPO-GT: no numbers per prompt to compare.");
  });
});

describe("study/report/numbers", () => {
  it("writes intervals to the digits that they leave", () => {
    expect(withInterval({ mean: 0.84012, low: 0.82345, high: 0.85567 })).toBe(
      "0.840 [0.823, 0.856]",
    );
    expect(withInterval({ mean: 7.981, low: 7.472, high: 8.423 })).toBe("7.98 [7.47, 8.42]");
    expect(withInterval({ mean: 0.5, low: null, high: null })).toBe("0.5");
    expect(withInterval(null)).toBe("–");
    expect(difference({ mean: -0.0415, low: -0.0607, high: 0.0196 })).toBe(
      "−0.042 [−0.061, +0.020]",
    );
  });

  it("writes shares to three decimals", () => {
    expect(share({ mean: 0.55, low: 0.50012, high: 0.6 })).toBe("0.550 [0.500, 0.600]");
    expect(share({ mean: 0.55, low: 0.5012, high: 0.6 })).toBe("0.550 [0.501, 0.600]");
  });

  it("writes errors to two digits, and means to as many decimals", () => {
    expect(withError(0.90512, 0.00894)).toBe("0.9051 ± 0.0089");
    expect(withError(-1.2345, 0.149)).toBe("−1.23 ± 0.15");
    expect(withError(0.5, 0)).toBe("0.500 ± 0.000");
  });

  it("writes costs and times", () => {
    expect([large(0), large(999), large(1234), large(3.1e12)]).toEqual([
      "0",
      "999",
      "1.23k",
      "3.1T",
    ]);
    expect([duration(41.23), duration(192), duration(7200)]).toEqual(["41.2 s", "3.2 min", "2 h"]);
    expect([plain(undefined), plain(-1.23456)]).toEqual(["–", "−1.23"]);
  });
});

describe("study/report/markup", () => {
  it("escapes values but not markup", () => {
    const inner = html`<b>${"<i>"}</b>`;
    expect(html`<p class="${'"'}">${[inner, null, 3]}</p>`.text).toBe(
      '<p class="&#34;"><b>&#60;i&#62;</b>3</p>',
    );
  });

  it("does not break numbers with their units", () => {
    const text = table(
      ["a"],
      [["28.7 s", "801G", "0.5 [0.4, 0.6]", "3.2 min", "2 of 5", "4 runs"]],
    )?.text;
    expect(text?.match(/class="number"/g)).toHaveLength(4);
  });

  it("makes no table of no rows", () => {
    expect(table(["a"], [])).toBeNull();
  });
});
