/** Valid models with one or two bytes changed. */
import { Graph } from "../../src/graph/graph.ts";
import type { Model } from "../../src/runtime/runtime.ts";
import { integers, modelOf } from "./support.ts";

const F32 = "float32" as const;

/** `count` damaged models, always the same. */
export function* malformedModels(count: number): Generator<Model> {
  const models = [layerModel(), indexModel(), scanModel()];
  const next = integers(20);
  for (let i = 0; i < count; i++) {
    const model = models[i % models.length] as Model;
    const bytes = model.bytes.slice();
    for (let changes = 1 + next(2); changes > 0; changes--) {
      const at = next(bytes.length);
      bytes[at] = next(2) === 0 ? next(256) : (bytes[at] as number) ^ (1 << next(8));
    }
    yield { ...model, bytes };
  }
}

function layerModel(): Model {
  return modelOf("layer", (graph) => {
    const [x, w] = [graph.input([4, 8], F32), graph.input([8, 6], F32)];
    const bias = graph.fill(0.5, [6], F32);
    const hidden = graph.node("Gemm", [x, w, bias], { shape: [4, 6], dtype: F32 });
    const soft = graph.node("Softmax", [hidden], hidden, { axis: { int: -1 } });
    const spec = { shape: [6, 4], dtype: F32 };
    const sum = { shape: [1, 6], dtype: F32 };
    return [
      graph.node("Transpose", [soft], spec, { perm: { ints: [1, 0] } }),
      graph.node("ReduceSum", [hidden, graph.ints([0])], sum, { keepdims: { int: 1 } }),
    ];
  });
}

function indexModel(): Model {
  return modelOf("index", (graph) => {
    const [x, ids] = [graph.input([4, 8], F32), graph.input([3], "int32")];
    const rows = graph.node("Gather", [x, ids], { shape: [3, 8], dtype: F32 });
    const parts = [2, 6].map((width) => ({ shape: [3, width], dtype: F32 }));
    const axis = { axis: { int: 1 } };
    const [left, right] = graph.multiNode("Split", [rows, graph.ints([2, 6])], parts, axis);
    const swapped = graph.node("Concat", [right ?? null, left ?? null], rows, axis);
    const bounds = [
      [0, 0],
      [2, 4],
      [0, 1],
    ].map((values) => graph.ints(values));
    const column = graph.node("Reshape", [ids, graph.ints([3, 1])], {
      shape: [3, 1],
      dtype: "int32",
    });
    const indices = graph.node("Expand", [column, graph.ints([3, 8])], {
      shape: [3, 8],
      dtype: "int32",
    });
    const table = graph.fill(0, [4, 8], F32);
    return [
      graph.node("Slice", [swapped, ...bounds], { shape: [2, 4], dtype: F32 }),
      graph.node("ScatterElements", [table, indices, swapped], table, {
        reduction: { string: "add" },
      }),
    ];
  });
}

function scanModel(): Model {
  return modelOf("scan", (graph) => {
    const rows = graph.input([5, 3], F32);
    const body = new Graph("body");
    const row = body.input([3], F32);
    body.outputs.push(body.node("Mul", [row, row], row));
    const attributes = { body: { graph: body }, num_scan_inputs: { int: 1 } };
    return [graph.node("Scan", [rows], rows, attributes)];
  });
}
