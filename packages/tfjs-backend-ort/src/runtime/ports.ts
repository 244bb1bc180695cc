/**
 * Checks tensors against a model's ports before native code sees them: a wrong length there would
 * be a read past the end of memory, not an exception.
 */
import { SessionError } from "../errors.ts";
import { allocate, sameShape, sizeOf } from "../graph/dtypes.ts";
import type { HostTensor, Model, PortSpec } from "./runtime.ts";

type Direction = "input" | "output";

interface Port extends PortSpec {
  readonly length: number;
  /** Class of the typed array. */
  readonly array: unknown;
  /** Its name, which is the same in every realm and for subclasses; slow to look up. */
  readonly arrayName: string;
}

/** The ports of one model. */
export class Ports {
  readonly #model: string;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];

  constructor(model: Model) {
    this.#model = model.name;
    this.#inputs = model.inputs.map(prepare);
    this.#outputs = model.outputs.map(prepare);
  }

  /** @throws SessionError naming the first port that its tensor does not fit */
  check(inputs: readonly HostTensor[], outputs: readonly HostTensor[]): void {
    this.#checkAll("input", this.#inputs, inputs);
    this.#checkAll("output", this.#outputs, outputs);
  }

  #checkAll(direction: Direction, ports: readonly Port[], tensors: readonly HostTensor[]): void {
    if (tensors.length !== ports.length) {
      throw new SessionError(
        `session ${this.#model}: expected ${ports.length} ${direction}s, got ${tensors.length}.`,
      );
    }
    for (let i = 0; i < ports.length; i++) {
      const port = ports[i] as Port;
      const tensor = tensors[i];
      if (tensor === undefined || !fits(tensor, port)) throw this.#misfit(direction, port, tensor);
    }
  }

  #misfit(direction: Direction, port: Port, tensor: HostTensor | undefined): SessionError {
    const expected = `${port.dtype} [${port.shape}] in a ${port.arrayName} of ${port.length}`;
    const actual = tensor
      ? `${tensor.dtype} [${tensor.shape}] in ${describe(tensor.data)}`
      : "nothing";
    return new SessionError(
      `session ${this.#model}: expected ${direction} ${port.name} to be ${expected}, got ${actual}.`,
    );
  }
}

function prepare({ name, dtype, shape }: PortSpec): Port {
  const example = allocate(dtype, 0);
  return {
    name,
    dtype,
    shape,
    length: sizeOf(shape),
    array: example.constructor,
    arrayName: example[Symbol.toStringTag],
  };
}

// A typed array whose buffer was transferred elsewhere has length 0, so it is caught here too.
function fits({ dtype, shape, data }: HostTensor, port: Port): boolean {
  return (
    dtype === port.dtype &&
    data.length === port.length &&
    (data.constructor === port.array || data[Symbol.toStringTag] === port.arrayName) &&
    sameShape(shape, port.shape)
  );
}

function describe(data: unknown): string {
  return ArrayBuffer.isView(data)
    ? `${Object.prototype.toString.call(data).slice(8, -1)} of ${(data as Uint8Array).length}`
    : String(data);
}
