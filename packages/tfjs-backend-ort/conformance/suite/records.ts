/**
 * What a suite process tells the harness: one JSON object per line, in the order of events, so that
 * a process that dies leaves the name of the spec it died in.
 */

/** Calls of one kernel, through ONNX Runtime and through the cpu backend's kernel. */
export interface KernelCalls {
  readonly onnx: number;
  readonly fallback: number;
}

/** Kernel calls by tfjs kernel name. */
export type CallsByKernel = Readonly<Record<string, KernelCalls>>;

/** One line of a report. */
export type SuiteRecord =
  | {
      readonly kind: "begin";
      /** Every kernel that tfjs' cpu backend registers. */
      readonly cpuKernels: readonly string[];
      /** Kernels that have an ONNX handler. */
      readonly onnxKernels: readonly string[];
    }
  | { readonly kind: "start"; readonly name: string }
  | {
      readonly kind: "spec";
      readonly name: string;
      /** "pending": switched off by tfjs-core itself (xit). */
      readonly status: "passed" | "failed" | "pending";
      readonly failures: readonly string[];
      readonly kernels: CallsByKernel;
    }
  | {
      readonly kind: "end";
      /** Failures outside of specs: in beforeAll or afterAll, or while loading. */
      readonly failures: readonly string[];
    };
