import { describe } from "vitest";
import { accepts, ints, refuses, spec } from "./cases.ts";

const AXIS_0 = { axis: { int: 0 } };

describe("graph/rules/movement", () => {
  accepts("to equal size", { op: "Reshape", inputs: [[[2, 3]], ints(6)], gives: [6] });
  accepts("to a scalar", { op: "Reshape", inputs: [[[1, 1]], ints()], gives: [] });
  accepts("with an open dimension", {
    op: "Reshape",
    inputs: [[[2, 6]], ints(3, -1)],
    gives: [3, 4],
  });
  accepts("with a copied dimension", {
    op: "Reshape",
    inputs: [[[2, 6]], ints(0, 3, 2)],
    gives: [2, 3, 2],
  });
  accepts("of nothing", {
    op: "Reshape",
    inputs: [[[0, 3]], ints(3, 0)],
    gives: [3, 0],
    attributes: { allowzero: { int: 1 } },
  });
  refuses(
    "to another size",
    { op: "Reshape", inputs: [[[2, 3]], ints(5)], gives: [5] },
    /shape of 6 elements, got \[5\]/,
  );
  refuses(
    "to a size that does not divide",
    { op: "Reshape", inputs: [[[2, 3]], ints(4, -1)], gives: [4, 1] },
    /6 elements/,
  );
  refuses(
    "that copies what is not there",
    { op: "Reshape", inputs: [[[6]], ints(6, 0)], gives: [6, 1] },
    /6 elements/,
  );
  refuses(
    "declared otherwise",
    { op: "Reshape", inputs: [[[2, 3]], ints(6)], gives: [3, 2] },
    /float32\[6\], got float32\[3,2\]/,
  );
  refuses(
    "by a float shape",
    { op: "Reshape", inputs: [[[6]], [[1]]], gives: [6] },
    /v1 to be int64/,
  );

  accepts("by default reversed", { op: "Transpose", inputs: [[[2, 3, 4]]], gives: [4, 3, 2] });
  accepts("by perm", {
    op: "Transpose",
    inputs: [[[2, 3, 4]]],
    gives: [3, 2, 4],
    attributes: { perm: { ints: [1, 0, 2] } },
  });
  for (const perm of [[0], [0, 0], [0, 2], [1, 0, 2]]) {
    refuses(
      `by perm [${perm}]`,
      { op: "Transpose", inputs: [[[2, 2]]], gives: [2, 2], attributes: { perm: { ints: perm } } },
      /perm to order/,
    );
  }

  accepts("both ways", { op: "Expand", inputs: [[[3, 1]], ints(2, 1, 4)], gives: [2, 3, 4] });
  refuses(
    "to what does not fit",
    { op: "Expand", inputs: [[[3]], ints(4)], gives: [4] },
    /broadcast, got \[3\] and \[4\]/,
  );
  refuses(
    "below zero",
    { op: "Expand", inputs: [[[1]], ints(-1)], gives: [1] },
    /without negatives/,
  );

  accepts("at the end", { op: "Unsqueeze", inputs: [[[2]], ints(-1, 0)], gives: [1, 2, 1] });
  refuses(
    "outside",
    { op: "Unsqueeze", inputs: [[[2]], ints(3)], gives: [2, 1] },
    /axis in \[-2, 2\), got 3/,
  );
  accepts("of all", { op: "Squeeze", inputs: [[[1, 2, 1]]], gives: [2] });
  accepts("of one", { op: "Squeeze", inputs: [[[1, 2, 1]], ints(-1)], gives: [1, 2] });
  refuses(
    "of more than 1",
    { op: "Squeeze", inputs: [[[1, 2]], ints(1)], gives: [1] },
    /dimension 1 to be 1, got 2/,
  );
  refuses("twice", { op: "Squeeze", inputs: [[[1, 2]], ints(0, -2)], gives: [2] }, /distinct axes/);
  accepts("to a matrix", { op: "Flatten", inputs: [[[2, 3, 4]]], gives: [2, 12] });
  accepts("after the last axis", {
    op: "Flatten",
    inputs: [[[2, 3]]],
    gives: [6, 1],
    attributes: { axis: { int: 2 } },
  });

  accepts("along an axis", {
    op: "Concat",
    inputs: [[[2, 3]], [[2, 0]], [[2, 1]]],
    gives: [2, 4],
    attributes: { axis: { int: -1 } },
  });
  refuses(
    "of different rows",
    { op: "Concat", inputs: [[[2, 3]], [[1, 3]]], gives: [2, 6], attributes: { axis: { int: 1 } } },
    /equal outside axis 1/,
  );
  refuses(
    "of different ranks",
    { op: "Concat", inputs: [[[2, 3]], [[3]]], gives: [3, 3], attributes: AXIS_0 },
    /rank 2, got 1/,
  );
  refuses(
    "of different types",
    { op: "Concat", inputs: [[[2]], [[2], "int32"]], gives: [4], attributes: AXIS_0 },
    /v1 to be float32/,
  );
  refuses(
    "of scalars",
    { op: "Concat", inputs: [[[]], [[]]], gives: [2], attributes: AXIS_0 },
    /an axis in \[0, 0\)|an axis in \[-0, 0\)/,
  );
  refuses(
    "of nothing",
    { op: "Concat", inputs: [], gives: [0], attributes: AXIS_0 },
    /inputs, got none/,
  );
  refuses(
    "without an axis",
    { op: "Concat", inputs: [[[2]]], gives: [2] },
    /integer attribute axis, got none/,
  );

  const halves = [spec("float32", 2), spec("float32", 2)];
  accepts("by sizes", {
    op: "Split",
    inputs: [[[4]], ints(1, 3)],
    gives: [spec("float32", 1), spec("float32", 3)],
    attributes: AXIS_0,
  });
  accepts("by number", {
    op: "Split",
    inputs: [[[4]]],
    gives: halves,
    attributes: { num_outputs: { int: 2 } },
  });
  accepts("unevenly by number", {
    op: "Split",
    inputs: [[[3]]],
    gives: [spec("float32", 2), spec("float32", 1)],
    attributes: { num_outputs: { int: 2 } },
  });
  refuses(
    "with an output missing",
    { op: "Split", inputs: [[[6]], ints(2, 2, 2)], gives: halves, attributes: AXIS_0 },
    /3 outputs, got 2/,
  );
  refuses(
    "with an output too many",
    { op: "Split", inputs: [[[2]], ints(2)], gives: halves, attributes: AXIS_0 },
    /1 outputs, got 2/,
  );
  refuses(
    "with sizes that do not add up",
    { op: "Split", inputs: [[[5]], ints(2, 2)], gives: halves, attributes: AXIS_0 },
    /add up to 5, got \[2,2\]/,
  );
  refuses(
    "with negative sizes",
    { op: "Split", inputs: [[[2]], ints(-1, 3)], gives: halves, attributes: AXIS_0 },
    /add up to 2/,
  );
  refuses(
    "with computed sizes",
    { op: "Split", inputs: [[[4]], [[2], "int64"]], gives: halves, attributes: AXIS_0 },
    /constant sizes/,
  );
  refuses(
    "with outputs declared otherwise",
    { op: "Split", inputs: [[[4]], ints(1, 3)], gives: halves, attributes: AXIS_0 },
    /float32\[1\], got float32\[2\]/,
  );
  refuses(
    "with another number than outputs",
    { op: "Split", inputs: [[[4]]], gives: halves, attributes: { num_outputs: { int: 4 } } },
    /num_outputs 2, got 4/,
  );
  refuses(
    "of a missing axis",
    { op: "Split", inputs: [[[4]], ints(2, 2)], gives: halves, attributes: { axis: { int: 1 } } },
    /axis in \[-1, 1\)/,
  );

  accepts("from the end", {
    op: "Slice",
    inputs: [[[5, 4]], ints(-2), ints(9), ints(0)],
    gives: [2, 4],
  });
  accepts("of nothing", { op: "Slice", inputs: [[[5]], ints(3), ints(2), ints(0)], gives: [0] });
  accepts("past the end", { op: "Slice", inputs: [[[5]], ints(9), ints(12), ints(0)], gives: [0] });
  accepts("with steps", {
    op: "Slice",
    inputs: [[[5]], ints(0), ints(5), ints(0), ints(2)],
    gives: [3],
  });
  accepts("backwards", {
    op: "Slice",
    inputs: [[[5]], ints(4), ints(-9), ints(0), ints(-2)],
    gives: [3],
  });
  accepts("backwards from past the end", {
    op: "Slice",
    inputs: [[[5]], ints(9), ints(1), ints(0), ints(-1)],
    gives: [3],
  });
  accepts("of the first axes", {
    op: "Slice",
    inputs: [[[5, 4]], ints(1, 1), ints(2, 3)],
    gives: [1, 2],
  });
  refuses(
    "with fewer ends",
    { op: "Slice", inputs: [[[5, 4]], ints(1, 1), ints(2)], gives: [1, 2] },
    /2 ends, axes and steps, got 1, 2, 2/,
  );
  refuses(
    "with steps of 0",
    { op: "Slice", inputs: [[[5]], ints(0), ints(5), ints(0), ints(0)], gives: [5] },
    /other than 0/,
  );
  refuses(
    "of a missing axis",
    { op: "Slice", inputs: [[[5]], ints(0), ints(5), ints(1)], gives: [5] },
    /axis in \[-1, 1\), got 1/,
  );
  refuses(
    "twice along an axis",
    { op: "Slice", inputs: [[[5]], ints(0, 0), ints(5, 5), ints(0, 0)], gives: [5] },
    /distinct/,
  );
  refuses(
    "declared otherwise",
    { op: "Slice", inputs: [[[5]], ints(1), ints(3), ints(0)], gives: [3] },
    /float32\[2\], got float32\[3\]/,
  );

  accepts("with zeros", { op: "Pad", inputs: [[[2, 3]], ints(1, 0, 0, 2)], gives: [3, 5] });
  accepts("by reflection", {
    op: "Pad",
    inputs: [[[3]], ints(2, 1)],
    gives: [6],
    attributes: { mode: { string: "reflect" } },
  });
  accepts("away", { op: "Pad", inputs: [[[3]], ints(-1, -1)], gives: [1] });
  refuses(
    "with too few numbers",
    { op: "Pad", inputs: [[[2, 3]], ints(1, 1)], gives: [3, 4] },
    /4 pads, got 2/,
  );
  refuses(
    "away more than there is",
    { op: "Pad", inputs: [[[3]], ints(-2, -2)], gives: [0] },
    /leave something/,
  );
  refuses(
    "by reflecting more than there is",
    {
      op: "Pad",
      inputs: [[[3]], ints(3, 0)],
      gives: [6],
      attributes: { mode: { string: "reflect" } },
    },
    /at most 2 pads by reflect/,
  );
  refuses(
    "with a value of another type",
    { op: "Pad", inputs: [[[3], "int32"], ints(1, 1), [[]]], gives: [spec("int32", 5)] },
    /v2 to be int32/,
  );

  accepts("per axis", { op: "Tile", inputs: [[[2, 3]], ints(2, 0)], gives: [4, 0] });
  refuses(
    "with too few counts",
    { op: "Tile", inputs: [[[2, 3]], ints(2)], gives: [4, 3] },
    /2 counts/,
  );
  refuses("less than never", { op: "Tile", inputs: [[[2]], ints(-1)], gives: [2] }, /at least 0/);

  accepts("of zeros", { op: "ConstantOfShape", inputs: [ints(2, 3)], gives: [2, 3] });
  refuses(
    "below zero",
    { op: "ConstantOfShape", inputs: [ints(-2)], gives: [2] },
    /without negatives/,
  );
  accepts("of a batch", { op: "Trilu", inputs: [[[2, 3, 4]]], gives: [2, 3, 4] });
  refuses("of a vector", { op: "Trilu", inputs: [[[3]]], gives: [3] }, /at least 2 dimensions/);
});
