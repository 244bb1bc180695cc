/** Specifications of figures, and what is in them. */
import { compile, type TopLevelSpec } from "vega-lite";
import { figures } from "../../../src/study/figures/figures.ts";
import type { Spec } from "../../../src/study/figures/parts.ts";
import type { StudyResults } from "../../../src/study/results.ts";
import { analyse } from "../../../src/study/statistics/analysis.ts";

const OPTIONS = { replicates: 100, level: 0.95, seed: 0 };

/** Figures with few draws. */
export function figuresOf(results: StudyResults): Readonly<Record<string, Spec>> {
  return figures(results, analyse(results, OPTIONS));
}

/** All rows of inline data in a specification. */
export function rowsOf(spec: unknown): Readonly<Record<string, unknown>>[] {
  if (typeof spec !== "object" || spec === null) return [];
  if (Array.isArray(spec)) return spec.flatMap(rowsOf);
  return Object.entries(spec).flatMap(([name, part]) =>
    name === "values" && typeof (part as unknown[])[0] === "object"
      ? (part as Readonly<Record<string, unknown>>[])
      : rowsOf(part),
  );
}

/** What the compiler of vega-lite says against a specification. */
export function warningsOf(spec: Spec): string[] {
  const warnings: string[] = [];
  const logger = {
    level: () => logger,
    error: () => logger,
    info: () => logger,
    debug: () => logger,
    warn: (...parts: readonly unknown[]) => {
      warnings.push(parts.join(" "));
      return logger;
    },
  };
  // What a specification may hold is what the compiler checks here; it fits vega's type of a logger
  // but for overloads.
  compile(spec as unknown as TopLevelSpec, { logger: logger as never });
  return warnings;
}
