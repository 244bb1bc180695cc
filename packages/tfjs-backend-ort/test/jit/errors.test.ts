import { jit, setMemoryLimit, TraceError, UnsupportedKernelError } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";

beforeEach(() => tf.setBackend("ort"));

function errorOf(fn: () => unknown): Error {
  try {
    fn();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected an error, got none");
}

describe("jit: programs that cannot be traced", () => {
  it("refuses to read a traced tensor", () => {
    const fn = jit((x: tf.Tensor) => (x.dataSync()[0] ? tf.add(x, 1) : x), { name: "peek" });
    const error = errorOf(() => fn(tf.scalar(1)));
    expect(error).toBeInstanceOf(TraceError);
    expect(error.message).toContain("jit peek: expected a program without data-dependent reads");
  });

  it("lets a program read what does not depend on its arguments", () => {
    const fn = jit((x: tf.Tensor) => tf.mul(x, tf.tensor1d([1, 2, 3]).dataSync().length));
    expect(fn(tf.scalar(2)).dataSync()[0]).toBe(6);
  });

  for (const [op, draw] of Object.entries({
    randomNormal: () => tf.randomNormal([2]),
    randomUniform: () => tf.randomUniform([2]),
    truncatedNormal: () => tf.truncatedNormal([2]),
    dropout: () => tf.dropout(tf.ones([2]), 0.5),
  })) {
    it(`refuses tf.${op}, which would draw once and freeze`, () => {
      const error = errorOf(() => jit((x: tf.Tensor) => tf.add(x, draw()))(tf.ones([2])));
      expect(error).toBeInstanceOf(TraceError);
      expect(error.message).toMatch(/expected no random draws .* got tf\.(dropout|random|trunc)/);
    });
  }

  it("takes fed noise instead", () => {
    const fn = jit((x: tf.Tensor, noise: tf.Tensor) => tf.add(x, noise));
    expect(fn(tf.scalar(1), tf.scalar(0.25)).dataSync()[0]).toBe(1.25);
  });

  it("names an unsupported kernel, its inputs and where to add it", () => {
    const fn = jit((x: tf.Tensor) => tf.fft(tf.complex(x, x)));
    const error = errorOf(() => fn(tf.ones([4])));
    expect(error).toBeInstanceOf(UnsupportedKernelError);
    expect(error.message).toContain("got Complex(real: float32[4], imag: float32[4])");
    expect(error.message).toContain("src/kernels");
  });

  it("refuses string tensors", () => {
    expect(errorOf(() => jit((x: tf.Tensor) => x)(tf.tensor1d(["a"])))).toBeInstanceOf(TraceError);
  });

  it("refuses class instances among the arguments", () => {
    const fn = jit(({ model }: { model: unknown }) => model);
    expect(() => fn({ model: new Map() })).toThrow("got an instance of Map. Pass its tensors");
  });

  it("refuses disposed arguments", () => {
    const x = tf.scalar(1);
    x.dispose();
    expect(() => jit((y: tf.Tensor) => tf.add(y, 1))(x)).toThrow(/disposed/);
  });

  it("refuses to compile without end when shapes never repeat", () => {
    const fn = jit((x: tf.Tensor) => tf.add(x, 1), { cacheSize: 3, name: "growing" });
    const error = errorOf(() => {
      for (let size = 1; size < 10; size++) fn(tf.ones([size]));
    });
    expect(error).toBeInstanceOf(TraceError);
    expect(error.message).toContain("jit growing: expected at most 3 signatures, got one more");
    expect(error.message).toContain("float32[4]");
  });

  it("refuses a tensor that leaked from another trace", () => {
    let leaked: tf.Tensor | undefined;
    jit((x: tf.Tensor) => {
      leaked = tf.keep(tf.add(x, 1));
      return x;
    })(tf.scalar(1));
    const error = errorOf(() =>
      jit((x: tf.Tensor) => tf.add(x, leaked as tf.Tensor))(tf.scalar(1)),
    );
    expect(error.message).toContain("got a tensor that another trace made");
  });

  it("recovers: the next program compiles after a failed one", () => {
    errorOf(() => jit((x: tf.Tensor) => tf.fft(tf.complex(x, x)))(tf.ones([4])));
    expect(jit((x: tf.Tensor) => tf.add(x, 1))(tf.scalar(1)).dataSync()[0]).toBe(2);
  });

  it("refuses a graph beyond the memory limit before running it, naming its largest buffers", () => {
    const fn = jit((x: tf.Tensor) => tf.sum(tf.matMul(x, x, false, true)), { memoryLimit: 1e5 });
    const error = errorOf(() => fn(tf.ones([300, 2])));
    expect(error.name).toBe("MemoryLimitError");
    expect(error.message).toContain("[300,300]");
  });

  it("obeys the memory limit of the process where the function has none", () => {
    const fn = jit((x: tf.Tensor) => tf.sum(tf.matMul(x, x, false, true)));
    setMemoryLimit(1e5);
    try {
      expect(errorOf(() => fn(tf.ones([300, 2]))).name).toBe("MemoryLimitError");
    } finally {
      setMemoryLimit(undefined);
    }
    expect(fn(tf.ones([300, 2])).dataSync()[0]).toBe(180_000);
    expect(() => setMemoryLimit(-1)).toThrow("expected more than 0 bytes, got -1");
  });
});
