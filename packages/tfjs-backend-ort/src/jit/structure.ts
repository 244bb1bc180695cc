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
 * Flattens `structure`.
 * @throws for disposed tensors and for leaves that are not plain data, such as class instances
 */
export function flatten(structure: unknown): Flattened {
  const tensors: Tensor[] = [];
  const { form, rebuild } = visit(structure, tensors);
  return { tensors, form, rebuild };
}

interface Part {
  readonly form: string;
  readonly rebuild: (tensors: readonly (Tensor | null)[]) => unknown;
}

function visit(part: unknown, tensors: Tensor[]): Part {
  if (part instanceof Tensor) {
    if (part.isDisposed) {
      throw new Error(`jit: expected live tensors, got a disposed one of shape [${part.shape}].`);
    }
    const index = tensors.push(part) - 1;
    return { form: "*", rebuild: (results) => results[index] };
  }
  if (Array.isArray(part)) {
    const parts = part.map((child) => visit(child, tensors));
    return {
      form: `[${parts.map(({ form }) => form)}]`,
      rebuild: (results) => parts.map(({ rebuild }) => rebuild(results)),
    };
  }
  if (typeof part === "object" && part !== null) {
    if (Object.getPrototypeOf(part) !== Object.prototype) {
      throw new Error(
        `jit: expected tensors, arrays, plain objects, numbers, strings or null, got an instance of ` +
          `${part.constructor?.name ?? "a class"}. Pass its tensors instead.`,
      );
    }
    const parts = Object.entries(part).map(([key, child]) => [key, visit(child, tensors)] as const);
    return {
      form: `{${parts.map(([key, { form }]) => `${JSON.stringify(key)}:${form}`)}}`,
      rebuild: (results) =>
        Object.fromEntries(parts.map(([key, { rebuild }]) => [key, rebuild(results)])),
    };
  }
  return { form: `${typeof part} ${String(part)}`, rebuild: () => part };
}
