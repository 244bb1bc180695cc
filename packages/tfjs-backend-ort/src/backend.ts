/**
 * The tfjs backend `ort`. Tensors live in host memory exactly as in the tfjs `cpu` backend, which
 * it extends, so every cpu kernel can run on them in place. While a function is traced, kernels
 * record graph nodes instead and tensors are symbolic (./jit/trace.ts). ./register.ts connects the
 * kernels, ./eager.ts runs single ops, ./jit compiles whole functions.
 */
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import {
  type backend_util,
  type DataId,
  type DataType,
  engine,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { TraceError } from "./errors.ts";
import { type HostArray, isDType, sameShape } from "./graph/dtypes.ts";
import type { Value } from "./graph/graph.ts";
import { asHostArray } from "./jit/host-array.ts";
import type { Trace } from "./jit/trace.ts";
import type { HostTensor } from "./runtime/runtime.ts";

/** tfjs ops that draw random numbers on the host: inside a trace they would freeze. */
const RANDOM_OPS: ReadonlySet<string> = new Set(
  [
    "dropout",
    "multinomial",
    "rand",
    "randomGamma",
    "randomNormal",
    "randomStandardNormal",
    "randomUniform",
    "randomUniformInt",
    "truncatedNormal",
  ].map((op) => `${op}__op`),
);

/** The backend; one instance per process, made by tfjs when `ort` is first selected. */
export class OrtBackend extends MathBackendCPU {
  #trace: Trace | null = null;
  readonly #hostTensors = new WeakMap<HostArray, HostTensor>();
  readonly #recycled = new WeakSet<object>();

  /** The recording in progress, or null. */
  get trace(): Trace | null {
    return this.#trace;
  }

  /** Runs `fn` with kernels recording into `trace`. */
  withTrace<T>(trace: Trace, fn: () => T): T {
    this.#trace = trace;
    try {
      return fn();
    } finally {
      this.#trace = null;
    }
  }

  override write(values: backend_util.BackendValues, _shape: number[], dtype: DataType): DataId {
    const dataId: DataId = {};
    this.data.set(dataId, { values, dtype, refCount: 1 });
    if (this.#trace) {
      rejectRandomOps(this.#trace);
      this.#trace.noteConstant(dataId);
    }
    return dataId;
  }

  override readSync(dataId: DataId): backend_util.BackendValues {
    const entry = this.data.get(dataId);
    if (entry.dtype !== "complex64" && this.#trace?.isSymbolic(dataId)) {
      throw new TraceError(
        `jit ${this.#trace.graph.name}: expected a program without data-dependent reads, got ` +
          "dataSync(), arraySync() or data() on a traced tensor. Use tf.where and other ops on the " +
          "tensor, or read it outside the compiled function.",
      );
    }
    const values = super.readSync(dataId);
    // Buffers that training steps write again must not change under a reader.
    return this.isRecycled(values) ? (values as Float32Array).slice() : values;
  }

  /** A symbolic tensor that stands for `value` in the recording in progress. */
  symbolic(value: Value): TensorInfo {
    const { dtype } = value;
    if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
      throw new Error(`OrtBackend.symbolic: expected a tfjs dtype, got ${dtype} (${value.name}).`);
    }
    const dataId: DataId = {};
    this.data.set(dataId, { dtype, refCount: 1 });
    this.#trace?.bind(dataId, value);
    return { dataId, shape: [...value.shape], dtype };
  }

  /** The graph value of a tensor in the recording in progress. */
  graphValue(info: TensorInfo): Value {
    if (!this.#trace) throw new Error("OrtBackend.graphValue: expected a trace in progress.");
    return this.#trace.value(info, this.data.get(info.dataId));
  }

  /**
   * The elements of a tensor as ONNX Runtime takes them. The same buffer gives the same object, so
   * sessions can keep native handles of weights.
   * @throws TraceError for symbolic, string and complex64 tensors
   */
  hostTensor(info: TensorInfo): HostTensor {
    const entry = this.data.get(info.dataId);
    const { dtype, shape } = info;
    if (!isDType(dtype) || entry.values === undefined) {
      throw new TraceError(
        `ort: expected a float32, int32 or bool tensor with known elements, got ${dtype} of shape ` +
          `[${shape}]${entry.values === undefined ? " that only exists inside a trace" : ""}.`,
      );
    }
    const data = asHostArray(entry.values, dtype);
    entry.values = data as Float32Array;
    return this.hostTensorOf(data, shape, dtype);
  }

  /** The one {@link HostTensor} of a buffer, remade when its shape or type differs. */
  hostTensorOf(data: HostArray, shape: readonly number[], dtype: HostTensor["dtype"]): HostTensor {
    const known = this.#hostTensors.get(data);
    if (known && known.dtype === dtype && sameShape(known.shape, shape)) return known;
    const tensor: HostTensor = { dtype, shape: [...shape], data };
    this.#hostTensors.set(data, tensor);
    return tensor;
  }

  /** A tensor over an output buffer; takes the buffer over. */
  adopt({ data, shape, dtype }: HostTensor): TensorInfo {
    const dataId: DataId = {};
    this.data.set(dataId, { values: data as Float32Array, dtype: dtype as DataType, refCount: 1 });
    return { dataId, shape: [...shape], dtype: dtype as DataType };
  }

  /** A tensor on the data of `info`, whose elements become those of `output`: same number, same type. */
  overwrite(info: TensorInfo, { data, shape, dtype }: HostTensor): TensorInfo {
    const own = this.hostTensor(info).data;
    // The two arrays have one type, which their union does not say.
    (own as Float32Array).set(data as Float32Array);
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: [...shape], dtype: dtype as DataType };
  }

  /** Another tensor on the same data, which lives until both are disposed. */
  share({ dataId, shape, dtype }: TensorInfo): Tensor {
    this.incRef(dataId);
    return engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype }, this);
  }

  /** Marks a buffer as written again by later steps: readers get copies of it. */
  recycle(data: HostArray): void {
    this.#recycled.add(data.buffer);
  }

  /** Whether `values` lie in a buffer that {@link recycle} marked. */
  isRecycled(values: unknown): boolean {
    return ArrayBuffer.isView(values) && this.#recycled.has(values.buffer);
  }
}

function rejectRandomOps(trace: Trace): void {
  const op = engine().state.scopeStack.find((scope) => RANDOM_OPS.has(scope.name));
  if (!op) return;
  const name = op.name.replace("__op", "");
  throw new TraceError(
    `jit ${trace.graph.name}: expected no random draws inside a compiled function, got tf.${name}, ` +
      "whose numbers would be the same in every run. Draw them outside and pass them as an argument.",
  );
}
