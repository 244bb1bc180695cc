import { describe } from "vitest";
import { accepts, type Case, type Operand, refuses, spec } from "./cases.ts";

/** 4 heads of 8 that share 2 key heads, a cache of 5 columns for 3 rows. */
function withInputs(replaced: Readonly<Record<number, Operand>> = {}): Case {
  const inputs: readonly Operand[] = [
    [[3, 1, 32]],
    [[3, 1, 16]],
    [[3, 1, 16]],
    [[3, 2, 5, 8]],
    [[3, 2, 5, 8]],
    (graph) => graph.constant(Int32Array.of(0, 2, 4), [3], "int32"),
    (graph) => graph.constant(Int32Array.of(5), [1], "int32"),
  ];
  return {
    op: "GroupQueryAttention",
    domain: "com.microsoft",
    inputs: inputs.map((operand, i) => (i in replaced ? (replaced[i] as Operand) : operand)),
    gives: [spec("float32", 3, 1, 32), spec("float32", 3, 2, 5, 8), spec("float32", 3, 2, 5, 8)],
    attributes: { num_heads: { int: 4 }, kv_num_heads: { int: 2 } },
  };
}

describe("graph/rules/attention", () => {
  accepts("with a cache", withInputs());
  refuses(
    "of other key heads",
    withInputs({ 1: [[3, 1, 32]] }),
    /shape \[3,1,16\], got \[3,1,32\]/,
  );
  refuses("of other caches", withInputs({ 4: [[3, 2, 6, 8]] }), /\[3,2,5,8\], got \[3,2,6,8\]/);
  refuses("of another number of lengths", withInputs({ 5: [[2], "int32"] }), /\[3\], got \[2\]/);
  refuses("with other lengths", withInputs({ 5: [[3], "int64"] }), /int32, got int64/);
  refuses(
    "of heads that groups do not share",
    { ...withInputs(), attributes: { num_heads: { int: 5 }, kv_num_heads: { int: 2 } } },
    /heads that 2 groups share evenly, got 5/,
  );
  refuses(
    "of other groups than declared",
    { ...withInputs(), attributes: { num_heads: { int: 4 }, kv_num_heads: { int: 4 } } },
    /kv_num_heads 2/,
  );
});
