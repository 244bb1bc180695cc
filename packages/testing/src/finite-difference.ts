/**
 * Gradients by central differences, to check analytic ones. Knows no tensors: the caller wraps a
 * scalar program as a function of a flat array.
 */

/** Settings of {@link numericGradient}. */
export interface FiniteDifferenceOptions {
  /**
   * Precision in which `f` computes, which sets the default step: a central difference is best
   * near the cube root of the rounding unit. Default "float32", which every tfjs backend has.
   */
  readonly precision?: "float32" | "float64";
  /** Step relative to `max(1, |x[i]|)`, > 0. Default: see `precision`. */
  readonly step?: number;
}

const DEFAULT_STEP = { float32: Math.cbrt(2 ** -24), float64: Math.cbrt(2 ** -53) } as const;

/**
 * Gradient of `f` at `x` by central differences, in float64 outside `f`: 2 evaluations per
 * element. In float32 the points are rounded before the difference of their positions is taken,
 * so that the rounding of the input is not mistaken for a slope.
 *
 * @param f scalar function; the array it gets is reused between calls and must not be kept.
 * @param x [N] point, left as it is.
 * @returns [N] derivatives.
 * @throws RangeError when the step is not positive or vanishes against an element.
 */
export function numericGradient(
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  options: FiniteDifferenceOptions = {},
): Float64Array {
  const precision = options.precision ?? "float32";
  const step = options.step ?? DEFAULT_STEP[precision];
  const round = precision === "float32" ? Math.fround : (value: number) => value;
  const point = Float64Array.from(x, round);
  return point.map((center, index) => {
    const size = step * Math.max(1, Math.abs(center));
    const above = round(center + size);
    const below = round(center - size);
    if (!(above > below)) {
      throw new RangeError(
        `numericGradient: the step must move x[${index}] = ${center}, got ${step}. Use a larger one.`,
      );
    }
    const difference = valueAt(f, point, index, above) - valueAt(f, point, index, below);
    point[index] = center;
    return difference / (above - below);
  });
}

function valueAt(
  f: (x: Float64Array) => number,
  point: Float64Array,
  index: number,
  value: number,
): number {
  point[index] = value;
  return f(point);
}
