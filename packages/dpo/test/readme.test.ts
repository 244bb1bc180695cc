/** The lists in the package's README are those of the sources; its program runs in test/package. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultsOf } from "../src/objectives/options.ts";
import { type AnyObjective, OBJECTIVES } from "../src/objectives/registry.ts";

const README = readFileSync(resolve(import.meta.dirname, "../README.md"), "utf8");

/** What an objective learns from, in words. */
const KINDS = { pair: "pairs", unpaired: "verdicts", ranked: "rankings" };

/** Options that many objectives have, with their defaults; the text above the table explains them. */
const COMMON: Readonly<Record<string, unknown>> = {
  beta: 0.1,
  divergence: "reverse_kl",
  divergenceAlpha: 0.5,
  referenceFree: false,
};

function tableRow({ name, paper, options, configure }: AnyObjective): string {
  const defaults = defaultsOf(options);
  const own = Object.entries(defaults).filter(([key]) => !Object.hasOwn(COMMON, key));
  const shown = own.map(([key, value]) => `\`${key}\` ${value}`).join(", ");
  const has = (key: string) => (Object.hasOwn(defaults, key) ? "yes" : "");
  const [first] = paper.split(";");
  const { kind } = configure({});
  return `| \`${name}\` | ${KINDS[kind]} | ${shown} | ${has("divergence")} | ${first} |`;
}

describe("README", () => {
  test("the table has every objective, as the registry describes it", () => {
    const [, table = ""] = /^\| name \|.*\n[|-]+\n((?:\|.*\n)*)/m.exec(README) ?? [];
    expect(table.trimEnd()).toBe(OBJECTIVES.map(tableRow).join("\n"));
  });

  test("common options have the same defaults everywhere, which the text names", () => {
    for (const [key, value] of Object.entries(COMMON)) {
      expect(README).toContain(`\`${key}\` ${value}`);
      for (const { name, options } of OBJECTIVES) {
        const defaults = defaultsOf(options);
        if (Object.hasOwn(defaults, key)) expect(defaults[key], name).toBe(value);
      }
    }
  });
});
