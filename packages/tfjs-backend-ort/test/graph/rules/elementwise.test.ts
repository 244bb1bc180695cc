import { describe } from "vitest";
import { onnxType } from "../../../src/graph/dtypes.ts";
import { accepts, refuses, spec } from "./cases.ts";

describe("graph/rules/elementwise", () => {
  accepts("of any shape", { op: "Tanh", inputs: [[[2, 0, 3]]], gives: [2, 0, 3] });
  refuses("with another shape", { op: "Tanh", inputs: [[[2]]], gives: [3] }, /float32\[2\], got/);
  refuses("of two inputs", { op: "Tanh", inputs: [[[2]], [[2]]], gives: [2] }, /1 inputs, got 2/);

  accepts("that broadcast both", { op: "Add", inputs: [[[2, 1]], [[3]]], gives: [2, 3] });
  accepts("on zero sizes", { op: "Add", inputs: [[[0, 1]], [[3]]], gives: [0, 3] });
  accepts("on a scalar", { op: "Mul", inputs: [[[]], [[]]], gives: [] });
  refuses(
    "that do not broadcast",
    { op: "Add", inputs: [[[2, 4]], [[2, 3]]], gives: [2, 4] },
    /broadcast, got \[2,4\] and \[2,3\]/,
  );
  refuses(
    "of different types",
    { op: "Add", inputs: [[[2]], [[2], "int32"]], gives: [2] },
    /v1 to be float32, got int32/,
  );
  refuses("with an omitted operand", { op: "Sub", inputs: [[[2]], null], gives: [2] }, /none/);

  accepts("by constants other than zero", {
    op: "Div",
    inputs: [[[2], "int32"], (graph) => graph.scalar(3, "int32")],
    gives: [spec("int32", 2)],
  });
  accepts("of floats by zero", {
    op: "Div",
    inputs: [[[2]], (graph) => graph.scalar(0)],
    gives: [2],
  });
  for (const op of ["Div", "Mod"]) {
    refuses(
      "of integers by zero",
      {
        op,
        inputs: [[[2], "int32"], (graph) => graph.constant(Int32Array.of(1, 0), [2], "int32")],
        gives: [spec("int32", 2)],
      },
      /divisor without zeros/,
    );
  }

  accepts("of three", { op: "Sum", inputs: [[[2, 1]], [[3]], [[]]], gives: [2, 3] });
  refuses("of nothing", { op: "Max", inputs: [], gives: [] }, /inputs, got none/);

  accepts("to bool", {
    op: "LessOrEqual",
    inputs: [
      [[2], "int32"],
      [[], "int32"],
    ],
    gives: [spec("bool", 2)],
  });
  refuses("to float", { op: "Less", inputs: [[[2]], [[2]]], gives: [2] }, /bool\[2\], got float32/);
  accepts("of bools", {
    op: "And",
    inputs: [
      [[2], "bool"],
      [[2], "bool"],
    ],
    gives: [spec("bool", 2)],
  });
  refuses(
    "of floats",
    { op: "And", inputs: [[[2]], [[2]]], gives: [spec("bool", 2)] },
    /to be bool, got float32/,
  );
  refuses("of a float", { op: "Not", inputs: [[[2]]], gives: [spec("bool", 2)] }, /to be bool/);
  accepts("as a test", { op: "IsNaN", inputs: [[[2]]], gives: [spec("bool", 2)] });

  accepts("with an integer exponent", {
    op: "Pow",
    inputs: [[[2]], [[], "int32"]],
    gives: [2],
  });

  accepts("that broadcasts all three", {
    op: "Where",
    inputs: [[[2, 1], "bool"], [[3]], [[]]],
    gives: [2, 3],
  });
  refuses(
    "on a float condition",
    { op: "Where", inputs: [[[2]], [[2]], [[2]]], gives: [2] },
    /v0 to be bool, got float32/,
  );
  refuses(
    "between types",
    { op: "Where", inputs: [[[2], "bool"], [[2]], [[2], "int32"]], gives: [2] },
    /v2 to be float32, got int32/,
  );

  accepts("with one bound", { op: "Clip", inputs: [[[2]], null, [[]]], gives: [2] });
  refuses(
    "with bounds per element",
    { op: "Clip", inputs: [[[2]], [[2]]], gives: [2] },
    /scalar bounds, got \[2\]/,
  );

  accepts("to int64", {
    op: "Cast",
    inputs: [[[2]]],
    gives: [spec("int64", 2)],
    attributes: { to: { int: onnxType("int64") } },
  });
  refuses(
    "to a type the output does not have",
    { op: "Cast", inputs: [[[2]]], gives: [2], attributes: { to: { int: onnxType("bool") } } },
    /type of the output, got 9 for float32/,
  );
  refuses("without a type", { op: "Cast", inputs: [[[2]]], gives: [2] }, /attribute to, got none/);

  accepts("with a bias", {
    op: "FastGelu",
    inputs: [[[2, 3]], [[3]]],
    gives: [2, 3],
    domain: "com.microsoft",
  });
  refuses(
    "with a bias of another length",
    { op: "BiasGelu", inputs: [[[2, 3]], [[2]]], gives: [2, 3], domain: "com.microsoft" },
    /2 columns in the input, got 3/,
  );
});
