/**
 * Reads options of a config.json one by one and remembers which, so that an option that nobody
 * asked for is an error instead of being ignored. Knows no option by name.
 */
import { CheckpointError, listNames } from "../error.ts";
import { describe, isJsonObject, type JsonObject } from "../json.ts";

/** Options of one JSON object. An option that is null counts as missing. */
export class OptionReader {
  readonly #options: JsonObject;
  readonly #where: string;
  readonly #read = new Set<string>();

  /** @param where name of the object, for messages. */
  constructor(options: JsonObject, where: string) {
    this.#options = options;
    this.#where = where;
  }

  /** A positive integer; without a fallback the option has to be there. */
  size(key: string, fallback?: number): number {
    const value = this.#get(key) ?? fallback;
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw this.#invalid(key, value, "a positive integer");
  }

  /** A finite number above 0; without a fallback the option has to be there. */
  positive(key: string, fallback?: number): number {
    const value = this.#get(key) ?? fallback;
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
    throw this.#invalid(key, value, "a number above 0");
  }

  /** A boolean. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.#get(key) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.#invalid(key, value, "true or false");
  }

  /** One of the keys of `choices`, as its value. */
  choice<T>(key: string, choices: Readonly<Record<string, T>>, fallback: string): T {
    const value = this.#get(key) ?? fallback;
    if (typeof value === "string" && Object.hasOwn(choices, value)) return choices[value] as T;
    throw this.#invalid(key, value, Object.keys(choices).join(" or "));
  }

  /** A token id, several of them, or null. Older files write -1 for none. */
  tokenIds(key: string): number | readonly number[] | null {
    const value = this.#get(key) ?? null;
    if (value === null || value === -1) return null;
    const ids: unknown[] = Array.isArray(value) ? value : [value];
    if (ids.length > 0 && ids.every(isTokenId))
      return Array.isArray(value) ? ids : (ids[0] ?? null);
    throw this.#invalid(key, value, "a token id, a list of them or null");
  }

  /** A token id or null. */
  tokenId(key: string): number | null {
    const value = this.tokenIds(key);
    if (value === null || typeof value === "number") return value;
    throw this.#invalid(key, value, "one token id or null");
  }

  /** An object or null. */
  object(key: string): JsonObject | null {
    const value = this.#get(key) ?? null;
    if (value === null || isJsonObject(value)) return value;
    throw this.#invalid(key, value, "an object or null");
  }

  /** Whether the option is there, be it null. */
  has(key: string): boolean {
    return Object.hasOwn(this.#options, key);
  }

  /** The raw value, undefined where it is missing or null. */
  raw(key: string): unknown {
    return this.#get(key) ?? undefined;
  }

  /** @throws CheckpointError unless the option is missing or has this value. */
  require(key: string, expected: boolean | number | string | null): void {
    const value = this.#get(key) ?? expected;
    if (value !== expected) throw this.#invalid(key, value, JSON.stringify(expected));
  }

  /** Options that do not change what the model computes. */
  ignore(keys: readonly string[]): void {
    for (const key of keys) this.#read.add(key);
  }

  /** @throws CheckpointError naming the options that were neither read nor ignored. */
  finish(): void {
    const unknown = Object.keys(this.#options).filter((key) => !this.#read.has(key));
    if (unknown.length === 0) return;
    const options = unknown.map((key) => `${key} = ${describe(this.#options[key])}`);
    throw new CheckpointError(
      `${this.#where}: expected options that are supported, got ${listNames(options)}. ` +
        "Remove them only if they do not change what the model computes.",
    );
  }

  #get(key: string): unknown {
    this.#read.add(key);
    return Object.hasOwn(this.#options, key) ? this.#options[key] : undefined;
  }

  #invalid(key: string, value: unknown, expected: string): CheckpointError {
    const got = value === undefined ? "nothing" : describe(value);
    return new CheckpointError(
      `${this.#where}: expected ${key} to be ${expected}, got ${got}. No other value is supported.`,
    );
  }
}

function isTokenId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
