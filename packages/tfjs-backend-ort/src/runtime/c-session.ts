/**
 * A session of the C API. Everything that a run needs besides its tensors is prepared once: names
 * as C strings and arrays for the pointers to values.
 */
import { SessionError } from "../errors.ts";
import { Names } from "./c-names.ts";
import type { GivenConstants } from "./c-weights.ts";
import { check, type OrtApi, type OrtLibrary, type Pointer } from "./ort-api.ts";
import type { OrtValues, Temporaries } from "./ort-values.ts";
import { Ports } from "./ports.ts";
import type { HostTensor, Model, Session } from "./runtime.ts";

/** See {@link Session}. Owns the native session it is given. */
export class CSession implements Session {
  readonly #api: OrtApi;
  readonly #values: OrtValues;
  readonly #session: Pointer;
  readonly #where: string;
  readonly #ports: Ports;
  readonly #inputNames: Names;
  readonly #outputNames: Names;
  readonly #inputs: BigUint64Array;
  readonly #outputs: BigUint64Array;
  readonly #constants: GivenConstants | null;
  /** Settles when the last run that was asked for ends. */
  #lastRun: Promise<void> = Promise.resolve();
  #unfinished = 0;
  #disposed = false;

  constructor(
    library: OrtLibrary,
    values: OrtValues,
    session: Pointer,
    model: Model,
    constants: GivenConstants | null,
  ) {
    this.#api = library.api;
    this.#values = values;
    this.#session = session;
    this.#where = `session ${model.name}`;
    this.#ports = new Ports(model);
    this.#inputNames = new Names(model.inputs, library);
    this.#outputNames = new Names(model.outputs, library);
    this.#inputs = new BigUint64Array(model.inputs.length);
    this.#outputs = new BigUint64Array(model.outputs.length);
    this.#constants = constants;
  }

  run(inputs: readonly HostTensor[], outputs: readonly HostTensor[]): void {
    this.#requireAlive();
    if (this.#unfinished > 0) {
      throw new SessionError(
        `${this.#where}: expected no unfinished runAsync, got ${this.#unfinished}. Await it first.`,
      );
    }
    const temporaries = this.#bind(inputs, outputs);
    try {
      check(this.#api, this.#api.Run(...this.#arguments()), this.#where);
    } finally {
      this.#values.release(temporaries);
    }
  }

  async runAsync(inputs: readonly HostTensor[], outputs: readonly HostTensor[]): Promise<void> {
    this.#requireAlive();
    // Copies: what the caller does to its lists while waiting is no matter.
    const [ins, outs] = [[...inputs], [...outputs]];
    const run = this.#lastRun.then(() => this.#runOffThread(ins, outs));
    this.#unfinished++;
    this.#lastRun = run.then(
      () => this.#finish(),
      () => this.#finish(),
    );
    await run;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#unfinished === 0) this.#release();
  }

  #finish(): void {
    this.#unfinished--;
    if (this.#disposed && this.#unfinished === 0) this.#release();
  }

  #release(): void {
    this.#api.ReleaseSession(this.#session);
    this.#constants?.dispose();
  }

  async #runOffThread(inputs: HostTensor[], outputs: HostTensor[]): Promise<void> {
    const temporaries = this.#bind(inputs, outputs);
    // What native code points to must not be collected before it is done.
    const held = [inputs, outputs, inputs.map(dataOf), outputs.map(dataOf)];
    try {
      const status = await new Promise<Pointer | null>((resolve, reject) => {
        this.#api.Run.async(...this.#arguments(), (error, result) => {
          held.length = 0;
          if (error) reject(error);
          else resolve(result);
        });
      });
      check(this.#api, status, this.#where);
    } finally {
      this.#values.release(temporaries);
    }
  }

  /** Points the arrays of a run at `inputs` and `outputs`. */
  #bind(inputs: readonly HostTensor[], outputs: readonly HostTensor[]): Temporaries {
    this.#ports.check(inputs, outputs);
    const temporaries: Temporaries = [];
    try {
      this.#values.bind(inputs, this.#inputs, temporaries);
      this.#values.bind(outputs, this.#outputs, temporaries);
    } catch (error) {
      this.#values.release(temporaries);
      throw error;
    }
    return temporaries;
  }

  #arguments(): Parameters<OrtApi["Run"]> {
    const [inputs, outputs] = [this.#inputNames.pointers, this.#outputNames.pointers];
    return [
      this.#session,
      null,
      inputs,
      this.#inputs,
      inputs.length,
      outputs,
      outputs.length,
      this.#outputs,
    ];
  }

  #requireAlive(): void {
    if (this.#disposed) {
      throw new SessionError(`${this.#where}: expected a live session, got a disposed one.`);
    }
  }
}

function dataOf(tensor: HostTensor): HostTensor["data"] {
  return tensor.data;
}
