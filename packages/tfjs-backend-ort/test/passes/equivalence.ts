/** Runs a graph before and after a pass and compares. */
import { expect } from "vitest";
import type { HostArray } from "../../src/graph/dtypes.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { verify } from "../../src/graph/verify.ts";
import type { Pass } from "../../src/passes/index.ts";
import { runGraph, UNOPTIMIZED } from "../run-graph.ts";
import type { RandomProgram } from "./random-graph.ts";

/** Checks that `pass` keeps ports and, to the bit, results. */
export async function expectSameBits({ graph, feeds }: RandomProgram, pass: Pass): Promise<void> {
  const [before, after] = await runBoth(graph, feeds, pass);
  before.forEach((expected, i) => {
    expect(after[i], `output ${i} of\n${graph}\nbecame\n${pass(graph)}`).toEqual(expected);
  });
}

/**
 * Checks that `pass` keeps ports and, up to rounding, results.
 * @param tolerance relative to the largest element of an output, or to 1 if all are smaller: sums
 *   of numbers near 1 may cancel
 */
export async function expectClose(
  { graph, feeds }: RandomProgram,
  pass: Pass,
  tolerance: number,
): Promise<void> {
  const [before, after] = await runBoth(graph, feeds, pass);
  before.forEach((expected, i) => {
    const error = largestDifference(expected, after[i] as HostArray);
    expect(error, `output ${i} of\n${graph}\nbecame\n${pass(graph)}`).toBeLessThanOrEqual(
      tolerance,
    );
  });
}

async function runBoth(
  graph: Graph,
  feeds: readonly HostArray[],
  pass: Pass,
): Promise<[HostArray[], HostArray[]]> {
  verify(graph);
  const text = graph.toString();
  const passed = pass(graph);
  verify(passed);
  expect(graph.toString(), "the pass changed the graph it was given").toBe(text);
  expect(passed.inputs).toEqual(graph.inputs);
  const specs = ({ outputs }: Graph) => outputs.map(({ dtype, shape }) => ({ dtype, shape }));
  expect(specs(passed)).toEqual(specs(graph));
  return [await runGraph(graph, feeds, UNOPTIMIZED), await runGraph(passed, feeds, UNOPTIMIZED)];
}

/** Largest difference, relative to the largest element or 1; infinite for NaN in one of them. */
function largestDifference(expected: HostArray, actual: HostArray): number {
  let scale = 1;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [Number(expected[i]), Number(actual[i])];
    if (Number.isFinite(x)) scale = Math.max(scale, Math.abs(x));
    if (Object.is(x, y) || x === y) continue;
    if (!Number.isFinite(x) || !Number.isFinite(y)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, Math.abs(x - y));
  }
  return difference / scale;
}
