import { describe } from "vitest";
import { accepts, ints, refuses, spec } from "./cases.ts";

const DROP = { keepdims: { int: 0 } };

describe("graph/rules/reduction", () => {
  accepts("over everything", { op: "ReduceSum", inputs: [[[2, 3]]], gives: [1, 1] });
  accepts("over an axis", {
    op: "ReduceMax",
    inputs: [[[2, 3]], ints(-1)],
    gives: [2],
    attributes: DROP,
  });
  accepts("over no axis", {
    op: "ReduceMean",
    inputs: [[[2, 3]], ints()],
    gives: [2, 3],
    attributes: { noop_with_empty_axes: { int: 1 } },
  });
  accepts("of integers", {
    op: "ReduceProd",
    inputs: [[[2, 3], "int32"], ints(0)],
    gives: [spec("int32", 1, 3)],
  });
  refuses(
    "over a missing axis",
    { op: "ReduceSum", inputs: [[[2]], ints(1)], gives: [1] },
    /axis in \[-1, 1\), got 1/,
  );
  refuses(
    "over an axis twice",
    { op: "ReduceSum", inputs: [[[2]], ints(0, -1)], gives: [1] },
    /distinct/,
  );
  refuses(
    "declared otherwise",
    { op: "ReduceSum", inputs: [[[2, 3]], ints(0)], gives: [3] },
    /float32\[1,3\], got float32\[3\]/,
  );

  accepts("over the last axis", { op: "Softmax", inputs: [[[2, 3]]], gives: [2, 3] });
  refuses(
    "over a missing axis",
    { op: "LogSoftmax", inputs: [[[2]]], gives: [2], attributes: { axis: { int: 1 } } },
    /axis in/,
  );

  accepts("over an axis", {
    op: "CumSum",
    inputs: [[[2, 3]], (graph) => graph.scalar(1, "int32")],
    gives: [2, 3],
  });
  refuses(
    "over a missing axis",
    { op: "CumSum", inputs: [[[2, 3]], (graph) => graph.scalar(2, "int32")], gives: [2, 3] },
    /axis in \[-2, 2\), got 2/,
  );
  refuses(
    "over two axes",
    { op: "CumSum", inputs: [[[2, 3]], ints(0, 1)], gives: [2, 3] },
    /one axis, got 2/,
  );

  accepts("with its statistics", {
    op: "LayerNormalization",
    inputs: [[[2, 3]], [[3]], [[3]]],
    gives: [spec("float32", 2, 3), spec("float32", 2, 1), spec("float32", 2, 1)],
  });
  accepts("without bias", {
    op: "LayerNormalization",
    inputs: [[[2, 3]], [[3]]],
    gives: [spec("float32", 2, 3)],
  });
  refuses(
    "with weights of another length",
    { op: "LayerNormalization", inputs: [[[2, 3]], [[2]]], gives: [2, 3] },
    /weights of shape \[3\], got \[2\]/,
  );
});
