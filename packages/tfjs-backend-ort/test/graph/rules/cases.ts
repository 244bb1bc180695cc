/** Tables of one-node graphs that the verifier must accept or refuse. */
import { expect, it } from "vitest";
import { GraphError } from "../../../src/errors.ts";
import type { DType } from "../../../src/graph/dtypes.ts";
import {
  type Attributes,
  type Domain,
  Graph,
  type Value,
  type ValueSpec,
} from "../../../src/graph/graph.ts";
import { verify } from "../../../src/graph/verify.ts";
import { runGraph } from "../../run-graph.ts";

/** Shape and type of an input, a constant, or nothing for an omitted input. */
export type Operand = readonly [readonly number[], DType?] | ((graph: Graph) => Value) | null;

/** A node and what its outputs are declared to be. */
export interface Case {
  readonly op: string;
  readonly inputs: readonly Operand[];
  /** One output, float32 unless said otherwise. */
  readonly gives: readonly number[] | readonly ValueSpec[];
  readonly attributes?: Attributes;
  readonly domain?: Domain;
}

/** An operand that is a constant int64 vector. */
export function ints(...values: readonly number[]): Operand {
  return (graph) => graph.ints(values);
}

/** A spec of the given element type. */
export function spec(dtype: DType, ...shape: readonly number[]): ValueSpec {
  return { shape, dtype };
}

/** Checks that the verifier accepts the node, and that ONNX Runtime agrees about its outputs. */
export function accepts(title: string, given: Case): void {
  it(`accepts ${given.op} ${title}`, async () => {
    const graph = build(given);
    verify(graph);
    await runGraph(graph);
  });
}

/** Checks that the verifier refuses the node with a message about it. */
export function refuses(title: string, given: Case, message: RegExp): void {
  it(`refuses ${given.op} ${title}`, () => {
    const graph = build(given);
    expect(() => verify(graph)).toThrow(GraphError);
    expect(() => verify(graph)).toThrow(message);
    expect(() => verify(graph)).toThrow(`${given.op}(`);
  });
}

function build({ op, inputs, gives, attributes = {}, domain = "" }: Case): Graph {
  const graph = new Graph();
  const values = inputs.map((operand) => {
    if (operand === null) return null;
    if (typeof operand === "function") return operand(graph);
    return graph.input(operand[0], operand[1] ?? "float32");
  });
  const outputs =
    gives.every((it) => typeof it === "object") && gives.length > 0
      ? (gives as readonly ValueSpec[])
      : [spec("float32", ...(gives as readonly number[]))];
  graph.outputs.push(...graph.multiNode(op, values, outputs, attributes, domain));
  return graph;
}
