/** Rules of operators that run a graph of their own. That graph is verified apart. */
import { sameShape } from "../dtypes.ts";
import { type Graph, sameSpec, type Value, type ValueSpec } from "../graph.ts";
import { printSpec } from "../print.ts";
import type { NodeView, RuleTable } from "./node-view.ts";

type Specs = readonly (ValueSpec | null)[];

function counts(node: NodeView, body: Graph, inputs: number, fewestOutputs: number): void {
  if (body.inputs.length !== inputs) {
    node.fail(`a body with ${inputs} inputs`, `${body.inputs.length}`);
  }
  if (body.outputs.length < fewestOutputs) {
    node.fail(`a body with at least ${fewestOutputs} outputs`, `${body.outputs.length}`);
  }
}

function matches(node: NodeView, what: string, expected: ValueSpec, actual: ValueSpec): void {
  if (!sameSpec(expected, actual)) {
    node.fail(`${what} of the body to be ${printSpec(expected)}`, printSpec(actual));
  }
}

/** Checks that the state keeps shape and type from the node's input through the body and out. */
function carried(
  node: NodeView,
  body: Graph,
  states: readonly Value[],
  skipIn: number,
  skipOut: number,
): void {
  states.forEach((state, i) => {
    matches(node, `input ${skipIn + i}`, state, body.inputs[skipIn + i] as Value);
    matches(node, `output ${skipOut + i}`, state, body.outputs[skipOut + i] as Value);
  });
}

function stacked(length: number | null, values: readonly Value[]): Specs {
  return values.map(({ shape, dtype }) =>
    length === null ? null : { shape: [length, ...shape], dtype },
  );
}

/** Only scans forward over the first axis, which is all that is recorded. */
function scan(node: NodeView): Specs {
  const body = node.body("body");
  const scanned = node.int("num_scan_inputs");
  const inputs = node.all();
  const states = inputs.length - scanned;
  if (scanned < 1 || states < 0) node.fail("num_scan_inputs of 1 to the inputs", `${scanned}`);
  for (const name of ["scan_input_axes", "scan_output_axes"]) {
    if (node.ints(name)?.some((axis) => axis !== 0)) node.fail("scans over axis 0", `${name}`);
  }
  counts(node, body, inputs.length, states);
  carried(node, body, inputs.slice(0, states), 0, 0);
  const length = inputs[states]?.shape[0];
  inputs.slice(states).forEach((value, i) => {
    const [count, ...shape] = value.shape;
    if (count === undefined || count !== length) {
      node.fail(`${length} iterations`, `${value.name} with ${count}`);
    }
    matches(
      node,
      `input ${states + i}`,
      { shape, dtype: value.dtype },
      body.inputs[states + i] as Value,
    );
  });
  return [...inputs.slice(0, states), ...stacked(length ?? null, body.outputs.slice(states))];
}

/** Inputs: most iterations, condition, state. Inputs of the body: iteration, condition, state. */
function loop(node: NodeView): Specs {
  const body = node.body("body");
  const trips = node.optional(0);
  const condition = node.optional(1);
  if (trips === null && condition === null) node.fail("an end of the loop", "none");
  if (trips !== null) node.typed(trips, "int64");
  if (condition !== null) node.typed(condition, "bool");
  const states = node.all().slice(2);
  counts(node, body, states.length + 2, states.length + 1);
  matches(node, "input 0", { shape: [], dtype: "int64" }, body.inputs[0] as Value);
  matches(node, "input 1", { shape: [], dtype: "bool" }, body.inputs[1] as Value);
  matches(node, "output 0", { shape: [], dtype: "bool" }, body.outputs[0] as Value);
  carried(node, body, states, 2, 1);
  return [...states, ...stacked(null, body.outputs.slice(1 + states.length))];
}

function conditional(node: NodeView): Specs {
  node.arity(1);
  node.typed(node.input(0), "bool");
  const [yes, no] = [node.body("then_branch"), node.body("else_branch")];
  counts(node, yes, 0, 1);
  counts(node, no, 0, 1);
  if (yes.outputs.length !== no.outputs.length) {
    node.fail("branches with as many outputs", `${yes.outputs.length} and ${no.outputs.length}`);
  }
  yes.outputs.forEach((value, i) => {
    const other = no.outputs[i] as Value;
    if (value.dtype !== other.dtype || !sameShape(value.shape, other.shape)) {
      node.fail("branches that agree", `${printSpec(value)} and ${printSpec(other)}`);
    }
  });
  return yes.outputs;
}

/** Rules of the standard. */
export const CONTROL_RULES: RuleTable = { Scan: scan, Loop: loop, If: conditional };
