import { describe, expect, test } from "vitest";
import { losses } from "../../conformance/expectation.ts";
import { kernelsMarkdown } from "../../conformance/kernels-table.ts";
import { readKernelsMarkdown, readResults } from "../../conformance/results.ts";
import type { SpecResult, SuiteReport } from "../../conformance/run-suite.ts";
import { type Summary, summarise } from "../../conformance/summary.ts";

/** What language models and their training need; the rest may run on the cpu backend. */
const KERNELS_OF_LANGUAGE_MODELS: readonly string[] = [
  ["Add", "AddN", "Maximum", "Minimum", "Multiply", "Pow", "RealDiv", "SquaredDifference", "Sub"],
  ["Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual"],
  ["LogicalAnd", "LogicalNot", "LogicalOr", "Select"],
  ["Abs", "Cast", "ClipByValue", "Cos", "Erf", "Exp", "Floor", "Log", "Neg", "Reciprocal", "Relu"],
  ["Rsqrt", "Sigmoid", "Sign", "Sin", "Softplus", "Sqrt", "Square", "Step", "Tanh"],
  ["Concat", "ExpandDims", "Fill", "Identity", "OnesLike", "Pack", "PadV2", "Reshape", "Reverse"],
  ["Slice", "SplitV", "StridedSlice", "Tile", "Transpose", "Unpack", "ZerosLike"],
  ["All", "Any", "ArgMax", "Cumprod", "Cumsum", "Max", "Mean", "Softmax", "Sum", "TopK"],
  ["GatherNd", "GatherV2", "OneHot", "ScatterNd", "UnsortedSegmentSum"],
  ["BatchMatMul", "Einsum", "_FusedMatMul"],
].flat();

const ONNX = { onnx: 1, fallback: 0 };
const CPU = { onnx: 0, fallback: 2 };

function passed(name: string, kernels: SpecResult["kernels"]): SpecResult {
  return { name, status: "passed", failures: [], kernels };
}

function failed(name: string): SpecResult {
  return { name, status: "failed", failures: ["expected 1, got 2"], kernels: { Add: ONNX } };
}

function report(...specs: SpecResult[]): SuiteReport {
  return {
    specs,
    failures: [],
    cpuKernels: ["Add", "Fft"],
    onnxKernels: ["Add", "_FusedMatMul"],
    seconds: 1,
  };
}

describe("conformance/summary", () => {
  test("a spec counts as onnx only when none of its kernels fell back", () => {
    const { summary, problems } = summarise(
      report(
        passed("a", { Add: ONNX }),
        passed("b", { Add: ONNX, Fft: CPU }),
        passed("c", { Add: { onnx: 1, fallback: 1 } }),
        passed("d", { Fft: CPU }),
        passed("e", {}),
        { name: "f", status: "pending", failures: [], kernels: {} },
      ),
      [],
    );
    expect(summary.specs).toEqual({
      onnx: 1,
      mixed: 2,
      fallback: 1,
      noKernel: 1,
      disabled: 1,
      excluded: 0,
      failed: 0,
    });
    expect(problems).toEqual([]);
  });

  test("the kernel table has every kernel of the cpu backend and every handler, sorted", () => {
    const { summary } = summarise(report(passed("a", { Add: ONNX })), []);
    expect(summary.kernels).toEqual({
      Add: { handler: true, onnx: 1, fallback: 0 },
      Fft: { handler: false, onnx: 0, fallback: 0 },
      _FusedMatMul: { handler: true, onnx: 0, fallback: 0 },
    });
    expect(Object.keys(summary.kernels)).toEqual(["Add", "Fft", "_FusedMatMul"]);
  });

  test("a failed spec is a problem that names the spec and what it expected", () => {
    const { summary, problems } = summarise(report(failed("add broken")), []);
    expect(summary.specs.failed).toBe(1);
    expect(problems).toEqual(["add broken\n    expected 1, got 2"]);
  });

  test("an excluded spec is no problem as long as it fails", () => {
    const exclusion = { spec: /^add/, reason: "known", count: 1 };
    const { summary, problems } = summarise(report(failed("add broken")), [exclusion]);
    expect(summary.specs).toMatchObject({ excluded: 1, failed: 0 });
    expect(problems).toEqual([]);
  });

  test("an exclusion that matches a passing spec, or too few, is a problem", () => {
    const exclusion = { spec: /^add/, reason: "known", count: 2 };
    const { problems } = summarise(report(passed("add mended", { Add: ONNX })), [exclusion]);
    expect(problems).toEqual([
      "exclusions: expected /^add/ to match failing specs, got a pass: add mended.",
      "exclusions: expected 2 specs for /^add/, got 1.",
    ]);
  });

  test("what belongs to no spec is a problem too", () => {
    const { problems } = summarise({ ...report(), failures: ["afterAll threw"] }, []);
    expect(problems).toEqual(["afterAll threw"]);
  });
});

describe("conformance/expectation", () => {
  const base: Summary = summarise(
    report(passed("a", { Add: ONNX }), passed("b", { Fft: CPU }), passed("c", {})),
    [],
  ).summary;

  test("an equal run and a better run lose nothing", () => {
    const better = summarise(
      report(passed("a", { Add: ONNX }), passed("b", { Add: ONNX }), passed("c", {})),
      [],
    ).summary;
    expect(losses(base, base)).toEqual([]);
    expect(losses(base, better)).toEqual([]);
  });

  test("a spec that moves to the cpu backend is a loss, in specs and in calls", () => {
    const worse = summarise(
      report(passed("a", { Add: CPU }), passed("b", { Fft: CPU }), passed("c", {})),
      [],
    ).summary;
    expect(losses(base, worse)).toEqual([
      "specs passed, every kernel through ONNX Runtime: expected 1, got 0.",
      "specs passed, every kernel on the cpu backend: expected 1, got 2.",
      "kernel Add, calls that fell back: expected 0, got 2.",
    ]);
  });

  test("a failed spec, a missing spec and a lost handler are losses", () => {
    const worse = summarise(
      { ...report(passed("a", { Add: ONNX }), failed("b")), onnxKernels: ["_FusedMatMul"] },
      [],
    ).summary;
    expect(losses(base, worse)).toEqual([
      "specs in all: expected 3, got 2.",
      "specs failed: expected 0, got 1.",
      "kernel Add: expected an ONNX handler, got none.",
    ]);
  });
});

describe("conformance/KERNELS.md", () => {
  test("is the table of the committed results", () => {
    expect(readKernelsMarkdown()).toBe(kernelsMarkdown(readResults()));
  });
});

describe("conformance/results.json", () => {
  const results = readResults();

  test("nothing failed", () => {
    for (const summary of Object.values(results)) expect(summary.specs.failed).toBe(0);
  });

  test("calls through ONNX Runtime and fallbacks add up to the calls on cpu", () => {
    const { Add: _, ...kernels } = results.cpu.kernels; // Add also has a spec for cpu alone
    for (const [name, { fallback }] of Object.entries(kernels)) {
      const strict = results["ort-strict"].kernels[name];
      expect((strict?.onnx ?? 0) + (strict?.fallback ?? 0), name).toBe(fallback);
    }
  });

  test("both runtimes and both modes call every kernel equally often", () => {
    expect(results["ort-strict-node"].kernels).toEqual(results["ort-strict"].kernels);
    for (const [name, { onnx, fallback }] of Object.entries(results["ort-auto"].kernels)) {
      const strict = results["ort-strict"].kernels[name];
      expect((strict?.onnx ?? 0) + (strict?.fallback ?? 0), name).toBe(onnx + fallback);
    }
  });

  test.each(KERNELS_OF_LANGUAGE_MODELS)("%s ran through ONNX Runtime in the strict run", (name) => {
    expect(results["ort-strict"].kernels[name]?.onnx).toBeGreaterThan(0);
  });
});
