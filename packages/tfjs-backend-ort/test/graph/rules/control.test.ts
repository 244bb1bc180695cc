import { describe } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import { accepts, refuses, spec } from "./cases.ts";

const row = spec("float32", 3);

/** Adds a row to the state and returns the state and its negative. */
function scanBody(): Graph {
  const body = new Graph("body");
  const [state, item] = [body.input([3], "float32"), body.input([3], "float32")];
  const sum = body.node("Add", [state, item], row);
  body.outputs.push(sum, body.node("Neg", [sum], row));
  return body;
}

function scanAttributes(body = scanBody()) {
  return { body: { graph: body }, num_scan_inputs: { int: 1 } };
}

/** Doubles the state until it has run often enough. */
function loopBody(): Graph {
  const body = new Graph("body");
  body.input([], "int64");
  const condition = body.input([], "bool");
  const state = body.input([3], "float32");
  body.outputs.push(condition, body.node("Add", [state, state], row));
  return body;
}

function branch(shape: readonly number[]): Graph {
  const graph = new Graph("branch");
  graph.outputs.push(graph.fill(1, shape, "float32"));
  return graph;
}

const forever = (graph: Graph) => graph.scalar(1, "bool");
const three = (graph: Graph) => graph.scalar(3, "int64");

describe("graph/rules/control", () => {
  const stacked = spec("float32", 4, 3);
  accepts("with a state", {
    op: "Scan",
    inputs: [[[3]], [[4, 3]]],
    gives: [row, stacked],
    attributes: scanAttributes(),
  });
  refuses(
    "of rows the body does not take",
    { op: "Scan", inputs: [[[3]], [[4, 2]]], gives: [row, stacked], attributes: scanAttributes() },
    /input 1 of the body to be float32\[2\], got float32\[3\]/,
  );
  refuses(
    "of a state the body does not take",
    { op: "Scan", inputs: [[[2]], [[4, 3]]], gives: [row, stacked], attributes: scanAttributes() },
    /input 0 of the body/,
  );
  refuses(
    "with an input too many",
    {
      op: "Scan",
      inputs: [[[3]], [[3]], [[4, 3]]],
      gives: [row, stacked],
      attributes: scanAttributes(),
    },
    /body with 3 inputs, got 2/,
  );
  refuses(
    "of a scalar",
    { op: "Scan", inputs: [[[3]], [[]]], gives: [row, stacked], attributes: scanAttributes() },
    /iterations/,
  );
  refuses(
    "with an output missing",
    { op: "Scan", inputs: [[[3]], [[4, 3]]], gives: [row], attributes: scanAttributes() },
    /2 outputs, got 1/,
  );
  refuses(
    "without a body",
    { op: "Scan", inputs: [[[4, 3]]], gives: [4, 3], attributes: { num_scan_inputs: { int: 1 } } },
    /a graph in body, got none/,
  );

  accepts("that counts", {
    op: "Loop",
    inputs: [three, forever, [[3]]],
    gives: [row],
    attributes: { body: { graph: loopBody() } },
  });
  refuses(
    "without an end",
    {
      op: "Loop",
      inputs: [null, null, [[3]]],
      gives: [row],
      attributes: { body: { graph: loopBody() } },
    },
    /an end of the loop/,
  );
  refuses(
    "that changes the shape of the state",
    {
      op: "Loop",
      inputs: [three, forever, [[2]]],
      gives: [spec("float32", 2)],
      attributes: { body: { graph: loopBody() } },
    },
    /input 2 of the body to be float32\[2\]/,
  );

  accepts("of equal branches", {
    op: "If",
    inputs: [[[], "bool"]],
    gives: [2],
    attributes: { then_branch: { graph: branch([2]) }, else_branch: { graph: branch([2]) } },
  });
  refuses(
    "of unequal branches",
    {
      op: "If",
      inputs: [[[], "bool"]],
      gives: [2],
      attributes: { then_branch: { graph: branch([2]) }, else_branch: { graph: branch([3]) } },
    },
    /branches that agree/,
  );
});
