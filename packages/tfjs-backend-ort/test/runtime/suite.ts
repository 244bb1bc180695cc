/** What every runtime must do. Called once per process: ONNX Runtime's environment is global. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { SessionError } from "../../src/errors.ts";
import type { DType, HostArray } from "../../src/graph/dtypes.ts";
import type { HostTensor, Model, Runtime, RuntimeName } from "../../src/runtime/runtime.ts";
import { loadRuntime } from "../../src/runtime/select.ts";
import { malformedModels } from "./malformed.ts";
import {
  floats,
  inputsOf,
  integers,
  modelOf,
  outputsOf,
  product,
  squared,
  tensor,
  unary,
  zeros,
} from "./support.ts";

/** Growth of the process that 150 more sessions may cause: noise of allocators, a tenth of a leak. */
const SOAK_GROWTH_MB = 60;

export function runtimeSuite(name: RuntimeName): void {
  describe(`runtime/${name}`, () => {
    let runtime: Runtime;
    beforeAll(() => {
      runtime = loadRuntime({ runtime: name, threads: 2 });
    });

    function run(model: Model, inputs: readonly HostTensor[]): HostArray[] {
      const session = runtime.createSession(model);
      const outputs = outputsOf(model);
      try {
        session.run(inputs, outputs);
      } finally {
        session.dispose();
      }
      return outputs.map(({ data }) => data);
    }

    it("says what it is", () => {
      expect(runtime).toMatchObject({ name, version: "1.30.0", threads: 2 });
    });

    describe("run", () => {
      it("writes outputs in place", () => {
        const [a, b] = [floats([2], [2, 3]), floats([2], [5, 7])];
        const output = zeros([2]);
        const { data } = output;
        const session = runtime.createSession(product([2]));
        session.run([a, b], [output]);
        expect(output.data).toBe(data);
        expect(data).toEqual(Float32Array.of(10, 21));
        session.dispose();
      });

      it("sees what was written into the same tensors since the last run", () => {
        const [a, b, output] = [floats([1], [1]), floats([1], [10]), zeros([1])];
        const session = runtime.createSession(product([1]));
        for (let i = 1; i <= 5; i++) {
          a.data[0] = i;
          session.run([a, b], [output]);
          expect(output.data[0]).toBe(10 * i);
        }
        session.dispose();
      });

      it("follows a tensor object whose memory was exchanged", () => {
        const input: { -readonly [K in keyof HostTensor]: HostTensor[K] } = floats([1], [1]);
        const output = zeros([1]);
        const session = runtime.createSession(unary("Neg", [1]));
        for (let i = 1; i <= 5; i++) {
          input.data = Float32Array.of(i);
          session.run([input], [output]);
          expect(output.data[0]).toBe(-i);
        }
        session.dispose();
      });

      it("reads and writes views into larger arrays, and nothing around them", () => {
        const memory = Float32Array.from({ length: 12 }, (_, i) => i);
        const session = runtime.createSession(product([3]));
        session.run(
          [
            tensor("float32", [3], memory.subarray(1, 4)),
            tensor("float32", [3], memory.subarray(4, 7)),
          ],
          [tensor("float32", [3], memory.subarray(8, 11))],
        );
        expect([...memory]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 4, 10, 18, 11]);
        session.dispose();
      });

      it("lets an elementwise output overwrite its input", () => {
        const state = floats([3], [1, 2, 3]);
        const session = runtime.createSession(product([3]));
        for (let i = 0; i < 3; i++) session.run([state, floats([3], [2, 2, 2])], [state]);
        expect(state.data).toEqual(Float32Array.of(8, 16, 24));
        session.dispose();
      });

      it.each<[DType, HostArray]>([
        ["float32", Float32Array.of(1.5, -0)],
        ["float64", Float64Array.of(Math.PI, -1)],
        ["int32", Int32Array.of(-(2 ** 31), 7)],
        ["int64", BigInt64Array.of(-1n, 2n ** 62n)],
        ["bool", Uint8Array.of(1, 0)],
        ["uint8", Uint8Array.of(255, 0)],
      ])("keeps every bit of %s, as vector and as scalar", (dtype, data) => {
        expect(run(unary("Identity", [2], dtype), [tensor(dtype, [2], data)])).toEqual([data]);
        const scalar = data.slice(0, 1);
        expect(run(unary("Identity", [], dtype), [tensor(dtype, [], scalar)])).toEqual([scalar]);
      });

      it("lets NaN and infinities through", () => {
        const model = product([4]);
        const a = floats([4], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]);
        const b = floats([4], [1, 2, 3, Number.POSITIVE_INFINITY]);
        expect([...(run(model, [a, b])[0] as Float32Array)]).toEqual([
          Number.NaN,
          Number.POSITIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
          Number.NaN,
        ]);
      });

      it("takes tensors without elements", () => {
        const model = modelOf("empty", (graph) => {
          const a = graph.input([0, 3], "float32");
          const sum = graph.node("ReduceSum", [a, graph.ints([0])], {
            shape: [1, 3],
            dtype: "float32",
          });
          return [graph.node("Neg", [a], a), sum];
        });
        const session = runtime.createSession(model);
        const [input, [none, sum]] = [zeros([0, 3]), outputsOf(model)];
        for (let i = 0; i < 3; i++) session.run([input], [none, sum] as HostTensor[]);
        expect(none?.data.length).toBe(0);
        expect(sum?.data).toEqual(Float32Array.of(0, 0, 0));
        session.dispose();
      });

      it("runs models without inputs", () => {
        const model = modelOf("constant", (graph) => [
          graph.node("Neg", [graph.scalar(3)], { shape: [], dtype: "float32" }),
        ]);
        expect(run(model, [])).toEqual([Float32Array.of(-3)]);
      });

      it("takes padding with zeros for zeros where a maximum follows", () => {
        const model = modelOf("pool", (graph) => {
          const x = graph.input([1, 1, 2, 2], "float32");
          const padded = { shape: [1, 1, 4, 4], dtype: "float32" } as const;
          const pads = graph.ints([0, 0, 1, 1, 0, 0, 1, 1]);
          const kernel = { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } };
          return [graph.node("MaxPool", [graph.node("Pad", [x, pads], padded)], x, kernel)];
        });
        const [pooled] = run(model, [floats([1, 1, 2, 2], [-1, -2, -3, -4])]);
        expect(pooled).toEqual(Float32Array.of(0, 0, 0, 0));
      });

      it("gives the same bits twice", () => {
        const next = integers(1);
        const values = Array.from({ length: 200 * 200 }, () => next(2000) / 1000 - 1);
        const model = modelOf("softmax", (graph) => {
          const a = graph.input([200, 200], "float32");
          return [graph.node("Softmax", [graph.node("MatMul", [a, a], a)], a)];
        });
        const results = [0, 1].map(() => run(model, [floats([200, 200], values)]));
        expect(results[1]).toEqual(results[0]);
      });

      it("keeps two sessions apart", () => {
        const sessions = [unary("Neg", [2]), unary("Abs", [2])].map((m) =>
          runtime.createSession(m),
        );
        const [input, outputs] = [floats([2], [-1, 2]), [zeros([2]), zeros([2])] as const];
        for (let i = 0; i < 3; i++) {
          sessions.forEach((session, k) => {
            session.run([input], [outputs[k] as HostTensor]);
          });
        }
        expect(outputs[0].data).toEqual(Float32Array.of(1, -2));
        expect(outputs[1].data).toEqual(Float32Array.of(1, 2));
        for (const session of sessions) session.dispose();
      });
    });

    describe("errors", () => {
      const good = () => [floats([2], [2, 3]), floats([2], [5, 7])] as const;
      const detached = Float32Array.of(1, 2);
      structuredClone(detached, { transfer: [detached.buffer] });

      it.each<[string, HostTensor[], HostTensor[], RegExp]>([
        ["too few inputs", [good()[0]], [zeros([2])], /expected 2 inputs, got 1/],
        ["too many inputs", [...good(), good()[0]], [zeros([2])], /expected 2 inputs, got 3/],
        ["no outputs", [...good()], [], /expected 1 outputs, got 0/],
        ["another dtype", [good()[0], zeros([2], "int32")], [zeros([2])], /input v1 .*got int32/],
        [
          "another shape",
          [good()[0], zeros([1, 2])],
          [zeros([2])],
          /input v1 .*got float32 \[1,2\]/,
        ],
        [
          "too short an array",
          [tensor("float32", [2], Float32Array.of(1)), good()[1]],
          [zeros([2])],
          /input v0 .*Float32Array of 2, got .*Float32Array of 1/,
        ],
        [
          "an array of another class",
          [tensor("float32", [2], Uint8Array.of(1, 2)), good()[1]],
          [zeros([2])],
          /input v0 .*Float32Array of 2, got .*Uint8Array of 2/,
        ],
        [
          "an array whose memory was transferred",
          [tensor("float32", [2], detached), good()[1]],
          [zeros([2])],
          /input v0 .*got .*Float32Array of 0/,
        ],
        [
          "too long an output",
          [...good()],
          [tensor("float32", [2], new Float32Array(3))],
          /output v2/,
        ],
      ])("names the port: %s", (_, inputs, outputs, message) => {
        const session = runtime.createSession(product([2]));
        expect(() => session.run(inputs, outputs)).toThrow(SessionError);
        expect(() => session.run(inputs, outputs)).toThrow(message);
        const output = zeros([2]);
        session.run(good(), [output]);
        expect(output.data).toEqual(Float32Array.of(10, 21));
        session.dispose();
      });

      it("reports what ONNX Runtime reports, and the session stays usable", () => {
        const model = modelOf("gather", (graph) => {
          const [data, index] = [graph.input([3], "float32"), graph.input([], "int32")];
          return [graph.node("Gather", [data, index], { shape: [], dtype: "float32" })];
        });
        const session = runtime.createSession(model);
        const output = zeros([]);
        const at = (i: number) => [floats([3], [5, 6, 7]), tensor("int32", [], Int32Array.of(i))];
        expect(() => session.run(at(3), [output])).toThrow(SessionError);
        expect(() => session.run(at(3), [output])).toThrow(/gather.*out of data bounds/s);
        session.run(at(2), [output]);
        expect(output.data[0]).toBe(7);
        session.dispose();
      });

      it("refuses ports that the model has not", () => {
        const model = unary("Neg", [4]);
        const smaller = { ...model, outputs: [{ ...model.outputs[0], shape: [2] }] } as Model;
        expect(() => run(smaller, inputsOf(model))).toThrow(SessionError);
        const other = { ...model, outputs: [{ ...model.outputs[0], dtype: "uint8" }] } as Model;
        expect(() => run(other, inputsOf(model))).toThrow(SessionError);
      });

      it("refuses bytes that are no model", () => {
        const model = unary("Neg", [1]);
        for (const bytes of [new Uint8Array(0), Uint8Array.of(1, 2, 3), model.bytes.slice(0, -9)]) {
          expect(() => runtime.createSession({ ...model, bytes })).toThrow(SessionError);
        }
      });

      it("refuses or survives damaged models", () => {
        const counts = { ran: 0, refused: 0 };
        for (const model of malformedModels(2000)) {
          try {
            run(model, inputsOf(model));
            counts.ran++;
          } catch (error) {
            expect(error).toBeInstanceOf(SessionError);
            counts.refused++;
          }
        }
        // Both kinds must occur, or the damage is too small or too large to test anything.
        expect(counts.ran).toBeGreaterThan(20);
        expect(counts.refused).toBeGreaterThan(20);
      });
    });

    describe("runAsync", () => {
      it("gives what run gives", async () => {
        const session = runtime.createSession(product([2]));
        const output = zeros([2]);
        await session.runAsync([floats([2], [2, 3]), floats([2], [5, 7])], [output]);
        expect(output.data).toEqual(Float32Array.of(10, 21));
        session.dispose();
      });

      it("runs calls of one session in order", async () => {
        const session = runtime.createSession(product([1]));
        const [state, three] = [floats([1], [1]), floats([1], [3])];
        const calls = Array.from({ length: 10 }, () => session.runAsync([state, three], [state]));
        await Promise.all(calls);
        expect(state.data[0]).toBe(3 ** 10);
        session.dispose();
      });

      it("runs two sessions at once", async () => {
        const sessions = [0, 1].map(() => runtime.createSession(squared(300)));
        const input = floats([300, 300], new Float32Array(300 * 300).fill(1));
        const outputs = [zeros([300, 300]), zeros([300, 300])] as const;
        await Promise.all(sessions.map((s, i) => s.runAsync([input], [outputs[i] as HostTensor])));
        for (const { data } of outputs)
          expect(new Set(data as Float32Array)).toEqual(new Set([300]));
        for (const session of sessions) session.dispose();
      });

      it("rejects with what run throws, and later calls still run", async () => {
        const session = runtime.createSession(unary("Neg", [1]));
        const output = zeros([1]);
        const bad = session.runAsync([zeros([2])], [output]);
        const later = session.runAsync([floats([1], [4])], [output]);
        await expect(bad).rejects.toThrow(SessionError);
        await later;
        expect(output.data[0]).toBe(-4);
        session.dispose();
      });
    });

    describe("dispose", () => {
      it("ends a session for good, and may be called twice", async () => {
        const session = runtime.createSession(unary("Neg", [1]));
        session.run([zeros([1])], [zeros([1])]);
        session.dispose();
        session.dispose();
        expect(() => session.run([zeros([1])], [zeros([1])])).toThrow(/Neg: .*disposed/);
        await expect(session.runAsync([zeros([1])], [zeros([1])])).rejects.toThrow(SessionError);
      });

      it("lets runs finish that were asked for before", async () => {
        const session = runtime.createSession(squared(200));
        const input = floats([200, 200], new Float32Array(200 * 200).fill(1));
        const outputs = [zeros([200, 200]), zeros([200, 200])] as const;
        const runs = outputs.map((output) => session.runAsync([input], [output]));
        session.dispose();
        session.dispose();
        await Promise.all(runs);
        for (const { data } of outputs) expect(data[0]).toBe(200);
        expect(() => session.run([input], [outputs[0]])).toThrow(SessionError);
      });

      it("writes the profile that was asked for", () => {
        const folder = mkdtempSync(path.join(tmpdir(), "profile-"));
        const prefix = path.join(folder, "neg");
        const session = runtime.createSession(unary("Neg", [1]), { profilePrefix: prefix });
        session.run([zeros([1])], [zeros([1])]);
        session.dispose();
        const [file = ""] = readdirSync(folder);
        expect(file).toMatch(/^neg_.*\.json$/);
        expect(readFileSync(path.join(folder, file), "utf8")).toContain("Neg");
        rmSync(folder, { recursive: true });
      });

      it("gives memory back: 200 shapes compiled, run and disposed", () => {
        const rss: number[] = [];
        for (let rows = 1; rows <= 200; rows++) {
          run(megabyteModel(rows), [zeros([rows, 512])]);
          if (rows === 50 || rows === 200) rss.push(process.memoryUsage.rss() / 2 ** 20);
        }
        const [early = 0, late = 0] = rss;
        expect(late - early).toBeLessThan(SOAK_GROWTH_MB);
      });
    });
  });
}

/** A model with a megabyte of constants: 150 that are never freed cannot hide. */
function megabyteModel(rows: number): Model {
  return modelOf(`rows${rows}`, (graph) => {
    const weight = graph.constant(new Float32Array(512 * 512).fill(0.01), [512, 512], "float32");
    const a = graph.input([rows, 512], "float32");
    return [graph.node("Tanh", [graph.node("MatMul", [a, weight], a)], a)];
  });
}
