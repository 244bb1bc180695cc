/**
 * The flat update: an optimizer's formula over one contiguous buffer, written back in place. ONNX
 * has no assignment, so the graph is a Scan over pieces whose outputs are given the memory of its
 * inputs. That is only right when nothing reads a piece after its new value is written, which
 * {@link checkInPlace} proves for every rule before it runs.
 */
import { engine, mul, type Scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { OrtBackend } from "../backend.ts";
import { type CompileOptions, compile, type Program } from "../compile.ts";
import { GraphError } from "../errors.ts";
import { Graph, type Node, type Value } from "../graph/graph.ts";
import { Trace } from "../jit/trace.ts";
import type { HostTensor, Runtime } from "../runtime/runtime.ts";
import { CHUNK, type FlatLayout } from "./flat-layout.ts";
import type { UpdateRule } from "./rule.ts";

/** Name of the scalar that scales gradients; rules may not use it. */
const CLIP = "clip factor";

/** A compiled in-place update of flat buffers. */
export class FlatUpdate {
  readonly #program: Program;
  readonly #scalarNames: readonly string[];
  readonly #scalars: readonly HostTensor[];

  /**
   * @param buffers parameters, gradients and one buffer per slot, each `[chunks, CHUNK]`
   * @param clips whether {@link run} scales gradients
   */
  constructor(
    rule: UpdateRule,
    layout: FlatLayout,
    clips: boolean,
    backend: OrtBackend,
    runtime: Runtime,
    options: CompileOptions,
  ) {
    this.#scalarNames = [...Object.keys(rule.scalars(1, 0)), ...(clips ? [CLIP] : [])];
    const graph = updateGraph(rule, layout, this.#scalarNames, backend);
    this.#program = compile(graph, runtime, options);
    this.#scalars = this.#scalarNames.map(() => ({
      dtype: "float32",
      shape: [],
      data: new Float32Array(1),
    }));
  }

  /**
   * Updates `params` and `slots` in place.
   * @param factor scale of the gradients; must be 1 unless the update was made to clip
   */
  async run(
    params: HostTensor,
    grads: HostTensor,
    slots: readonly HostTensor[],
    numbers: Readonly<Record<string, number>>,
    factor: number,
  ): Promise<void> {
    this.#scalarNames.forEach((name, i) => {
      const scalar = this.#scalars[i]?.data as Float32Array;
      scalar[0] = name === CLIP ? factor : (numbers[name] as number);
    });
    const inputs = [params, grads, ...slots, ...this.#scalars];
    await this.#program.session.runAsync(inputs, [params, ...slots]);
  }

  /** Frees the session. */
  dispose(): void {
    this.#program.session.dispose();
  }
}

/** Inputs: parameters, gradients, slots `[chunks, CHUNK]`, scalars. Outputs: parameters, slots. */
function updateGraph(
  rule: UpdateRule,
  { chunks }: FlatLayout,
  scalarNames: readonly string[],
  backend: OrtBackend,
): Graph {
  const graph = new Graph(`${rule.name} update`);
  const flat = { shape: [chunks, CHUNK], dtype: "float32" } as const;
  const pieces = ["param", "grad", ...rule.slots].map(() => graph.input(flat.shape, flat.dtype));
  const scalars = scalarNames.map((name) => [name, graph.input([], "float32")] as const);
  const body = recordRule(rule, new Map(scalars), backend);
  checkInPlace(rule.name, body);
  const attributes = { body: { graph: body }, num_scan_inputs: { int: pieces.length } };
  const written = [flat, ...rule.slots.map(() => flat)];
  graph.outputs.push(...graph.multiNode("Scan", pieces, written, attributes));
  return graph;
}

/** The rule on one piece: inputs param, grad, slots `[CHUNK]`, outputs param, slots. */
function recordRule(
  rule: UpdateRule,
  scalars: ReadonlyMap<string, Value>,
  backend: OrtBackend,
): Graph {
  const trace = new Trace(`${rule.name} update`, new Set());
  const { graph } = trace;
  const [param, grad, ...slots] = ["param", "grad", ...rule.slots].map(() =>
    graph.input([CHUNK], "float32"),
  ) as [Value, Value, ...Value[]];
  tidy(() =>
    backend.withTrace(trace, () => {
      const tensor = (value: Value): Tensor =>
        engine().makeTensorFromTensorInfo(backend.symbolic(value), backend);
      const clip = scalars.get(CLIP);
      const raw = tensor(grad);
      const next = rule.update({
        param: tensor(param),
        grad: clip ? mul(raw, tensor(clip)) : raw,
        slots: Object.fromEntries(rule.slots.map((name, i) => [name, tensor(slots[i] as Value)])),
        scalars: Object.fromEntries(
          [...scalars].map(([name, value]) => [name, tensor(value) as Scalar]),
        ),
      });
      const results = [next.param, ...rule.slots.map((name) => next.slots[name] as Tensor)];
      graph.outputs.push(...results.map((result) => backend.graphValue(result)));
    }),
  );
  return graph;
}

/**
 * Proves that the body may write each new value over the old one: every node that reads the old
 * value must come before the new value in the data flow, or be the node that makes it.
 * @throws GraphError naming the rule otherwise
 */
function checkInPlace(rule: string, body: Graph): void {
  const producers = new Map<Value, Node>();
  for (const node of body.nodes) for (const output of node.outputs) producers.set(output, node);
  const [param, , ...slots] = body.inputs;
  [param, ...slots].forEach((old, i) => {
    const made = producers.get(body.outputs[i] as Value);
    const before = made ? ancestors(made, producers) : new Set<Node>();
    for (const reader of body.nodes.filter(({ inputs }) => inputs.includes(old as Value))) {
      if (before.has(reader)) continue;
      throw new GraphError(
        `trainStep: expected rule ${rule} to read ${i === 0 ? "the parameter" : "each slot"} only ` +
          `on the way to its new value, got a later read by ${reader.op}. Compute from the new ` +
          "value instead, or use mode one-graph.",
      );
    }
  });
}

function ancestors(node: Node, producers: ReadonlyMap<Value, Node>): Set<Node> {
  const seen = new Set<Node>([node]);
  const stack = [node];
  for (let next = stack.pop(); next; next = stack.pop()) {
    for (const input of next.inputs) {
      const producer = input && producers.get(input);
      if (producer && !seen.has(producer)) {
        seen.add(producer);
        stack.push(producer);
      }
    }
  }
  return seen;
}
