/** Attention with a cache against a loop over plain numbers, on every way to run it. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test } from "vitest";
import {
  BACKEND_NAME,
  type CachedAttentionInputs,
  type CachedAttentionOptions,
  cachedAttention,
  jit,
  selectBackend,
} from "../../src/index.ts";

// Sums of a few dozen float32 terms of order 1, in another order.
const SAME_MATHS = { rtol: 1e-5, atol: 2e-6 };

interface Sizes {
  readonly heads: number;
  readonly groups: number;
  readonly columns: number;
  readonly width: number;
  readonly lengths: readonly number[];
  readonly options?: CachedAttentionOptions;
}

const CASES: readonly Sizes[] = [
  { heads: 4, groups: 4, columns: 10, width: 8, lengths: [0, 4, 9] },
  { heads: 6, groups: 2, columns: 33, width: 16, lengths: [31, 0], options: { scale: 0.3 } },
  { heads: 2, groups: 1, columns: 12, width: 8, lengths: [0, 2, 11], options: { window: 3 } },
  { heads: 2, groups: 2, columns: 5, width: 8, lengths: [1, 4], options: { window: 1 } },
  { heads: 2, groups: 2, columns: 1, width: 8, lengths: [0] },
  // A width that ONNX Runtime's operator does not take.
  { heads: 4, groups: 2, columns: 7, width: 6, lengths: [6, 3, 0], options: { window: 4 } },
];

/** Numbers of order 1 without a pattern; the same for the same seed. */
function numbers(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 1.5 * Math.sin(12.9898 * (i + 1) + 78.233 * seed));
}

function shapesOf({ heads, groups, columns, width, lengths }: Sizes) {
  const batch = lengths.length;
  return {
    q: [batch, heads, 1, width],
    k: [batch, groups, 1, width],
    v: [batch, groups, 1, width],
    keys: [batch, groups, columns, width],
    values: [batch, groups, columns, width],
  };
}

function inputsOf(sizes: Sizes): CachedAttentionInputs {
  const tensors = Object.entries(shapesOf(sizes)).map(([name, shape], i) => {
    return [name, tf.tensor(numbers(tf.util.sizeFromShape(shape), i), shape)];
  });
  const lengths = tf.tensor1d([...sizes.lengths], "int32");
  return { ...Object.fromEntries(tensors), lengths };
}

/** Attended, keys and values, one number at a time in float64. */
function reference(sizes: Sizes): number[][] {
  const { heads, groups, columns, width, lengths, options = {} } = sizes;
  const { scale = 1 / Math.sqrt(width), window = null } = options;
  const [q, k, v, keys, values] = Object.values(shapesOf(sizes)).map((shape, i) => [
    ...numbers(tf.util.sizeFromShape(shape), i),
  ]) as [number[], number[], number[], number[], number[]];
  const attended: number[] = [];
  lengths.forEach((own, b) => {
    for (let g = 0; g < groups; g++) {
      const row = b * groups + g;
      for (let e = 0; e < width; e++) {
        keys[(row * columns + own) * width + e] = k[row * width + e] as number;
        values[(row * columns + own) * width + e] = v[row * width + e] as number;
      }
    }
    for (let h = 0; h < heads; h++) {
      const row = b * groups + Math.floor((h * groups) / heads);
      const from = window === null ? 0 : Math.max(0, own - window + 1);
      const seen = Array.from(
        { length: own + 1 - from },
        (_, i) => (row * columns + from + i) * width,
      );
      const dots = seen.map((at) => {
        const terms = Array.from({ length: width }, (_, e) => {
          return (q[(b * heads + h) * width + e] as number) * (keys[at + e] as number);
        });
        return Math.exp(scale * terms.reduce((sum, term) => sum + term, 0));
      });
      const total = dots.reduce((sum, weight) => sum + weight, 0);
      for (let e = 0; e < width; e++) {
        attended.push(
          seen.reduce(
            (sum, at, i) => sum + ((dots[i] as number) / total) * (values[at + e] as number),
            0,
          ),
        );
      }
    }
  });
  return [attended, keys, values];
}

/** The columns of a cache up to each row's newest. */
function filled(cache: readonly number[], { groups, columns, width, lengths }: Sizes): number[] {
  return cache.filter((_, i) => {
    const row = Math.floor(i / (groups * columns * width));
    return Math.floor(i / width) % columns <= (lengths[row] as number);
  });
}

afterEach(() => tf.setBackend("cpu"));

describe.each(CASES)("ops cachedAttention of %o", (sizes) => {
  test.each([
    ["cpu", "op by op", false],
    ["wasm", "op by op", false],
    [BACKEND_NAME, "op by op", false],
    [BACKEND_NAME, "compiled", true],
  ])("equals a loop over numbers on %s %s", async (backend, _, compiled) => {
    await selectBackend(backend as "cpu");
    const attend = (inputs: CachedAttentionInputs) => cachedAttention(inputs, sizes.options);
    const program = compiled ? jit(attend) : null;
    const results = tf.tidy(() => {
      const { attended, keys, values } = (program ?? attend)(inputsOf(sizes));
      return [attended, keys, values].map((tensor) => tensor.dataSync());
    });
    program?.dispose();
    const [attended, keys, values] = reference(sizes) as [number[], number[], number[]];
    const expected = [attended, filled(keys, sizes), filled(values, sizes)];
    const [result, ...caches] = results as [Float32Array, Float32Array, Float32Array];
    [result, ...caches.map((cache) => filled([...cache], sizes))].forEach((numbers, i) => {
      expect(numbers, `output ${i}`).toBeAllClose(expected[i] as number[], SAME_MATHS);
    });
  });
});

describe("ops cachedAttention", () => {
  const sizes: Sizes = { heads: 2, groups: 2, columns: 4, width: 8, lengths: [0, 2] };

  /** A compiled step that keeps keys and values in variables. */
  function stepper() {
    const inputs = inputsOf(sizes);
    const keys = tf.variable(inputs.keys, false);
    const values = tf.variable(inputs.values, false);
    const step = jit((lengths: tf.Tensor1D) => {
      const outputs = cachedAttention({ ...inputs, keys, values, lengths });
      keys.assign(outputs.keys);
      values.assign(outputs.values);
      return outputs.attended;
    });
    return { keys, values, step };
  }

  test("writes variables in place, run by run", async () => {
    await tf.setBackend(BACKEND_NAME);
    const { keys, step } = stepper();
    const buffer = () => {
      const backend = tf.engine().backend as unknown as { data: Map<object, { values: object }> };
      return backend.data.get(keys.dataId)?.values;
    };
    step(tf.tensor1d([0, 2], "int32"));
    const first = buffer();
    step(tf.tensor1d([1, 3], "int32"));
    expect(buffer()).toBe(first);
    const { k } = inputsOf(sizes);
    const column = (row: number, at: number) => [
      ...tf.slice(keys, [row, 0, at, 0], [1, 2, 1, 8]).dataSync(),
    ];
    for (const row of [0, 1]) {
      const own = [...tf.slice(k, [row, 0, 0, 0], [1, 2, 1, 8]).dataSync()];
      expect([column(row, 2 * row), column(row, 2 * row + 1)]).toEqual([own, own]);
    }
  });

  test.each([4, -1])("a length of %i with 4 columns is an error", async (length) => {
    await tf.setBackend(BACKEND_NAME);
    const { step } = stepper();
    expect(() => step(tf.tensor1d([0, length], "int32"))).toThrow("out of range");
  });
});
