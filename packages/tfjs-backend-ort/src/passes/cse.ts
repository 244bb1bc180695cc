/** Common-subexpression elimination. */
import { hasBody } from "../graph/captures.ts";
import type { HostArray } from "../graph/dtypes.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { rewrite } from "./rewrite.ts";

/** Operators that give something else each time they run. */
const RANDOM_OPS: ReadonlySet<string> = new Set([
  ...["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"],
  ...["Bernoulli", "Multinomial", "Dropout"],
]);

/**
 * Computes equal things once: nodes with the same operator, attributes and inputs become one, as do
 * constants with equal elements. Loops are never merged.
 */
export function eliminateCommonSubexpressions(graph: Graph): Graph {
  const nodes = new Map<string, Node>();
  const constants = new Map<string, Value[]>();
  return rewrite(
    graph,
    (node) => {
      if (RANDOM_OPS.has(node.op) || hasBody(node)) return null;
      const key = keyOf(node);
      const known = nodes.get(key);
      if (known) return known.outputs;
      nodes.set(key, node);
      return null;
    },
    (constant) => {
      if (!constant.data) return null;
      const key = `${constant.dtype}[${constant.shape}]${checksum(constant.data)}`;
      const similar = constants.get(key) ?? [];
      const known = similar.find(({ data }) => sameBytes(data, constant.data));
      if (known) return known;
      constants.set(key, [...similar, constant]);
      return null;
    },
  );
}

/** Outputs belong to the key, because their number and types are not always implied. */
function keyOf({ op, domain, inputs, outputs, attributes }: Node): string {
  let key = `${domain}.${op}(`;
  for (const value of inputs) key += value === null ? "_," : `${value.name},`;
  for (const { dtype, shape } of outputs) key += `)${dtype}[${shape}]`;
  for (const name of Object.keys(attributes).sort()) {
    key += `;${name}=${JSON.stringify(attributes[name], exactNumber)}`;
  }
  return key;
}

/** JSON writes -0 as 0 and everything that is not finite as null. */
function exactNumber(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return Object.is(value, -0) ? "-0" : `${value}`;
}

/** Differs for most different arrays: FNV-1a over the bytes of up to 256 places. */
function checksum(data: HostArray): number {
  const bytes = bytesOf(data);
  const step = Math.max(1, Math.floor(bytes.length / 256));
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i += step) {
    hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  }
  return hash;
}

// Bytes and not numbers: -0 is not 0, and NaN equals itself.
function sameBytes(a: HostArray | undefined, b: HostArray | undefined): boolean {
  return !!a && !!b && (a === b || Buffer.compare(bytesOf(a), bytesOf(b)) === 0);
}

function bytesOf({ buffer, byteOffset, byteLength }: HostArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
