/**
 * Checks of JSON against the type that it is read as, made of small parts. Errors name the path, as
 * `runs[2].evaluations[0].kl`.
 */

/** Takes a value apart and gives it back with its type. @throws ShapeError */
export type Shape<T> = (value: unknown, path: string) => T;

/** JSON that is not as expected. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  constructor(path: string, expected: string, value: unknown) {
    const text = JSON.stringify(value) ?? "nothing";
    const got = text.length > 60 ? `${text.slice(0, 60)}...` : text;
    super(`${path || "the whole"}: expected ${expected}, got ${got}`);
  }
}

/** A finite number. */
export const number: Shape<number> = (value, path) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ShapeError(path, "a finite number", value);
};

/** A text. */
export const text: Shape<string> = (value, path) => {
  if (typeof value === "string") return value;
  throw new ShapeError(path, "a text", value);
};

/** One of some texts or numbers. */
export function oneOf<const T extends string | number>(...choices: readonly T[]): Shape<T> {
  return (value, path) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new ShapeError(path, choices.map((choice) => JSON.stringify(choice)).join(" or "), value);
  };
}

/** A list of one shape. */
export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new ShapeError(path, "a list", value);
    return value.map((part: unknown, i) => shape(part, `${path}[${i}]`));
  };
}

/** A shape, or null. */
export function nullOr<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path) => (value === null ? null : shape(value, path));
}

/** Any object, its values unchecked. */
export const anyObject: Shape<Readonly<Record<string, never>>> = (value, path) => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, never>>;
  }
  throw new ShapeError(path, "an object", value);
};

/** Names of fields that may be missing. */
type OptionalKeys<T> = {
  [K in keyof T]-?: object extends Pick<T, K> ? K : never;
}[keyof T];

/** Shapes of all fields of an object. */
type Fields<T> = { readonly [K in keyof T]-?: Shape<Exclude<T[K], undefined>> };

/**
 * An object of exactly these fields.
 * @param optional those that may be missing
 */
export function object<T extends object>(
  fields: Fields<T>,
  ...optional: readonly OptionalKeys<T>[]
): Shape<T> {
  const isOptional = new Set<PropertyKey>(optional);
  return (value, path) => {
    const parts: Readonly<Record<string, unknown>> = anyObject(value, path);
    const at = (name: string) => (path ? `${path}.${name}` : name);
    const unknown = Object.keys(parts).find((name) => !Object.hasOwn(fields, name));
    if (unknown !== undefined) {
      throw new ShapeError(at(unknown), `only ${Object.keys(fields).join(", ")}`, parts[unknown]);
    }
    const read: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries<Shape<unknown>>(fields)) {
      if (parts[name] === undefined && isOptional.has(name)) continue;
      read[name] = shape(parts[name], at(name));
    }
    // Every field was checked by the shape that the type demands for it.
    return read as T;
  };
}
