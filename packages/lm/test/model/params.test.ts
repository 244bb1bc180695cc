import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import type { ModelConfig } from "../../src/config.ts";
import {
  checkParameters,
  copyParameters,
  countParameters,
  initialParameters,
  parameterShapes,
  trainableParameters,
} from "../../src/params.ts";
import { TINY } from "./tiny.ts";

const GPT2_SMALL: ModelConfig = {
  ...TINY,
  family: "gpt2",
  ...{ vocabSize: 50257, width: 768, layers: 12, heads: 12, kvHeads: 12, headWidth: 64 },
  ...{ mlpWidth: 3072, maxPositions: 1024, tiedEmbeddings: true },
  norm: { kind: "layer", eps: 1e-5 },
  mlp: { kind: "plain", activation: "gelu_tanh" },
  position: { kind: "learned" },
  biases: { qkv: true, attentionOut: true, mlp: true },
};

describe("params", () => {
  test("GPT-2 small has 124,439,808 parameters", () => {
    expect(countParameters(GPT2_SMALL)).toBe(124_439_808);
  });

  test("fresh parameters repeat with their seed and differ without", () => {
    tf.tidy(() => {
      const [a, b, c] = [3, 3, 4].map((seed) => initialParameters(TINY, seed)["embedding"]);
      expect(a?.dataSync()).toEqual(b?.dataSync());
      expect(a?.dataSync()).not.toEqual(c?.dataSync());
    });
  });

  test("fresh parameters have the names, shapes and deviations of the model", () => {
    tf.tidy(() => {
      const params = initialParameters({ ...TINY, width: 48, mlpWidth: 200, vocabSize: 300 }, 1);
      const deviation = (name: string) => {
        const { variance } = tf.moments(params[name] as tf.Tensor);
        return Math.sqrt(variance.dataSync()[0] as number);
      };
      // Five standard errors of the deviation of n normal numbers, deviation / sqrt(2 n).
      const tolerance = (n: number) => ({ atol: 0, rtol: 5 / Math.sqrt(2 * n) });
      expect(deviation("embedding")).toBeAllClose(0.02, tolerance(300 * 48));
      expect(deviation("blocks.0.mlp.down.weight")).toBeAllClose(0.01, tolerance(200 * 48));
      expect(params["norm.gain"]?.dataSync().every((gain) => gain === 1)).toBe(true);
    });
  });

  test("copies stay as they are when the originals are trained", () => {
    const fresh = initialParameters(TINY, 1);
    const trained = trainableParameters(fresh);
    const copy = copyParameters(trained);
    const before = copy["embedding"]?.dataSync().slice();
    tf.tidy(() => trained["embedding"]?.assign(tf.zeros([TINY.vocabSize, TINY.width])));
    trained["norm.gain"]?.dataSync().fill(7);
    expect(copy["embedding"]?.dataSync()).toEqual(before);
    expect(copy["norm.gain"]?.dataSync()[0]).toBe(1);
    expect(fresh["norm.gain"]?.dataSync()[0]).toBe(1);
    tf.dispose([fresh, trained, copy]);
  });

  test("a check names what is missing, superfluous or of another shape", () => {
    const params = initialParameters(TINY, 1);
    expect(Object.keys(params)).toEqual(Object.keys(parameterShapes(TINY)));
    checkParameters(TINY, params);
    const { head, ...headless } = params;
    const gain = params["norm.gain"] as tf.Tensor;
    expect(() => checkParameters(TINY, headless)).toThrow(/head to be \[23,12\], got absent/);
    expect(() => checkParameters(TINY, { ...params, extra: gain })).toThrow(/extra to be absent/);
    expect(() => checkParameters(TINY, { ...params, embedding: gain })).toThrow(
      /embedding to be \[23,12\], got \[12\]/,
    );
    tf.dispose([head, params]);
  });
});
