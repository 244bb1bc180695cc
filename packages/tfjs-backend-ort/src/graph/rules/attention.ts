/** Rule of attention with a cache. */
import { sameShape } from "../dtypes.ts";
import type { Value, ValueSpec } from "../graph.ts";
import type { NodeView, RuleTable } from "./node-view.ts";

/** The inputs of `GroupQueryAttention` that handlers use, for one new token per row. */
const INPUTS = 7;

/** Queries, keys and values as `[B, 1, heads * K]`, and caches as `[B, heads, S, K]`. */
function groupQueryAttention(node: NodeView): ValueSpec[] {
  node.arity(INPUTS);
  const [q, k, v, keys, values, lengths, total] = node.all() as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const dtype = node.commonType([q, k, v, keys, values]);
  node.typed(lengths, "int32");
  node.typed(total, "int32");
  node.ranked(keys, 4);
  const [batch, groups, columns, width] = keys.shape as [number, number, number, number];
  const heads = node.int("num_heads");
  const declared = node.int("kv_num_heads");
  if (declared !== groups) node.fail(`kv_num_heads ${groups}`, `${declared}`);
  if (groups === 0 || heads % groups !== 0) {
    node.fail(`heads that ${groups} groups share evenly`, `${heads}`);
  }
  if (width % 8 !== 0) node.fail("heads of a multiple of 8", `${width}`);
  const expected: (readonly [Value, readonly number[]])[] = [
    [q, [batch, 1, heads * width]],
    [k, [batch, 1, groups * width]],
    [v, [batch, 1, groups * width]],
    [values, [batch, groups, columns, width]],
    [lengths, [batch]],
    [total, [1]],
  ];
  for (const [value, shape] of expected) {
    if (!sameShape(value.shape, shape)) {
      node.fail(`${value.name} to have shape [${shape}]`, `[${value.shape}]`);
    }
  }
  return [
    { shape: q.shape, dtype },
    { shape: keys.shape, dtype },
    { shape: keys.shape, dtype },
  ];
}

/** Rules of ONNX Runtime's own operators. */
export const ATTENTION_CONTRIB_RULES: RuleTable = { GroupQueryAttention: groupQueryAttention };
