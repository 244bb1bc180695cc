import { describe } from "vitest";
import type { Graph } from "../../../src/graph/graph.ts";
import { accepts, ints, refuses, spec } from "./cases.ts";

const ADD = { reduction: { string: "add" } };
const AXIS_1 = { axis: { int: 1 } };
const tuples =
  (shape: readonly number[], ...values: readonly number[]) =>
  (graph: Graph) =>
    graph.constant(BigInt64Array.from(values, BigInt), shape, "int64");

describe("graph/rules/indexing", () => {
  accepts("of rows", { op: "Gather", inputs: [[[4, 3]], [[2, 2], "int32"]], gives: [2, 2, 3] });
  accepts("of one column", {
    op: "Gather",
    inputs: [[[4, 3]], [[], "int64"]],
    gives: [4],
    attributes: AXIS_1,
  });
  accepts("from the end", { op: "Gather", inputs: [[[4]], ints(-4, 3)], gives: [2] });
  refuses(
    "outside",
    { op: "Gather", inputs: [[[4]], ints(1, 4)], gives: [2] },
    /indices in \[-4, 4\), got 4/,
  );
  refuses(
    "with float indices",
    { op: "Gather", inputs: [[[4]], [[2]]], gives: [2] },
    /int32 or int64, got float32/,
  );
  refuses(
    "of a scalar",
    { op: "Gather", inputs: [[[]], [[2], "int32"]], gives: [2] },
    /an axis in/,
  );
  refuses(
    "declared otherwise",
    { op: "Gather", inputs: [[[4, 3]], [[2], "int32"]], gives: [2] },
    /float32\[2,3\], got/,
  );

  accepts("within", {
    op: "GatherElements",
    inputs: [[[4, 3]], [[2, 7], "int32"]],
    gives: [2, 7],
    attributes: AXIS_1,
  });
  refuses(
    "beyond",
    {
      op: "GatherElements",
      inputs: [[[4, 3]], [[5, 1], "int32"]],
      gives: [5, 1],
      attributes: AXIS_1,
    },
    /within \[4,3\] except in axis 1/,
  );
  refuses(
    "of another rank",
    { op: "GatherElements", inputs: [[[4, 3]], [[3], "int32"]], gives: [3] },
    /rank 2, got 1/,
  );

  accepts("that adds", {
    op: "ScatterElements",
    inputs: [[[6]], [[3], "int32"], [[3]]],
    gives: [6],
    attributes: ADD,
  });
  refuses(
    "of other updates",
    { op: "ScatterElements", inputs: [[[6]], [[3], "int32"], [[2]]], gives: [6] },
    /updates of shape \[3\], got \[2\]/,
  );
  refuses(
    "of another type",
    { op: "ScatterElements", inputs: [[[6]], [[3], "int32"], [[3], "int32"]], gives: [6] },
    /v2 to be float32/,
  );
  refuses(
    "outside",
    { op: "ScatterElements", inputs: [[[6]], ints(6), [[1]]], gives: [6] },
    /indices in \[-6, 6\), got 6/,
  );

  accepts("of rows", { op: "GatherND", inputs: [[[4, 3]], tuples([2, 1], 0, 3)], gives: [2, 3] });
  accepts("in batches", {
    op: "GatherND",
    inputs: [[[2, 4, 3]], tuples([2, 1], 0, 3)],
    gives: [2, 3],
    attributes: { batch_dims: { int: 1 } },
  });
  refuses(
    "with long tuples",
    { op: "GatherND", inputs: [[[4]], tuples([1, 2], 0, 0)], gives: [1] },
    /tuples of length 1 to 1, got 2/,
  );
  refuses(
    "outside",
    { op: "GatherND", inputs: [[[4, 3]], tuples([1, 2], 3, 3)], gives: [1] },
    /indices within \[4,3\], got 3/,
  );
  refuses(
    "in unequal batches",
    {
      op: "GatherND",
      inputs: [[[2, 4]], tuples([3, 1], 0, 0, 0)],
      gives: [3],
      attributes: { batch_dims: { int: 1 } },
    },
    /1 equal leading/,
  );
  refuses(
    "in batches of everything",
    {
      op: "GatherND",
      inputs: [[[2]], tuples([2, 1], 0, 0)],
      gives: [2],
      attributes: { batch_dims: { int: 1 } },
    },
    /batch_dims below/,
  );

  accepts("of rows", {
    op: "ScatterND",
    inputs: [[[4, 3]], tuples([2, 1], 0, 3), [[2, 3]]],
    gives: [4, 3],
    attributes: ADD,
  });
  refuses(
    "with int32 indices",
    { op: "ScatterND", inputs: [[[4]], [[2, 1], "int32"], [[2]]], gives: [4] },
    /int64, got int32/,
  );
  refuses(
    "of other updates",
    { op: "ScatterND", inputs: [[[4, 3]], tuples([2, 1], 0, 3), [[2]]], gives: [4, 3] },
    /updates of shape \[2,3\]/,
  );
  refuses(
    "outside",
    { op: "ScatterND", inputs: [[[4]], tuples([1, 1], -5), [[1]]], gives: [4] },
    /indices within \[4\], got -5/,
  );

  const depth = (count: number) => (graph: Graph) => graph.scalar(count, "int32");
  accepts("on a new last axis", {
    op: "OneHot",
    inputs: [[[2], "int32"], depth(3), [[2]]],
    gives: [2, 3],
  });
  refuses(
    "of no depth",
    { op: "OneHot", inputs: [[[2], "int32"], depth(0), [[2]]], gives: [2, 0] },
    /at least 1/,
  );
  refuses(
    "without an off value",
    { op: "OneHot", inputs: [[[2], "int32"], depth(3), [[1]]], gives: [2, 3] },
    /off and an on/,
  );

  accepts("of columns", {
    op: "TopK",
    inputs: [[[2, 5]], ints(3)],
    gives: [spec("float32", 2, 3), spec("int64", 2, 3)],
  });
  refuses(
    "of more than there are",
    {
      op: "TopK",
      inputs: [[[2, 5]], ints(6)],
      gives: [spec("float32", 2, 6), spec("int64", 2, 6)],
    },
    /k of 0 to 5, got 6/,
  );
  refuses(
    "without indices",
    { op: "TopK", inputs: [[[2, 5]], ints(3)], gives: [2, 3] },
    /2 outputs, got 1/,
  );

  accepts("that drops the axis", {
    op: "ArgMax",
    inputs: [[[2, 5]]],
    gives: [spec("int64", 2)],
    attributes: { ...AXIS_1, keepdims: { int: 0 } },
  });
  refuses(
    "to int32",
    { op: "ArgMax", inputs: [[[2, 5]]], gives: [spec("int32", 1, 5)] },
    /int64\[1,5\], got int32/,
  );
  refuses(
    "of nothing",
    { op: "ArgMin", inputs: [[[0]]], gives: [spec("int64", 1)] },
    /something to choose from/,
  );

  const axes = { time_axis: { int: 1 }, batch_axis: { int: 0 } };
  accepts("of rows", {
    op: "ReverseSequence",
    inputs: [[[2, 3]], ints(3, 1)],
    gives: [2, 3],
    attributes: axes,
  });
  refuses(
    "past the end",
    { op: "ReverseSequence", inputs: [[[2, 3]], ints(3, 4)], gives: [2, 3], attributes: axes },
    /lengths of 0 to 3, got 4/,
  );
  refuses(
    "of too few rows",
    { op: "ReverseSequence", inputs: [[[2, 3]], ints(3)], gives: [2, 3], attributes: axes },
    /a length for each of 2 rows/,
  );
});
