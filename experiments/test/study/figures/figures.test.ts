import { Resvg } from "@resvg/resvg-js";
import { describe, expect, it } from "vitest";
import { FONT_FILES, linesOf, textWidth } from "../../../src/study/figures/font.ts";
import { klAt, klAxis, klPlace } from "../../../src/study/figures/kl-axis.ts";
import { type Box, placeLabels } from "../../../src/study/figures/labels.ts";
import { spread } from "../../../src/study/figures/panels.ts";
import { knobOf, type Spec } from "../../../src/study/figures/parts.ts";
import { renderPng, renderSvg } from "../../../src/study/figures/render.ts";
import { groupStyles, textColor } from "../../../src/study/figures/theme.ts";
import { madeUpResults } from "../made-up.ts";
import { figuresOf, rowsOf, warningsOf } from "./specs.ts";

describe("study/figures", () => {
  const results = madeUpResults();
  const specs = figuresOf(results);

  it("draws all figures of a study that has everything", () => {
    expect(Object.keys(specs)).toEqual([
      ...[
        "frontier",
        "target-kl",
        "beta-kl",
        "over-optimisation",
        "learning-curves",
        "chosen-logp",
      ],
    ]);
  });

  it.each(Object.keys(specs))(
    "compiles %s without a warning, and renders numbers only",
    async (name) => {
      const spec = specs[name] as Spec;
      expect(warningsOf(spec)).toEqual([]);
      const svg = await renderSvg(spec);
      expect(svg).toMatch(/^<svg /);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg.replaceAll(/xmlns(:xlink)?="[^"]*"/g, "")).not.toContain("http");
    },
  );

  it("leaves out figures that a study has no numbers for", () => {
    const runs = results.runs
      .filter(({ group }) => ["SFT", "Preferred-FT"].includes(group))
      .map((run) => ({
        ...run,
        evaluations: run.evaluations.slice(-1).map(({ proxy: _, ...rest }) => rest),
      }));
    const few = figuresOf({ ...results, runs, best_of_n: [], limit: [] });
    expect(Object.keys(few)).toEqual(["frontier"]);
  });

  it("draws nothing of a study without runs", () => {
    expect(figuresOf({ ...results, runs: [] })).toEqual({});
  });

  it("shows every setting, every evaluation, the limit and best-of-n on the frontier", () => {
    const rows = rowsOf(specs["frontier"]);
    const told = rows.map(({ text }) => `${text}`);
    for (const setting of ["DPO, β = 0.1", "PPO, target KL = 12", "Preferred-FT, seed = 2"]) {
      expect(told.filter((text) => text.startsWith(`${setting}: reward `))).toHaveLength(1);
    }
    // Of 9 evaluations the first is that of the untrained policy.
    expect(rows.filter(({ run }) => run === "DPO, β = 0.1, seed 0")).toHaveLength(8);
    expect(told.some((text) => text.startsWith("best of 16 by the gold reward: "))).toBe(true);
    expect(rows.filter(({ text }) => text === "limit").length).toBeGreaterThan(20);
  });

  it("names settings whose KL is beyond the figure instead of squeezing the others", () => {
    const title = JSON.stringify(specs["frontier"]?.["title"]);
    expect(title).toMatch(/Not shown, at more KL: Unlikelihood, α = 1 \(4\d(\.\d)? nats\)/);
  });

  it("says how many seeds intervals are over", () => {
    expect(JSON.stringify(specs["frontier"]?.["title"])).toContain(
      "3 seeds; bars: 95 % bootstrap intervals over seeds and test prompts",
    );
    const one = figuresOf(madeUpResults({ seeds: 1 }));
    expect(JSON.stringify(one["frontier"]?.["title"])).toContain("1 seed; bars");
  });

  it("writes the knob of every setting beside it, where there is room", () => {
    const names = rowsOf(specs["frontier"]).flatMap(({ group, name }) =>
      name === undefined ? [] : [`${group} ${name}`],
    );
    for (const name of ["DPO 0.05", "PPO 12", "Unlikelihood 0.5", "null n = 128"]) {
      expect(names).toContain(name);
    }
    expect(JSON.stringify(specs["frontier"]?.["title"])).toContain(
      "Numbers: their β, target KL, α",
    );
  });

  it("shades what is beyond a limit only where that is known on the whole axis", () => {
    const shaded = (spec: Spec | undefined) =>
      rowsOf(spec).filter(({ top }) => top !== undefined).length;
    expect(shaded(specs["frontier"])).toBeGreaterThan(20);
    const limit = results.limit.filter(({ kl }) => kl < 2);
    const { frontier } = figuresOf({ ...results, limit });
    expect(shaded(frontier)).toBe(0);
    expect(JSON.stringify(frontier?.["title"])).toMatch(/The limit is known up to 1\.\d+ nats/);
  });

  it("draws the exact limit of the language as a line of its own, thinner than the other", async () => {
    const { limit } = results;
    const { frontier } = figuresOf({ ...results, language_limit: limit });
    const names = (spec: Spec | undefined) => new Set(rowsOf(spec).map(({ line }) => line));
    expect(names(frontier)).toContain("exact limit of the language");
    expect(names(specs["frontier"])).not.toContain("exact limit of the language");
    expect(JSON.stringify(frontier?.["title"])).toContain("which the reference approximates");
    const svg = await renderSvg(frontier as Spec);
    expect(svg).toContain('stroke-width="0.8"');
  });

  it("labels targets that are no integers as they are", async () => {
    const runs = results.runs.map((run) =>
      run.target_kl === undefined ? run : { ...run, target_kl: 0.4 * run.target_kl },
    );
    const svg = await renderSvg(figuresOf({ ...results, runs })["target-kl"] as Spec);
    for (const label of ["1.2", "2.4", "3.6", "4.8"])
      expect(svg.includes(`>${label}</text>`), label).toBe(true);
  });

  it("has every tick that an axis asks for", async () => {
    const svg = await renderSvg(specs["chosen-logp"] as Spec);
    for (const label of ["0", "−1", "−10"])
      expect(svg.includes(`>${label}</text>`), label).toBe(true);
  });

  it("begins curves at the reference when the first evaluation is later", () => {
    const runs = results.runs.map((run) => ({
      ...run,
      evaluations: run.group === "SFT" ? run.evaluations : run.evaluations.slice(1),
    }));
    const curves = figuresOf({ ...results, runs });
    const reference = results.runs.find(({ group }) => group === "SFT")?.evaluations[0];
    for (const [name, value] of [
      ["learning-curves", Number(reference?.gold)],
      ["chosen-logp", 0],
    ] as const) {
      const first = rowsOf(curves[name]).filter(({ examples }) => examples === 0);
      expect(new Set(first.map((row) => row["group"])).size).toBe(8);
      for (const row of first) expect(Number(row["value"])).toBeCloseTo(value, 4);
    }
  });

  it("gives equal specifications for equal results", () => {
    expect(JSON.stringify(figuresOf(madeUpResults()))).toBe(JSON.stringify(specs));
  });
});

describe("study/figures/parts", () => {
  it.each([
    ["β = 0.05", { symbol: "β", value: "0.05" }],
    ["target KL 1.2", { symbol: "target KL", value: "1.2" }],
    ["target KL = 12", { symbol: "target KL", value: "12" }],
    ["τ = 1e-3", { symbol: "τ", value: "1e-3" }],
    ["(reference)", undefined],
    ["", undefined],
  ])("finds name and value of the knob in %j", (setting, knob) => {
    expect(knobOf({ setting })).toEqual(knob);
  });
});

describe("study/figures/kl-axis", () => {
  it.each([0.3, 2, 5, 16, 48, 180])("has ticks apart and within %d nats", (most) => {
    const { values } = klAxis(most, 315, "KL")["axis"] as unknown as { values: number[] };
    expect(values.length).toBeGreaterThan(2);
    expect(values[0]).toBe(0);
    expect(values.at(-1)).toBeLessThanOrEqual(most);
    for (const [i, kl] of values.slice(1).entries()) {
      const before = klPlace(values[i] as number, most);
      expect(315 * (klPlace(kl, most) - before)).toBeGreaterThan(25);
    }
  });

  it("finds the KL of a place", () => {
    expect(klAt(klPlace(3.7, 20), 20)).toBeCloseTo(3.7, 12);
    expect(klPlace(20, 20)).toBe(1);
  });
});

describe("study/figures/labels", () => {
  const size = { width: 30, height: 10 };
  const area = { width: 200, height: 200 };

  it("keeps labels of a crowd apart and within the area, near their points", () => {
    const points = [0, 1, 2, 3, 4].map((i) => ({ ...size, x: 100 + 3 * i, y: 100 + 9 * i }));
    const corner = { ...size, x: 199, y: 1 };
    const places = placeLabels([...points, corner], [], area);
    expect(places).not.toContain(null);
    for (const [i, a] of places.entries()) {
      for (const b of places.slice(i + 1)) {
        const apart =
          Math.abs((a as Box).x - (b as Box).x) >= 30 ||
          Math.abs((a as Box).y - (b as Box).y) >= 10;
        expect(apart).toBe(true);
      }
    }
    const last = places.at(-1) as Box;
    expect(last.x).toBeLessThanOrEqual(185);
    expect(last.y).toBeGreaterThanOrEqual(5);
  });

  it("goes round what is drawn, and leaves out what has no room", () => {
    const point = { ...size, x: 100, y: 100 };
    const wall = { x: 150, y: 100, width: 96, height: 200, weight: 1 };
    expect((placeLabels([point], [wall], area)[0] as Box).x).toBeLessThan(100);
    const same = Array.from({ length: 60 }, () => point);
    const shown = placeLabels(same, [], area).filter((place) => place !== null);
    expect(shown.length).toBeGreaterThan(4);
    expect(shown.length).toBeLessThan(60);
  });
});

describe("study/figures/theme", () => {
  it("darkens colours of text that would be hard to read on white, and no others", () => {
    expect(textColor("#0077bb")).toBe("#0077bb");
    const dark = textColor("#e69f00");
    expect(dark).toMatch(/^#[0-9a-f]{6}$/);
    expect(dark < "#c00000").toBe(true);
    expect(textColor(dark)).toBe(dark);
  });

  it("tells groups apart by colour and shape, and does not change them with the groups shown", () => {
    const groups = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "SFT"];
    const styles = groupStyles(groups, "SFT");
    expect(new Set(styles.map(({ color }) => color)).size).toBe(groups.length);
    const shapes = styles.filter(({ group }) => group !== "SFT").map(({ shape }) => shape);
    expect(new Set(shapes).size).toBe(groups.length - 1);
    // The reference takes no place among the others.
    expect(groupStyles(["SFT", "A"], "SFT")[1]).toEqual(styles[0]);
  });
});

describe("study/figures/panels", () => {
  it("moves names apart, and no further than the panel", () => {
    const wide = { gap: 0.1, low: 0, high: 1 };
    for (const [i, value] of spread([0.2, 0.5, 0.9], wide).entries()) {
      expect(value).toBeCloseTo([0.2, 0.5, 0.9][i] as number, 12);
    }
    const [a, b] = spread([0.5, 0.5], wide) as [number, number];
    expect(b - a).toBeCloseTo(0.1, 12);
    expect((a + b) / 2).toBeCloseTo(0.5, 12);
    // One far away stays where it is.
    expect(spread([0.1, 0.9, 0.9, 0.9], { ...wide, high: 0.95 })[0]).toBe(0.1);
    const top = spread([0.98, 0.99, 1], wide);
    expect(top.at(-1)).toBeLessThanOrEqual(1);
    expect((top[2] as number) - (top[0] as number)).toBeCloseTo(0.2, 12);
    const bottom = spread([0, 0.01], wide);
    expect(bottom[0]).toBeGreaterThanOrEqual(0);
  });
});

describe("study/figures/font", () => {
  /** Margins of glyphs at both ends of a text, and kerning, as shares of the font's size. */
  const MARGINS = 0.25;

  it.each(["Hello", "iiii", "MMMM", "β = 0.05", "0.1 – 0.9"])(
    "is as wide as %j is drawn",
    (text) => {
      for (const weight of ["normal", "bold"]) {
        const isBold = weight === "bold";
        const drawn = widthDrawn(
          `<text y="100" font-size="100" font-weight="${weight}">${text}</text>`,
        );
        expect(Math.abs(textWidth(text, 1, isBold) - drawn / 100)).toBeLessThan(MARGINS);
      }
      expect(textWidth(text, 12, true)).toBeGreaterThan(textWidth(text, 12));
    },
  );

  it("breaks lines between words, and leaves a word that is too long", () => {
    const width = textWidth("aaa bbb", 10);
    expect(linesOf("aaa bbb cc dddddddddddd e", 10, width)).toEqual([
      "aaa bbb",
      "cc",
      "dddddddddddd",
      "e",
    ]);
    expect(linesOf("aaa", 10, 1)).toEqual(["aaa"]);
  });

  it("gives every character a width, and nothing none", () => {
    expect(textWidth("", 12)).toBe(0);
    expect(textWidth("漢😀", 10)).toBeGreaterThan(5);
  });
});

/** Pixels from the first to the last that a text blackens. */
function widthDrawn(text: string): number {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="200" font-family="DejaVu Sans">${text}</svg>`;
  const font = { loadSystemFonts: false, fontFiles: Object.values(FONT_FILES) };
  return new Resvg(svg, { font }).innerBBox()?.width ?? 0;
}

describe("study/figures/render", () => {
  it("draws a PNG of twice the size on white, with letters from the font that it brings", () => {
    const empty = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"></svg>';
    const text = '<text y="30" font-size="30" font-family="DejaVu Sans, Verdana">x</text>';
    const png = Buffer.from(renderPng(empty.replace("></svg>", `>${text}</svg>`)));
    expect(png.toString("latin1", 1, 4)).toBe("PNG");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([120, 80]);
    expect(png.equals(renderPng(empty))).toBe(false);
  });
});
