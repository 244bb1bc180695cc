/**
 * jit(): compiles a tfjs function. On backend `ort` the function is traced once per signature
 * (shapes and types of its tensor arguments, and all other arguments) and runs as one graph; on any
 * other backend it runs as it is, so that a program is written once.
 */
import * as tf from "@tensorflow/tfjs-core";
import { OrtBackend } from "../backend.ts";
import type { Graph } from "../graph/graph.ts";
import { Compiler, type JitOptions } from "./compiler.ts";
import { flatten } from "./structure.ts";

/** A compiled function. */
export interface Jitted<Args extends readonly unknown[], Result> {
  /** Runs, blocking; compiles first when the signature is new. Results are new tensors. */
  (...args: Args): Result;
  /** Same, but the event loop stays free while ONNX Runtime computes, where the runtime can. */
  async(...args: Args): Promise<Result>;
  /** The optimised graphs compiled so far, least recently used first; none on other backends. */
  graphs(): readonly Graph[];
  /** Frees all compiled signatures. The function can be used again and then compiles anew. */
  dispose(): void;
}

/**
 * Compiles `fn`, a function of tensors built from tfjs ops, gradients and optimizers included.
 *
 * Variables that `fn` reads are read live at each call, variables it assigns are updated. Other
 * tensors it captures are fixed when it is first traced, and so are numbers: pass what changes
 * (learning rates, noise) as tensor arguments. A failed run leaves variables as they were, but for
 * those whose new value is a scatter into the old one (`tf.tensorScatterUpdate` of a flat cache) or
 * the old one plus something: they are written in place. Inside another traced function, or while a
 * gradient tape is recording, `fn` runs inline.
 * @throws TraceError for data-dependent reads, random ops and too many signatures;
 *   UnsupportedKernelError for an op without an ONNX handler
 */
export function jit<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
  options: JitOptions = {},
): Jitted<Args, Result> {
  const compiler = new Compiler(fn as (...args: never[]) => unknown, {
    ...options,
    name: options.name ?? (fn.name || "anonymous"),
  });
  const jitted = (...args: Args): Result => {
    const backend = compilingBackend();
    if (!backend) return inline(fn, args);
    const flat = flatten(args);
    return compiler.prepare(flat, backend).run(flat.tensors) as Result;
  };
  jitted.async = async (...args: Args): Promise<Result> => {
    const backend = compilingBackend();
    if (!backend) return inline(fn, args);
    const flat = flatten(args);
    return (await compiler.prepare(flat, backend).runAsync(flat.tensors)) as Result;
  };
  jitted.graphs = (): readonly Graph[] => compiler.graphs();
  jitted.dispose = (): void => compiler.dispose();
  return jitted;
}

/** The `ort` backend when calls made now should be compiled, else null. */
export function compilingBackend(): OrtBackend | null {
  const backend = tf.backend();
  if (!(backend instanceof OrtBackend) || backend.trace) return null;
  // A tape must see the ops of fn, or their gradients are lost.
  return tf.engine().state.gradientDepth > 0 ? null : backend;
}

function inline<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
  args: Args,
): Result {
  return tf.tidy(() => fn(...args) as tf.TensorContainer) as Result;
}
