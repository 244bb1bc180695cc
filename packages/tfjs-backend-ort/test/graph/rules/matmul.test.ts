import { describe } from "vitest";
import { accepts, refuses } from "./cases.ts";

const CONTRIB = { op: "FusedMatMul", domain: "com.microsoft" } as const;

describe("graph/rules/matmul", () => {
  accepts("of matrices", { op: "MatMul", inputs: [[[2, 3]], [[3, 4]]], gives: [2, 4] });
  accepts("of batches", {
    op: "MatMul",
    inputs: [[[5, 1, 2, 3]], [[6, 3, 4]]],
    gives: [5, 6, 2, 4],
  });
  accepts("of vectors", { op: "MatMul", inputs: [[[3]], [[3]]], gives: [] });
  accepts("of a matrix and a vector", { op: "MatMul", inputs: [[[2, 3]], [[3]]], gives: [2] });
  accepts("of a vector and a batch", { op: "MatMul", inputs: [[[3]], [[5, 3, 4]]], gives: [5, 4] });
  refuses(
    "of other depths",
    { op: "MatMul", inputs: [[[2, 3]], [[2, 4]]], gives: [2, 4] },
    /inner dimensions, got 3 and 2/,
  );
  refuses(
    "of other batches",
    { op: "MatMul", inputs: [[[2, 2, 3]], [[3, 3, 4]]], gives: [2, 2, 4] },
    /broadcast, got \[2\] and \[3\]/,
  );
  refuses("of a scalar", { op: "MatMul", inputs: [[[]], [[3, 4]]], gives: [4] }, /no scalars/);
  refuses(
    "of other types",
    { op: "MatMul", inputs: [[[2, 3]], [[3, 4], "int32"]], gives: [2, 4] },
    /v1 to be float32/,
  );

  const both = { transA: { int: 1 }, transB: { int: 1 } };
  accepts("transposed", {
    op: "Gemm",
    inputs: [[[3, 2]], [[4, 3]]],
    gives: [2, 4],
    attributes: both,
  });
  accepts("with a row added", { op: "Gemm", inputs: [[[2, 3]], [[3, 4]], [[4]]], gives: [2, 4] });
  accepts("with a column added", {
    op: "Gemm",
    inputs: [[[2, 3]], [[3, 4]], [[2, 1]]],
    gives: [2, 4],
  });
  refuses(
    "transposed wrongly",
    { op: "Gemm", inputs: [[[2, 3]], [[3, 4]]], gives: [2, 4], attributes: both },
    /inner dimensions, got 2 and 4/,
  );
  refuses(
    "of batches",
    { op: "Gemm", inputs: [[[1, 2, 3]], [[3, 4]]], gives: [2, 4] },
    /v0 to have rank 2, got 3/,
  );
  refuses(
    "with too much added",
    { op: "Gemm", inputs: [[[1, 3]], [[3, 4]], [[2, 4]]], gives: [1, 4] },
    /broadcasts to \[1,4\], got \[2,4\]/,
  );
  refuses(
    "with something else added",
    { op: "Gemm", inputs: [[[2, 3]], [[3, 4]], [[3]]], gives: [2, 4] },
    /broadcast/,
  );

  accepts("transposed", {
    ...CONTRIB,
    inputs: [[[5, 3, 2]], [[4, 3]]],
    gives: [5, 2, 4],
    attributes: both,
  });
  accepts("with the batch behind", {
    ...CONTRIB,
    inputs: [[[2, 5, 3]], [[5, 3, 4]]],
    gives: [5, 2, 4],
    attributes: { transBatchA: { int: 1 } },
  });
  refuses(
    "transposed wrongly",
    { ...CONTRIB, inputs: [[[5, 2, 3]], [[3, 4]]], gives: [5, 2, 4], attributes: both },
    /inner dimensions, got 2 and 4/,
  );
  refuses(
    "of a vector",
    { ...CONTRIB, inputs: [[[3]], [[3, 4]]], gives: [4] },
    /a matrix at least, got \[3\]/,
  );
});
