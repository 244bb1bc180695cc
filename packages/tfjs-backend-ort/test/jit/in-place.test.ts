import { jit, variableElements } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";
import { Graph, type Value } from "../../src/graph/graph.ts";
import { overwrites } from "../../src/jit/in-place.ts";

beforeEach(() => tf.setBackend("ort"));

/** Writes `value` at `at` of a flat variable. */
function writer(cache: tf.Variable): (at: number, value: number) => number {
  const write = jit((at: tf.Tensor2D, value: tf.Tensor1D) => {
    cache.assign(tf.tensorScatterUpdate(cache, at, value));
    return tf.sum(cache);
  });
  return (at, value) => {
    const sum = write(tf.tensor2d([[at]], [1, 1], "int32"), tf.tensor1d([value]));
    return sum.dataSync()[0] as number;
  };
}

describe("jit: variables that are written in place", () => {
  it("hold what all runs wrote, and the run sees it", () => {
    const cache = tf.variable(tf.zeros([4]));
    const write = writer(cache);
    expect([write(1, 5), write(3, 7), write(1, 6)]).toEqual([5, 12, 13]);
    expect([...cache.dataSync()]).toEqual([0, 6, 0, 7]);
  });

  it("keep their buffer from run to run", () => {
    const cache = tf.variable(tf.zeros([4]));
    const write = writer(cache);
    write(0, 1);
    const data = tf.engine().backend as unknown as { data: Map<object, { values: object }> };
    const buffer = data.data.get(cache.dataId)?.values;
    write(1, 2);
    expect(data.data.get(cache.dataId)?.values).toBe(buffer);
  });

  it("change nothing that was read, cloned or passed in before", () => {
    const source = Float32Array.of(1, 2, 3);
    const cache = tf.variable(tf.tensor1d(source));
    const write = writer(cache);
    const clone = cache.clone();
    write(0, 9);
    const read = cache.dataSync();
    const later = cache.clone();
    write(1, 9);
    expect([...source]).toEqual([1, 2, 3]);
    expect([...clone.dataSync()]).toEqual([1, 2, 3]);
    expect([...read]).toEqual([9, 2, 3]);
    expect([...later.dataSync()]).toEqual([9, 2, 3]);
    expect([...cache.dataSync()]).toEqual([9, 9, 3]);
  });

  it("see what was assigned between two runs", () => {
    const cache = tf.variable(tf.zeros([3]));
    const write = writer(cache);
    write(0, 1);
    cache.assign(tf.tensor1d([5, 5, 5]));
    expect(write(1, 0)).toBe(10);
  });
});

describe("jit/own-buffer", () => {
  it("lets the host read and write what runs read and write", () => {
    const source = Float32Array.of(1, 2, 3);
    const cache = tf.variable(tf.tensor1d(source));
    const write = writer(cache);
    const elements = variableElements(cache) as Float32Array;
    elements[2] = 7;
    expect(write(0, 5)).toBe(14);
    expect([...elements]).toEqual([5, 2, 7]);
    expect(variableElements(cache)).toBe(elements);
    expect([...source]).toEqual([1, 2, 3]);
  });

  it("has no elements on other backends", async () => {
    await tf.setBackend("cpu");
    expect(variableElements(tf.variable(tf.zeros([3])))).toBeNull();
  });
});

describe("jit: variables that are added to", () => {
  const bufferOf = (variable: tf.Variable): unknown => {
    const backend = tf.engine().backend as unknown as {
      data: Map<object, { values: object }>;
    };
    return backend.data.get(variable.dataId)?.values;
  };

  it("keep their buffer, be what is added a sum, a product or an argument", () => {
    const [a, b, c] = [0, 1, 2].map(() => tf.variable(tf.zeros([2, 2]))) as [
      tf.Variable<tf.Rank.R2>,
      tf.Variable<tf.Rank.R2>,
      tf.Variable<tf.Rank.R2>,
    ];
    const add = jit((x: tf.Tensor2D) => {
      a.assign(tf.add(a, x));
      b.assign(tf.add(tf.matMul(x, x, true), b));
      c.assign(tf.add(c, tf.mul(x, 2)));
    });
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    add(x);
    const buffers = [a, b, c].map(bufferOf);
    add(x);
    add(x);
    expect([a, b, c].map(bufferOf)).toEqual(buffers);
    [a, b, c].forEach((variable, i) => {
      expect(bufferOf(variable)).toBe(buffers[i]);
    });
    expect([...a.dataSync()]).toEqual([3, 6, 9, 12]);
    expect([...b.dataSync()]).toEqual([30, 42, 42, 60]);
    expect([...c.dataSync()]).toEqual([6, 12, 18, 24]);
  });

  it("are not written over what else the run reads", () => {
    const a = tf.variable(tf.tensor1d([1, 2]));
    const add = jit((x: tf.Tensor1D) => {
      const before = tf.mul(a, 10);
      a.assign(tf.add(a, x));
      return before;
    });
    expect([...add(tf.tensor1d([1, 1])).dataSync()]).toEqual([10, 20]);
    expect([...add(tf.tensor1d([1, 1])).dataSync()]).toEqual([20, 30]);
    expect([...a.dataSync()]).toEqual([3, 4]);
  });
});

describe("jit/in-place", () => {
  const scatter = (graph: Graph, base: Value): Value => {
    const [at, updates] = [graph.input([1], "int64"), graph.input([1], "float32")];
    return graph.node("ScatterElements", [base, at, updates], base);
  };

  it("finds a scatter into an input that is returned", () => {
    const graph = new Graph();
    const base = graph.input([4], "float32");
    const result = scatter(graph, base);
    graph.outputs.push(graph.node("Neg", [result], result), result);
    expect([...overwrites(graph)]).toEqual([[1, [base]]]);
  });

  it("finds both operands of a sum of inputs", () => {
    const graph = new Graph();
    const [a, b] = [graph.input([4], "float32"), graph.input([4], "float32")];
    graph.outputs.push(graph.node("Add", [a, b], a));
    expect([...overwrites(graph)]).toEqual([[0, [a, b]]]);
  });

  it("finds both caches of an attention", () => {
    const graph = new Graph();
    const cache = () => graph.input([1, 1, 2, 8], "float32");
    const token = graph.input([1, 1, 8], "float32");
    const [keys, values, lengths] = [cache(), cache(), graph.input([1], "int32")];
    const [, ...caches] = graph.multiNode(
      "GroupQueryAttention",
      [token, token, token, keys, values, lengths, graph.fill(2, [1], "int32")],
      [token, keys, values],
      { num_heads: { int: 1 }, kv_num_heads: { int: 1 } },
      "com.microsoft",
    );
    graph.outputs.push(...caches);
    expect([...overwrites(graph)]).toEqual([
      [0, [keys]],
      [1, [values]],
    ]);
  });

  it("leaves an operand alone that is spread over the sum", () => {
    const graph = new Graph();
    const [a, b] = [graph.input([1], "float32"), graph.input([4], "float32")];
    graph.outputs.push(graph.node("Add", [a, b], b));
    expect([...overwrites(graph)]).toEqual([[0, [b]]]);
  });

  it("leaves inputs alone that something else reads or returns", () => {
    const graph = new Graph();
    const [read, returned, computed] = [0, 1, 2].map(() => graph.input([4], "float32")) as [
      Value,
      Value,
      Value,
    ];
    graph.outputs.push(scatter(graph, read), graph.node("Neg", [read], read));
    graph.outputs.push(scatter(graph, returned), returned);
    graph.outputs.push(scatter(graph, graph.node("Neg", [computed], computed)));
    expect(overwrites(graph).size).toBe(0);
  });
});
