/** The error classes of this package. Messages read `<where>: <expected>, got <actual>. <what to do>`. */

/** A tfjs kernel without an ONNX handler, or with inputs its handler cannot record, inside a trace. */
export class UnsupportedKernelError extends Error {
  override readonly name = "UnsupportedKernelError";
}

/** A program that cannot be traced: it reads values, draws random numbers, or changes shapes. */
export class TraceError extends Error {
  override readonly name = "TraceError";
}

/** ONNX Runtime refused a model or a run, or the session is gone. */
export class SessionError extends Error {
  override readonly name = "SessionError";
}

/** A graph that breaks the rules of {@link verify}: always a bug in a handler or a pass. */
export class GraphError extends Error {
  override readonly name = "GraphError";
}

/** A compiled graph would need more memory than allowed. */
export class MemoryLimitError extends Error {
  override readonly name = "MemoryLimitError";
}

/** The ONNX Runtime library, the requested runtime or the requested backend cannot be had here. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}
