import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { anglesAt, inverseFrequencies, type RotaryPosition } from "../../src/rotary.ts";

// Two roundings to float32.
const FLOAT32 = { atol: 0, rtol: 2 ** -22 };
const PLAIN: RotaryPosition = { kind: "rotary", base: 10000, rotaryWidth: 8, scaling: null };

describe("rotary", () => {
  test("frequencies fall from 1 by powers of the base", () => {
    expect(inverseFrequencies(PLAIN)).toBeAllClose([1, 0.1, 0.01, 0.001], FLOAT32);
  });

  test("linear scaling divides all of them", () => {
    const scaled = inverseFrequencies({ ...PLAIN, scaling: { kind: "linear", factor: 4 } });
    expect(scaled).toBeAllClose([0.25, 0.025, 0.0025, 0.00025], FLOAT32);
  });

  test("llama3 scaling keeps fast ones, divides slow ones and blends between", () => {
    // 1000 positions are 159, 15.9, 1.59 and 0.159 turns.
    const scaling: RotaryPosition["scaling"] = {
      kind: "llama3",
      factor: 8,
      originalPositions: 1000,
      lowFactor: 1,
      highFactor: 4,
    };
    const share = ((1000 * 0.01) / (2 * Math.PI) - 1) / 3;
    const blended = (1 - share) * (0.01 / 8) + share * 0.01;
    expect(inverseFrequencies({ ...PLAIN, scaling })).toBeAllClose(
      [1, 0.1, blended, 0.001 / 8],
      FLOAT32,
    );
  });

  test("angles are positions times frequencies", () => {
    tf.tidy(() => {
      const { cos, sin } = anglesAt(PLAIN, tf.tensor2d([[0, 7]], [1, 2], "int32"));
      expect(cos.shape).toEqual([1, 2, 4]);
      const angles = [0, 0, 0, 0, 7, 0.7, 0.07, 0.007];
      const close = { atol: 1e-6, rtol: 0 };
      expect(cos.dataSync()).toBeAllClose(angles.map(Math.cos), close);
      expect(sin.dataSync()).toBeAllClose(angles.map(Math.sin), close);
    });
  });
});
