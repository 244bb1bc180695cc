/**
 * Tensors that compiled functions may take as constants instead of reading them anew in every run.
 * ONNX Runtime then stores matrices once more in the layout that its products want, which makes
 * products of few rows up to three times as fast.
 */
import { type DataId, type Tensor, Variable } from "@tensorflow/tfjs-core";
import type { Runtime, WeightStore } from "../runtime/runtime.ts";

/**
 * Tensors that never change, shared by compiled functions: each is stored twice, as it is and as
 * products want it, however many functions there are. Where the backend or the runtime cannot do so
 * it has no effect.
 */
export class ConstantTensors {
  readonly #data: ReadonlySet<DataId>;
  #store: WeightStore | null = null;
  #disposed = false;

  /** @throws Error for variables, which may change */
  constructor(tensors: Iterable<Tensor>) {
    const list = [...tensors];
    const variable = list.find((tensor) => tensor instanceof Variable);
    if (variable) {
      throw new Error(
        `ConstantTensors: expected tensors, got a variable of shape [${variable.shape}]. Leave it ` +
          "out, or copy it.",
      );
    }
    this.#data = new Set(list.map(({ dataId }) => dataId));
  }

  /** Whether `dataId` is one of the tensors' data. */
  has(dataId: DataId): boolean {
    return this.#data.has(dataId);
  }

  /** Where sessions of `runtime` share the matrices; null where it has no such place. */
  storeOf(runtime: Runtime): WeightStore | null {
    if (this.#disposed) {
      throw new Error("ConstantTensors: expected live ones, got disposed ones. Make them anew.");
    }
    this.#store ??= runtime.createWeightStore?.() ?? null;
    return this.#store;
  }

  /** Frees what products read as soon as no compiled function needs it; not the tensors. */
  dispose(): void {
    this.#disposed = true;
    this.#store?.dispose();
    this.#store = null;
  }
}
