/**
 * Constants that sessions of the C API share. Each session is given the arrays themselves, and those
 * that matrix products read are stored once more in the layout that the products want: in one
 * container for all sessions, which ONNX Runtime needs as long as any of them lives.
 */
import { SessionError } from "../errors.ts";
import { Names } from "./c-names.ts";
import { check, type OrtApi, type OrtLibrary, type Pointer, pointerFrom } from "./ort-api.ts";
import type { OrtValues, Temporaries } from "./ort-values.ts";
import type { StoredConstant, WeightStore } from "./runtime.ts";

/** See {@link WeightStore}. */
export class CWeightStore implements WeightStore {
  /** OrtPrepackedWeightsContainer. */
  readonly container: Pointer;
  readonly #api: OrtApi;
  #sessions = 0;
  #disposed = false;

  constructor(api: OrtApi) {
    this.#api = api;
    this.container = pointerFrom(api, "weight store", (out) =>
      api.CreatePrepackedWeightsContainer(out),
    );
  }

  /** Keeps the container until {@link release}. @throws SessionError when disposed */
  retain(): void {
    if (this.#disposed) {
      throw new SessionError("weight store: expected a live store, got a disposed one.");
    }
    this.#sessions++;
  }

  /** The end of a session that retained this. */
  release(): void {
    this.#sessions--;
    this.#freeIfUnused();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (this.#disposed && this.#sessions === 0) {
      this.#api.ReleasePrepackedWeightsContainer(this.container);
    }
  }
}

/** Constants given to one session, alive until {@link dispose}. */
export class GivenConstants {
  /** Held because native values point into their arrays. */
  readonly #constants: StoredConstant[];
  readonly #store: CWeightStore;
  readonly #values: OrtValues;
  readonly #temporaries: Temporaries = [];

  /** Adds `constants`, one or more, to the options of a session. @throws SessionError */
  constructor(
    library: OrtLibrary,
    values: OrtValues,
    store: CWeightStore,
    constants: readonly StoredConstant[],
    options: Pointer,
    where: string,
  ) {
    const { api } = library;
    this.#constants = [...constants];
    this.#store = store;
    this.#values = values;
    store.retain();
    try {
      const pointers = new BigUint64Array(constants.length);
      values.bind(
        constants.map(({ tensor }) => tensor),
        pointers,
        this.#temporaries,
      );
      const names = new Names(constants, library);
      // Given twice: in place of the model's own for optimisations to read, and to be shared.
      const count = constants.length;
      check(api, api.AddExternalInitializers(options, names.pointers, pointers, count), where);
      constants.forEach(({ name }, i) => {
        check(api, api.AddInitializer(options, name, pointers[i] as Pointer), where);
      });
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** After the session has ended. */
  dispose(): void {
    this.#values.release(this.#temporaries);
    this.#temporaries.length = 0;
    this.#constants.length = 0;
    this.#store.release();
  }
}
