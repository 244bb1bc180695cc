/**
 * Traces a function once: runs it with symbolic arguments while kernels record, follows what it does
 * to variables, and leaves every variable as it was. Compiles nothing.
 */
import {
  type DataId,
  engine,
  type Tensor,
  type TensorInfo,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";
import type { OrtBackend } from "../backend.ts";
import { TraceError } from "../errors.ts";
import { isDType } from "../graph/dtypes.ts";
import type { Value } from "../graph/graph.ts";
import { type Flattened, flatten } from "./structure.ts";
import { type Capture, Trace } from "./trace.ts";

/** A variable that the traced function made, with the value it was made with. */
export interface CreatedVariable {
  readonly variable: Variable;
  readonly initial: Value;
}

/** What a trace found. */
export interface Recording {
  readonly trace: Trace;
  /** Graph inputs that stand for the tensors of the arguments, in order. */
  readonly args: readonly Value[];
  /** The returned structure; its tensors correspond to {@link results}. */
  readonly returned: Flattened;
  /** Values of the returned tensors. */
  readonly results: readonly Value[];
  /** Variables that `fn` assigned, with their new values. */
  readonly assigned: readonly { readonly variable: Variable; readonly value: Value }[];
  /** Captured tensors that are not variables. */
  readonly captures: readonly Capture[];
  /** Captured variables: read live at every run. */
  readonly variables: readonly { readonly variable: Variable; readonly value: Value }[];
  /** Variables made during the trace, such as optimizer slots. */
  readonly created: readonly CreatedVariable[];
}

/**
 * Records `fn` for arguments like `args`.
 * @param isConstant which captured tensors are constants of the program
 * @throws TraceError, UnsupportedKernelError, or whatever `fn` throws; variables are then unchanged
 */
export function record(
  name: string,
  fn: (...args: never[]) => unknown,
  args: Flattened,
  backend: OrtBackend,
  isConstant?: (dataId: DataId) => boolean,
): Recording {
  const variables = Object.values(engine().registeredVariables);
  // Keeps the data alive while assignments inside the trace replace it.
  const held = variables.map((variable) => ({ variable, before: backend.share(variable) }));
  const trace = new Trace(name, new Set(held.map(({ before }) => before.dataId)), isConstant);
  const created: CreatedVariable[] = [];
  const release = watchNewVariables(backend, trace, created);
  let recording: Recording | undefined;
  try {
    tidy(() => {
      backend.withTrace(trace, () => {
        recording = run(trace, fn, args, held, created, backend);
      });
    });
  } finally {
    release();
    for (const { variable, before } of held) {
      if (variable.dataId !== before.dataId) variable.assign(before);
      before.dispose();
    }
    if (!recording) for (const { variable } of created) variable.dispose();
  }
  return recording as Recording;
}

interface HeldVariable {
  readonly variable: Variable;
  readonly before: Tensor;
}

function run(
  trace: Trace,
  fn: (...args: never[]) => unknown,
  args: Flattened,
  held: readonly HeldVariable[],
  created: readonly CreatedVariable[],
  backend: OrtBackend,
): Recording {
  const inputs = args.tensors.map((tensor) => input(trace, tensor));
  const symbols = inputs.map((value) =>
    engine().makeTensorFromTensorInfo(backend.symbolic(value), backend),
  );
  const returned = flatten(fn(...(args.rebuild(symbols) as never[])));
  const results = returned.tensors.map((tensor) => backend.graphValue(tensor));
  const madeHere = created.map(({ variable }) => variable);
  const assigned = [...held.map(({ variable }) => variable), ...madeHere]
    .filter((variable, i) => i >= held.length || variable.dataId !== held[i]?.before.dataId)
    .map((variable) => ({ variable, value: backend.graphValue(variable) }));
  const byData = new Map(held.map(({ variable, before }) => [before.dataId, variable]));
  const captures: Capture[] = [];
  const variables: { variable: Variable; value: Value }[] = [];
  for (const capture of trace.captures) {
    const variable = byData.get(capture.dataId);
    if (variable) variables.push({ variable, value: capture.value });
    else captures.push(capture);
  }
  return { trace, args: inputs, returned, results, assigned, captures, variables, created };
}

function input(trace: Trace, { shape, dtype }: TensorInfo): Value {
  if (!isDType(dtype)) {
    throw new TraceError(
      `jit ${trace.graph.name}: expected float32, int32 or bool arguments, got ${dtype} of shape ` +
        `[${shape}].`,
    );
  }
  return trace.graph.input(shape, dtype);
}

/** Notes variables and their initial values as the traced function makes them. */
function watchNewVariables(
  backend: OrtBackend,
  trace: Trace,
  created: CreatedVariable[],
): () => void {
  const tfjs = engine();
  const original = tfjs.makeVariable;
  tfjs.makeVariable = (...params: Parameters<typeof original>): Variable => {
    const variable = original.apply(tfjs, params);
    if (backend.trace === trace) created.push({ variable, initial: backend.graphValue(variable) });
    return variable;
  };
  return () => {
    // The method lives on the prototype: dropping our own property restores it.
    Reflect.deleteProperty(tfjs, "makeVariable");
  };
}
