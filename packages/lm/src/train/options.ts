/** Reads settings from untrusted objects: unknown keys and values out of range are errors. */

/** A setting that cannot be used; the message names it and what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** One object of settings, read key by key. */
export class OptionReader {
  readonly #where: string;
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();

  /** @param where path of the object, for messages, such as `optimizer` */
  constructor(where: string, raw: unknown) {
    if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
      throw new ConfigError(`${where}: expected an object of settings, got ${show(raw)}.`);
    }
    this.#where = where;
    this.#raw = raw as Readonly<Record<string, unknown>>;
  }

  /** A number in `[low, high]`. */
  number(key: string, fallback: number, low: number, high: number): number {
    const value = this.#value(key) ?? fallback;
    if (typeof value === "number" && value >= low && value <= high) return value;
    throw this.#wrong(key, `a number from ${low} to ${high}`, value);
  }

  /** An integer of at least `low`. */
  integer(key: string, fallback: number, low: number): number {
    const value = this.#value(key) ?? fallback;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= low) return value;
    throw this.#wrong(key, `an integer from ${low}`, value);
  }

  /** True or false. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.#value(key) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.#wrong(key, "true or false", value);
  }

  /** One of `choices`. */
  choice<Choice extends string>(key: string, fallback: Choice, choices: readonly Choice[]): Choice {
    const value = this.#value(key) ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.#wrong(key, `one of ${choices.join(", ")}`, value);
  }

  /** Two numbers in `[low, high]`. */
  pair(
    key: string,
    fallback: readonly [number, number],
    low: number,
    high: number,
  ): [number, number] {
    const value = this.#value(key) ?? fallback;
    const fits = (x: unknown) => typeof x === "number" && x >= low && x <= high;
    if (Array.isArray(value) && value.length === 2 && value.every(fits)) {
      return value as [number, number];
    }
    throw this.#wrong(key, `two numbers from ${low} to ${high}`, value);
  }

  /** A list of strings. */
  strings(key: string, fallback: readonly string[]): readonly string[] {
    const value = this.#value(key) ?? fallback;
    if (Array.isArray(value) && value.every((x) => typeof x === "string")) return value;
    throw this.#wrong(key, "a list of strings", value);
  }

  /** Settings within these; all defaults where there are none. */
  object(key: string): OptionReader {
    return new OptionReader(`${this.#where}.${key}`, this.#value(key) ?? {});
  }

  /** @throws ConfigError naming keys that were not asked for, and those that were */
  finish(): void {
    const unknown = Object.keys(this.#raw).filter((key) => !this.#known.has(key));
    if (unknown.length === 0) return;
    throw new ConfigError(
      `${this.#where}: expected settings ${[...this.#known].join(", ")}, got ${unknown.join(", ")}.`,
    );
  }

  #value(key: string): unknown {
    this.#known.add(key);
    return this.#raw[key];
  }

  #wrong(key: string, expected: string, value: unknown): ConfigError {
    return new ConfigError(
      `${this.#where}: expected ${key} to be ${expected}, got ${show(value)}.`,
    );
  }
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
