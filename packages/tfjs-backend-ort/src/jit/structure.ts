/** Takes nested containers of tensors apart and puts results back into the same form. */
import { Tensor } from "@tensorflow/tfjs-core";

/** Tensors nested in arrays and plain objects; other leaves are kept as they are. */
export type Structure =
  | Tensor
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly Structure[]
  | { readonly [key: string]: Structure };

/** The tensors of a structure and the way back. */
export interface Flattened {
  /** In order of appearance. */
  readonly tensors: Tensor[];
  /** Equal for structures of equal form with equal leaves that are not tensors. */
  readonly form: string;
  /** The same form around other tensors, as many and in the same order. */
  readonly rebuild: (tensors: readonly (Tensor | null)[]) => unknown;
}

/**
 * Flattens `structure`, which must not change as long as the result is used.
 * @throws for disposed tensors and for leaves that are not plain data, such as class instances
 */
export function flatten(structure: unknown): Flattened {
  const tensors: Tensor[] = [];
  const form = formOf(structure, tensors);
  const rebuild = (results: readonly (Tensor | null)[]) => {
    let next = 0;
    return withTensors(structure, () => results[next++]);
  };
  return { tensors, form, rebuild };
}

/** The form of `part`, whose tensors are added to `tensors`. Runs at every call: few allocations. */
function formOf(part: unknown, tensors: Tensor[]): string {
  if (part instanceof Tensor) {
    if (part.isDisposed) {
      throw new Error(`jit: expected live tensors, got a disposed one of shape [${part.shape}].`);
    }
    tensors.push(part);
    return "*";
  }
  if (Array.isArray(part)) {
    let form = "[";
    for (const child of part) form += `${formOf(child, tensors)},`;
    return `${form}]`;
  }
  if (typeof part !== "object" || part === null) return `${typeof part} ${String(part)}`;
  const fields = part as Readonly<Record<string, unknown>>;
  if (Object.getPrototypeOf(fields) !== Object.prototype) {
    throw new Error(
      `jit: expected tensors, arrays, plain objects, numbers, strings or null, got an instance of ` +
        `${fields.constructor?.name ?? "a class"}. Pass its tensors instead.`,
    );
  }
  let form = "{";
  for (const key of Object.keys(fields)) {
    form += `${JSON.stringify(key)}:${formOf(fields[key], tensors)},`;
  }
  return `${form}}`;
}

/** `part` with its tensors replaced, in order of appearance, by what `next` gives. */
function withTensors(part: unknown, next: () => Tensor | null | undefined): unknown {
  if (part instanceof Tensor) return next();
  if (Array.isArray(part)) return part.map((child) => withTensors(child, next));
  if (typeof part !== "object" || part === null) return part;
  const entries = Object.entries(part);
  return Object.fromEntries(entries.map(([key, child]) => [key, withTensors(child, next)]));
}
