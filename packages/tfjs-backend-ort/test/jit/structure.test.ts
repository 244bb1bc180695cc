import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import "@tensorflow/tfjs-backend-cpu";
import { flatten } from "../../src/jit/structure.ts";

beforeAll(() => tf.setBackend("cpu"));

describe("jit/structure", () => {
  it("takes nested containers apart and puts them together again", () => {
    const [a, b, c] = [tf.scalar(1), tf.scalar(2), tf.scalar(3)];
    const { tensors, rebuild } = flatten({ a, list: [b, { c }], n: 4, s: "x", no: null });
    expect(tensors).toEqual([a, b, c]);
    expect(rebuild([c, b, a])).toEqual({ a: c, list: [b, { c: a }], n: 4, s: "x", no: null });
  });

  it("tells forms apart by keys, lengths and other leaves, not by tensors", () => {
    const t = tf.scalar(1);
    const form = (x: unknown): string => flatten(x).form;
    expect(form({ a: t })).toBe(form({ a: tf.scalar(5) }));
    const forms = [t, [t], [t, t], { a: t }, { b: t }, [1], ["1"], [true], [null]].map(form);
    expect(new Set(forms).size).toBe(forms.length);
  });

  it("refuses class instances", () => {
    expect(() => flatten([new Date(0)])).toThrow("got an instance of Date");
  });
});
