import "@tensorflow/tfjs-backend-cpu";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test } from "vitest";
import { attentionBias, positionsOf } from "../../src/positions.ts";

const MASK = [
  [1, 1, 1, 1],
  [0, 1, 1, 0],
];

function mask(): tf.Tensor2D {
  return tf.tensor2d(MASK, [2, 4], "int32");
}

/** As rows of 0 and 1, 1 where a query may attend. */
function allowed(window: number | null, program: typeof attentionBias = attentionBias): string[] {
  return tf.tidy(() => {
    const bias = program(mask(), tf.range(0, 4, 1, "int32"), window);
    expect(bias.shape).toEqual([2, 1, 4, 4]);
    const cells = [...bias.dataSync()].map((value) => (value === 0 ? "1" : "0"));
    return Array.from({ length: 8 }, (_, row) => cells.slice(4 * row, 4 * row + 4).join(""));
  });
}

afterEach(() => tf.setBackend("cpu"));

describe("positions", () => {
  test("count from the first real token and are 0 at padding", () => {
    tf.tidy(() => {
      const positions = positionsOf(mask());
      expect(positions.dtype).toBe("int32");
      expect(positions.arraySync()).toEqual([
        [0, 1, 2, 3],
        [0, 0, 1, 0],
      ]);
    });
  });

  test("a query sees real keys up to its own", () => {
    expect(allowed(null)).toEqual([
      ...["1000", "1100", "1110", "1111"],
      ...["0000", "0100", "0110", "0110"],
    ]);
  });

  test("a window of 2 is the query's own key and the one before", () => {
    expect(allowed(2)).toEqual([
      ...["1000", "1100", "0110", "0011"],
      ...["0000", "0100", "0110", "0010"],
    ]);
  });

  test("a compiled bias is the same", async () => {
    const expected = allowed(2);
    await tf.setBackend("ort");
    const compiled = jit(attentionBias);
    expect(allowed(2, compiled)).toEqual(expected);
    compiled.dispose();
  });

  test("one query at index 2 is the third row", () => {
    tf.tidy(() => {
      const bias = attentionBias(mask(), tf.tensor1d([2], "int32"), null);
      expect([...bias.dataSync()].map((value) => value === 0)).toEqual([
        ...[true, true, true, false],
        ...[false, true, true, false],
      ]);
    });
  });
});
