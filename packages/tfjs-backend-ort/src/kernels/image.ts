/**
 * Resizing of images `[batch, height, width, channels]`. Which source pixels make an output pixel
 * depends on the sizes alone, so it is worked out here and stored as constants.
 */
import type {
  ResizeBilinearAttrs,
  ResizeBilinearGradAttrs,
  ResizeBilinearGradInputs,
  ResizeBilinearInputs,
  ResizeNearestNeighborAttrs,
  ResizeNearestNeighborGradAttrs,
  ResizeNearestNeighborGradInputs,
  ResizeNearestNeighborInputs,
} from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { combine } from "./elementwise.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { matMul } from "./matmul.ts";
import { castTo, emptyOf, reshapeTo } from "./shape.ts";

type Shape4 = [number, number, number, number];

/** How output pixels are laid over input pixels. */
interface Alignment {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** Two source pixels per output pixel and the weight of the second. */
interface Blend {
  readonly low: number;
  readonly high: number;
  readonly fraction: number;
}

const HEIGHT = 1;
const WIDTH = 2;

/** Handlers of the image kernels. */
export const IMAGE: HandlerTable = {
  ResizeBilinear: handler<keyof ResizeBilinearInputs, ResizeBilinearAttrs>(
    (graph, { images }, { size, ...alignment }) => {
      const [newHeight, newWidth] = size;
      const [, height, width] = images.shape as Shape4;
      const float = castTo(graph, images, "float32");
      const wide = blendAlong(graph, float, WIDTH, blends(width, newWidth, alignment));
      return blendAlong(graph, wide, HEIGHT, blends(height, newHeight, alignment));
    },
  ),

  ResizeNearestNeighbor: handler<keyof ResizeNearestNeighborInputs, ResizeNearestNeighborAttrs>(
    (graph, { images }, { size, ...alignment }) => {
      const [newHeight, newWidth] = size;
      const [, height, width] = images.shape as Shape4;
      const rows = pickAlong(graph, images, HEIGHT, nearest(height, newHeight, alignment));
      return pickAlong(graph, rows, WIDTH, nearest(width, newWidth, alignment));
    },
  ),

  // As in tfjs, the gradients know nothing of halfPixelCenters.
  ResizeBilinearGrad: handler<keyof ResizeBilinearGradInputs, ResizeBilinearGradAttrs>(
    (graph, { images, dy }, { alignCorners }) =>
      resizeGradient(graph, dy, images.shape, (from, to) =>
        blends(from, to, { alignCorners, halfPixelCenters: false }),
      ),
  ),

  ResizeNearestNeighborGrad: handler<
    keyof ResizeNearestNeighborGradInputs,
    ResizeNearestNeighborGradAttrs
  >((graph, { images, dy }, { alignCorners }) =>
    castTo(
      graph,
      resizeGradient(graph, dy, images.shape, (from, to) =>
        nearest(from, to, { alignCorners, halfPixelCenters: false }).map((source) => ({
          low: source,
          high: source,
          fraction: 0,
        })),
      ),
      images.dtype,
    ),
  ),
};

/** Input pixels per output pixel. */
function step(from: number, to: number, { alignCorners }: Alignment): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}

/** Where between the `from` pixels of the input each of `to` output pixels lies. */
function blends(from: number, to: number, alignment: Alignment): Blend[] {
  const scale = step(from, to, alignment);
  return Array.from({ length: to }, (_, i): Blend => {
    const source = alignment.halfPixelCenters ? scale * (i + 0.5) - 0.5 : scale * i;
    const low = Math.max(0, Math.floor(source));
    return {
      low,
      high: Math.min(from - 1, Math.max(0, Math.ceil(source))),
      fraction: source - low,
    };
  });
}

/** The one pixel of the input that each of `to` output pixels copies. */
function nearest(from: number, to: number, alignment: Alignment): number[] {
  const scale = step(from, to, alignment);
  return Array.from({ length: to }, (_, i) => {
    const source = alignment.halfPixelCenters ? scale * (i + 0.5) : scale * i;
    return Math.min(from - 1, alignment.alignCorners ? Math.round(source) : Math.floor(source));
  });
}

function pickAlong(graph: Graph, images: Value, axis: number, sources: readonly number[]): Value {
  const shape = images.shape.map((dim, i) => (i === axis ? sources.length : dim));
  const { dtype } = images;
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, dtype);
  const indices = graph.constant(Int32Array.from(sources), [sources.length], "int32");
  return graph.node("Gather", [images, indices], { shape, dtype }, { axis: { int: axis } });
}

function blendAlong(graph: Graph, images: Value, axis: number, parts: readonly Blend[]): Value {
  const low = pickAlong(
    graph,
    images,
    axis,
    parts.map((part) => part.low),
  );
  if (parts.every(({ fraction }) => fraction === 0)) return low;
  const high = pickAlong(
    graph,
    images,
    axis,
    parts.map((part) => part.high),
  );
  const fractions = Float32Array.from(parts, ({ fraction }) => fraction);
  const weight = graph.constant(
    fractions,
    low.shape.map((_, i) => (i === axis ? parts.length : 1)),
    "float32",
  );
  return combine(
    graph,
    "Add",
    low,
    combine(graph, "Mul", combine(graph, "Sub", high, low), weight),
  );
}

/**
 * Gives dy back to the pixels it came from: the transposes of the two resizing matrices.
 * @param dy `[batch, yHeight, yWidth, channels]`
 * @param shape of the images, `[batch, height, width, channels]`
 */
function resizeGradient(
  graph: Graph,
  dy: Value,
  shape: readonly number[],
  partsOf: (from: number, to: number) => readonly Blend[],
): Value {
  const [batch, height, width, channels] = shape as Shape4;
  const [, yHeight, yWidth] = dy.shape as Shape4;
  const transposes = { transposeA: true, transposeB: false };
  const rows = resizeMatrix(graph, height, partsOf(height, yHeight));
  const columns = resizeMatrix(graph, width, partsOf(width, yWidth));
  const tall = matMul(
    graph,
    rows,
    reshapeTo(graph, dy, [batch, yHeight, yWidth * channels]),
    transposes,
  );
  const wide = reshapeTo(graph, tall, [batch * height, yWidth, channels]);
  return reshapeTo(graph, matMul(graph, columns, wide, transposes), shape);
}

/** The matrix `[to, from]` that resizes one dimension. */
function resizeMatrix(graph: Graph, from: number, parts: readonly Blend[]): Value {
  const matrix = new Float32Array(parts.length * from);
  for (const [i, { low, high, fraction }] of parts.entries()) {
    matrix[i * from + low] = (matrix[i * from + low] ?? 0) + 1 - fraction;
    matrix[i * from + high] = (matrix[i * from + high] ?? 0) + fraction;
  }
  return graph.constant(matrix, [parts.length, from], "float32");
}
