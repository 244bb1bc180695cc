/** The model sizes that are measured, and what a training step of each has to compute. */

/** A GPT-2 style decoder and its batch. */
export interface Size {
  readonly layers: number;
  /** D. */
  readonly width: number;
  /** H. */
  readonly heads: number;
  /** V. */
  readonly vocabulary: number;
  /** B. */
  readonly batch: number;
  /** T. */
  readonly length: number;
}

/** Sizes by name, from 0.9 to 124 million parameters. */
export const SIZES = {
  S: { layers: 4, width: 128, heads: 4, vocabulary: 512, batch: 64, length: 32 },
  M: { layers: 6, width: 256, heads: 8, vocabulary: 2048, batch: 32, length: 64 },
  L: { layers: 6, width: 512, heads: 8, vocabulary: 8192, batch: 8, length: 128 },
  G: { layers: 12, width: 768, heads: 12, vocabulary: 50257, batch: 2, length: 128 },
} as const satisfies Record<string, Size>;

/** Name of a {@link Size}. */
export type SizeName = keyof typeof SIZES;

/** The model of a size in words. */
export function modelLine({ layers, width, heads, vocabulary }: Size): string {
  return `${layers} layers, width ${width}, ${heads} heads, vocabulary ${vocabulary}`;
}

/** Sequences decoded at once, and tokens decoded per sequence. */
export const DECODE = { batch: 64, tokens: 60 } as const;

/** All of them, smallest first. */
export const SIZE_NAMES = Object.keys(SIZES) as readonly SizeName[];

/** A matrix product `[m, k] x [k, n]` with either side stored transposed, done `count` times. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly count: number;
}

/** The products of a training step that involve weights, forward and backward. */
export function weightProducts({ layers, width, vocabulary, batch, length }: Size): Product[] {
  const rows = batch * length;
  const maps = [
    { inputs: width, outputs: 3 * width, count: layers },
    { inputs: width, outputs: width, count: layers },
    { inputs: width, outputs: 4 * width, count: layers },
    { inputs: 4 * width, outputs: width, count: layers },
  ];
  const [forward, left, right] = [
    { transposeA: false, transposeB: false },
    { transposeA: false, transposeB: true },
    { transposeA: true, transposeB: false },
  ];
  return [
    ...maps.flatMap(({ inputs, outputs, count }): Product[] => [
      { m: rows, k: inputs, n: outputs, ...forward, count },
      { m: rows, k: outputs, n: inputs, ...left, count },
      { m: inputs, k: rows, n: outputs, ...right, count },
    ]),
    // The head multiplies by the transposed embedding table.
    { m: rows, k: width, n: vocabulary, ...left, count: 1 },
    { m: rows, k: vocabulary, n: width, ...forward, count: 1 },
    { m: vocabulary, k: rows, n: width, ...right, count: 1 },
  ];
}

/** Floating-point operations of the matrix products of one training step, attention included. */
export function stepFlops(size: Size): number {
  const { layers, width, batch, length } = size;
  const weights = weightProducts(size).reduce(
    (sum, { m, k, n, count }) => sum + m * k * n * count,
    0,
  );
  // q k^T and weights v: two products forward, four backward, over all positions.
  const attention = 6 * layers * batch * length * length * width;
  return 2 * (weights + attention);
}

/** Shapes of the parameters by name; weights are `[inputs, outputs]`. */
export function parameterShapes({
  layers,
  width,
  vocabulary,
  length,
}: Size): Record<string, number[]> {
  const shapes: Record<string, number[]> = {
    tokens: [vocabulary, width],
    positions: [length, width],
  };
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `${layer}.${part}`;
    shapes[name("norm1.scale")] = [width];
    shapes[name("norm1.offset")] = [width];
    shapes[name("qkv.w")] = [width, 3 * width];
    shapes[name("qkv.b")] = [3 * width];
    shapes[name("projection.w")] = [width, width];
    shapes[name("projection.b")] = [width];
    shapes[name("norm2.scale")] = [width];
    shapes[name("norm2.offset")] = [width];
    shapes[name("up.w")] = [width, 4 * width];
    shapes[name("up.b")] = [4 * width];
    shapes[name("down.w")] = [4 * width, width];
    shapes[name("down.b")] = [width];
  }
  shapes["norm.scale"] = [width];
  shapes["norm.offset"] = [width];
  return shapes;
}
