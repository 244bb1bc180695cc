/**
 * Runs the declared specs of tfjs-core and appends records to a report file. Bundled together with
 * one backend by ../suite-bundle.ts; it judges nothing.
 */
import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { getKernelsForBackend } from "@tensorflow/tfjs-core";
import { jasmineEnv } from "./jasmine-globals.ts";
import type { CallsByKernel, KernelCalls, SuiteRecord } from "./records.ts";

/** What the harness asks of the backend under test. */
export interface Backend {
  readonly name: string;
  readonly onnxKernels: readonly string[];
  /** Kernel calls since the process started. */
  callCounts(): ReadonlyMap<string, KernelCalls>;
}

/**
 * Runs the specs that the environment variables ask for: CONFORMANCE_REPORT (file to write),
 * CONFORMANCE_SHARD ("i/n": every n-th suite, from the i-th), CONFORMANCE_FILTER (regular expression
 * on the full name of the spec; optional).
 */
export async function runSuite(backend: Backend): Promise<void> {
  const report = openSync(setting("CONFORMANCE_REPORT"), "w");
  const write = (record: SuiteRecord) => writeSync(report, `${JSON.stringify(record)}\n`);
  write({
    kind: "begin",
    cpuKernels: getKernelsForBackend("cpu").map((kernel) => kernel.kernelName),
    onnxKernels: backend.onnxKernels,
  });
  configureFilter();
  const outside: string[] = [];
  let before = snapshot(backend);
  jasmineEnv.addReporter({
    specStarted(result) {
      before = snapshot(backend);
      write({ kind: "start", name: specName(result.fullName, backend) });
    },
    specDone(result) {
      if (result.status === "excluded") return;
      write({
        kind: "spec",
        name: specName(result.fullName, backend),
        status: result.status,
        failures: result.failedExpectations.map((failure) => failure.message),
        kernels: callsSince(before, backend.callCounts()),
      });
    },
    suiteDone(result) {
      for (const { message } of result.failedExpectations) {
        outside.push(`${result.fullName}: ${message}`);
      }
    },
    jasmineDone(result) {
      for (const { message } of result.failedExpectations) outside.push(message);
      write({ kind: "end", failures: outside });
    },
  });
  await jasmineEnv.execute();
}

// The environment's name is part of every suite's title; without it runs can be compared.
function specName(fullName: string, backend: Backend): string {
  return fullName.replace(` ${backend.name} {}`, "");
}

function configureFilter(): void {
  const [index = 0, count = 1] = setting("CONFORMANCE_SHARD").split("/").map(Number);
  const { CONFORMANCE_FILTER = "" } = process.env;
  const pattern = new RegExp(CONFORMANCE_FILTER);
  const suites = new Map<string, number>();
  jasmineEnv.configure({
    specFilter: (spec) => {
      const suite = spec.getPath()[0] ?? "";
      const position = suites.get(suite) ?? suites.size;
      suites.set(suite, position);
      return position % count === index && pattern.test(spec.getFullName());
    },
  });
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`conformance: expected ${name} to be set, got nothing.`);
  return value;
}

function snapshot(backend: Backend): ReadonlyMap<string, KernelCalls> {
  return new Map([...backend.callCounts()].map(([kernel, calls]) => [kernel, { ...calls }]));
}

function callsSince(
  before: ReadonlyMap<string, KernelCalls>,
  after: ReadonlyMap<string, KernelCalls>,
): CallsByKernel {
  const calls: Record<string, KernelCalls> = {};
  for (const [kernel, now] of after) {
    const then = before.get(kernel) ?? { onnx: 0, fallback: 0 };
    const delta = { onnx: now.onnx - then.onnx, fallback: now.fallback - then.fallback };
    if (delta.onnx + delta.fallback > 0) calls[kernel] = delta;
  }
  return calls;
}
