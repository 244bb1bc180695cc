/**
 * Native tensors (OrtValue) over the memory of typed arrays, without copies. Tensors that are fed
 * again and again keep theirs; those fed once get one for that run only, because finalizers, which
 * free the kept ones, do not run before a synchronous program ends.
 */
import { bytesPerElement, onnxType } from "../graph/dtypes.ts";
import { check, type OrtApi, type Pointer, pointerFrom } from "./ort-api.ts";
import type { HostTensor } from "./runtime.ts";

/** A kept native tensor, with what it describes. */
interface Kept {
  readonly value: Pointer;
  /** Held because the native tensor points into it. */
  readonly data: HostTensor["data"];
  readonly shape: HostTensor["shape"];
}

/** Native tensors that were made for one run. */
export type Temporaries = Pointer[];

/** OrtAllocatorType and OrtMemType of memory that ONNX Runtime neither allocates nor frees. */
const DEVICE_ALLOCATOR = 0;
const DEFAULT_MEMORY = 0;

// An empty typed array has no address, and ONNX Runtime refuses null.
const NOTHING = new Uint8Array(8);

/** Makes, keeps and frees native tensors. */
export class OrtValues {
  readonly #api: OrtApi;
  readonly #memoryInfo: Pointer;
  /** Per tensor: null after its first run, kept from its second. */
  readonly #known = new WeakMap<HostTensor, Kept | null>();
  readonly #finalizer: FinalizationRegistry<Pointer>;

  constructor(api: OrtApi) {
    this.#api = api;
    this.#memoryInfo = pointerFrom(api, "memory info", (out) =>
      api.CreateCpuMemoryInfo(DEVICE_ALLOCATOR, DEFAULT_MEMORY, out),
    );
    this.#finalizer = new FinalizationRegistry((value) => api.ReleaseValue(value));
  }

  /**
   * Writes the native tensors of `tensors` to `into`. They are valid while the tensors are
   * reachable, those added to `temporaries` until {@link release}.
   * @param tensors of checked type, shape and length
   */
  bind(tensors: readonly HostTensor[], into: BigUint64Array, temporaries: Temporaries): void {
    for (let i = 0; i < tensors.length; i++) {
      into[i] = this.#valueOf(tensors[i] as HostTensor, temporaries);
    }
  }

  release(temporaries: Temporaries): void {
    for (const value of temporaries) this.#api.ReleaseValue(value);
  }

  #valueOf(tensor: HostTensor, temporaries: Temporaries): Pointer {
    const { data, shape } = tensor;
    const known = this.#known.get(tensor);
    // A tensor whose fields were replaced is not what was kept.
    if (known && known.data === data && known.shape === shape) return known.value;
    const value = this.#create(tensor);
    if (known === null) {
      this.#known.set(tensor, { value, data, shape });
      this.#finalizer.register(tensor, value);
    } else {
      if (known === undefined) this.#known.set(tensor, null);
      temporaries.push(value);
    }
    return value;
  }

  #create({ data, shape, dtype }: HostTensor): Pointer {
    // Reading `buffer` moves small arrays out of the garbage-collected heap, to a fixed address.
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dims = new BigInt64Array(Math.max(1, shape.length));
    for (let i = 0; i < shape.length; i++) dims[i] = BigInt(shape[i] as number);
    const out = new BigUint64Array(1);
    const status = this.#api.CreateTensorWithDataAsOrtValue(
      this.#memoryInfo,
      bytes.length === 0 ? NOTHING : bytes,
      bytes.length,
      dims,
      shape.length,
      onnxType(dtype),
      out,
    );
    check(this.#api, status, `tensor of ${bytes.length / bytesPerElement(dtype)} ${dtype}`);
    return out[0] as Pointer;
  }
}
