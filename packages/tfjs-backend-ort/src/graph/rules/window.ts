/** Rules of operators that slide a window over the spatial dimensions of `[batch, channels, ...]`. */
import { sameShape } from "../dtypes.ts";
import type { Value, ValueSpec } from "../graph.ts";
import type { NodeView, RuleTable } from "./node-view.ts";

type Specs = readonly (ValueSpec | null)[];

/** One number per spatial dimension; padding has those at the begin first, then those at the end. */
interface Window {
  /** Extent of the filter with its holes. */
  readonly extent: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
}

function windowOf(node: NodeView, filter: readonly number[]): Window {
  if (node.string("auto_pad", "NOTSET") !== "NOTSET") node.fail("explicit padding", "auto_pad");
  const rank = filter.length;
  const list = (name: string, length: number, least: number, fallback: number) => {
    const given = node.ints(name) ?? new Array<number>(length).fill(fallback);
    if (given.length !== length || given.some((it) => it < least)) {
      node.fail(`${length} ${name} of at least ${least}`, `[${given}]`);
    }
    return given;
  };
  const dilations = list("dilations", rank, 1, 1);
  const extent = filter.map((size, i) => (size - 1) * (dilations[i] as number) + 1);
  return { extent, strides: list("strides", rank, 1, 1), pads: list("pads", 2 * rank, 0, 0) };
}

/** How often the window fits along every spatial dimension. */
function positions(node: NodeView, x: Value, { extent, strides, pads }: Window): number[] {
  return x.shape.slice(2).map((dim, i) => {
    const size = dim + (pads[i] as number) + (pads[extent.length + i] as number);
    const count = Math.floor((size - (extent[i] as number)) / (strides[i] as number)) + 1;
    if (count < 1) node.fail(`an input that holds the window [${extent}]`, `[${x.shape}]`);
    return count;
  });
}

/** Checks input, filter and bias; returns the number of groups. */
function channels(node: NodeView, perGroup: 0 | 1): number {
  node.arity(2, 3);
  const [x, filter, bias] = [node.input(0), node.input(1), node.optional(2)];
  node.commonType(bias === null ? [x, filter] : [x, filter, bias]);
  if (x.shape.length < 3) node.fail("spatial dimensions", `[${x.shape}]`);
  node.ranked(filter, x.shape.length);
  const groups = node.int("group", 1);
  const [inputs, own] = [x.shape[1] as number, filter.shape[perGroup === 1 ? 1 : 0] as number];
  const expected = perGroup === 1 ? own * groups : own;
  if (groups < 1 || inputs !== expected || (filter.shape[0] as number) % groups !== 0) {
    node.fail(`${expected} channels in ${groups} groups`, `[${x.shape}] and [${filter.shape}]`);
  }
  return groups;
}

function checkBias(node: NodeView, outputs: number): void {
  const bias = node.optional(2);
  if (bias !== null && !sameShape(bias.shape, [outputs])) {
    node.fail(`a bias of shape [${outputs}]`, `[${bias.shape}]`);
  }
}

function conv(node: NodeView): Specs {
  channels(node, 1);
  const [x, filter] = [node.input(0), node.input(1)];
  const [outputs, , ...spatial] = filter.shape as [number, number, ...number[]];
  checkBias(node, outputs);
  const counts = positions(node, x, windowOf(node, spatial));
  return [{ shape: [x.shape[0] as number, outputs, ...counts], dtype: x.dtype }];
}

function convTranspose(node: NodeView): Specs {
  const groups = channels(node, 0);
  const [x, filter] = [node.input(0), node.input(1)];
  const [, perGroup, ...spatial] = filter.shape as [number, number, ...number[]];
  const outputs = perGroup * groups;
  checkBias(node, outputs);
  const { extent, strides, pads } = windowOf(node, spatial);
  if (node.has("output_shape")) return [null];
  const more = node.ints("output_padding") ?? spatial.map(() => 0);
  const sizes = x.shape.slice(2).map((dim, i) => {
    const cut = (pads[i] as number) + (pads[spatial.length + i] as number);
    return (dim - 1) * (strides[i] as number) + (extent[i] as number) + (more[i] as number) - cut;
  });
  return [{ shape: [x.shape[0] as number, outputs, ...sizes], dtype: x.dtype }];
}

function pool(node: NodeView): Specs {
  node.arity(1);
  const x = node.input(0);
  const filter = node.ints("kernel_shape") ?? node.fail("a kernel_shape", "none");
  node.ranked(x, filter.length + 2);
  const window = windowOf(node, filter);
  window.pads.forEach((pad, i) => {
    const size = filter[i % filter.length] as number;
    if (pad >= size) node.fail(`pads below the window [${filter}]`, `[${window.pads}]`);
  });
  const count = node.node.outputs.length;
  if (node.int("ceil_mode", 0) !== 0) return new Array<null>(count).fill(null);
  const shape = [...x.shape.slice(0, 2), ...positions(node, x, window)];
  const results: ValueSpec[] = [
    { shape, dtype: x.dtype },
    { shape, dtype: "int64" },
  ];
  return results.slice(0, node.node.op === "MaxPool" ? count : 1);
}

/** Rules of the standard. */
export const WINDOW_RULES: RuleTable = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool,
  AveragePool: pool,
};
