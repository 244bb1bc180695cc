/**
 * Sums a suite report up: specs by what their kernels ran on, calls by kernel, failures. Pure; the
 * committed ../conformance/results.json is made of these summaries.
 */
import type { Exclusion } from "./exclusions.ts";
import type { SpecResult, SuiteReport } from "./run-suite.ts";
import type { CallsByKernel } from "./suite/records.ts";

/** What a passed spec's kernels ran on, or why a spec does not count as passed. */
export type Category =
  /** At least one kernel ran through ONNX Runtime, and none fell back to the cpu backend. */
  | "onnx"
  /** Some kernels ran through ONNX Runtime, some fell back. */
  | "mixed"
  /** Every kernel fell back. */
  | "fallback"
  /** No kernel of the backend ran. */
  | "noKernel"
  /** tfjs-core itself switches the spec off (xit). */
  | "disabled"
  /** Failed as an entry of ./exclusions.ts says. */
  | "excluded"
  | "failed";

/** The categories in the order they are printed. */
export const CATEGORIES: readonly Category[] = [
  "onnx",
  "mixed",
  "fallback",
  "noKernel",
  "disabled",
  "excluded",
  "failed",
];

/** What each category means, for people. */
export const CATEGORY_TITLES: Readonly<Record<Category, string>> = {
  onnx: "passed, every kernel through ONNX Runtime",
  mixed: "passed, some kernels through ONNX Runtime, some on the cpu backend",
  fallback: "passed, every kernel on the cpu backend",
  noKernel: "passed, no kernel involved",
  disabled: "switched off by tfjs-core",
  excluded: "excluded with a reason",
  failed: "failed",
};

/** One row of the kernel table. */
export interface KernelSummary {
  /** Whether the kernel has an ONNX handler. */
  readonly handler: boolean;
  /** Calls through ONNX Runtime during the suite. */
  readonly onnx: number;
  /** Calls that ran on the cpu backend's kernel. */
  readonly fallback: number;
}

/** A whole run. */
export interface Summary {
  readonly specs: Readonly<Record<Category, number>>;
  /** By kernel name, sorted; every kernel of the cpu backend and every kernel with a handler. */
  readonly kernels: Readonly<Record<string, KernelSummary>>;
}

/** A summary with what must be mended before it can be committed. */
export interface Verdict {
  readonly summary: Summary;
  /** Failed specs, stale exclusions, failures outside of specs; empty when all is well. */
  readonly problems: readonly string[];
}

/** Sums `report` up, with `exclusions` for the specs that are known to fail. */
export function summarise(report: SuiteReport, exclusions: readonly Exclusion[]): Verdict {
  const specs: Record<Category, number> = {
    onnx: 0,
    mixed: 0,
    fallback: 0,
    noKernel: 0,
    disabled: 0,
    excluded: 0,
    failed: 0,
  };
  const problems = [...report.failures];
  for (const spec of report.specs) {
    const category = categoryOf(spec, exclusions);
    specs[category]++;
    if (category === "failed") problems.push(`${spec.name}\n    ${spec.failures.join("\n    ")}`);
  }
  for (const exclusion of exclusions) problems.push(...staleness(exclusion, report.specs));
  return { summary: { specs, kernels: kernelTable(report) }, problems };
}

function categoryOf(spec: SpecResult, exclusions: readonly Exclusion[]): Category {
  if (spec.status === "pending") return "disabled";
  if (spec.status === "failed") {
    return exclusions.some((exclusion) => exclusion.spec.test(spec.name)) ? "excluded" : "failed";
  }
  const calls = Object.values(spec.kernels);
  const onnx = calls.some((kernel) => kernel.onnx > 0);
  const fallback = calls.some((kernel) => kernel.fallback > 0);
  if (onnx) return fallback ? "mixed" : "onnx";
  return fallback ? "fallback" : "noKernel";
}

function staleness({ spec, count, mayPass }: Exclusion, specs: readonly SpecResult[]): string[] {
  const matches = specs.filter((result) => spec.test(result.name));
  const passed = mayPass ? [] : matches.filter((result) => result.status === "passed");
  const problems = passed.map(
    (result) => `exclusions: expected ${spec} to match failing specs, got a pass: ${result.name}.`,
  );
  if (matches.length !== count) {
    problems.push(`exclusions: expected ${count} specs for ${spec}, got ${matches.length}.`);
  }
  return problems;
}

function kernelTable({ specs, cpuKernels, onnxKernels }: SuiteReport): Summary["kernels"] {
  const handlers = new Set(onnxKernels);
  const totals = totalCalls(specs.map((spec) => spec.kernels));
  const names = [...new Set([...cpuKernels, ...onnxKernels])].sort();
  return Object.fromEntries(
    names.map((name) => {
      const { onnx, fallback } = totals.get(name) ?? { onnx: 0, fallback: 0 };
      return [name, { handler: handlers.has(name), onnx, fallback }];
    }),
  );
}

function totalCalls(
  perSpec: readonly CallsByKernel[],
): Map<string, { onnx: number; fallback: number }> {
  const totals = new Map<string, { onnx: number; fallback: number }>();
  for (const kernels of perSpec) {
    for (const [name, calls] of Object.entries(kernels)) {
      const total = totals.get(name) ?? { onnx: 0, fallback: 0 };
      total.onnx += calls.onnx;
      total.fallback += calls.fallback;
      totals.set(name, total);
    }
  }
  return totals;
}
