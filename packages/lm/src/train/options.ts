/** Reads settings from untrusted objects: unknown keys and values out of range are errors. */

/** A setting that cannot be used; the message names it and what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Keys that lead from the root of the settings to the one at fault; for naming its line. */
  readonly path: readonly string[];

  constructor(message: string, path: readonly string[] = []) {
    super(message);
    this.path = path;
  }
}

/** One object of settings, read key by key. A key whose value is null counts as left out. */
export class OptionReader {
  readonly #where: string;
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #path: readonly string[];
  readonly #known = new Set<string>();

  /**
   * @param where name of the object, for messages, such as `optimizer`
   * @param path keys that lead to it
   */
  constructor(where: string, raw: unknown, path: readonly string[] = []) {
    this.#where = where;
    this.#path = path;
    if (!isObject(raw)) {
      throw new ConfigError(`${where}: expected an object of settings, got ${show(raw)}.`, path);
    }
    this.#raw = raw;
  }

  /** Whether a key is there. */
  has(key: string): boolean {
    return (this.value(key) ?? null) !== null;
  }

  /** Whatever a key holds, for settings that may be of several kinds. */
  value(key: string): unknown {
    this.#known.add(key);
    return Object.hasOwn(this.#raw, key) ? this.#raw[key] : undefined;
  }

  /** A number in `[low, high]`. */
  number(key: string, fallback: number, low: number, high: number): number {
    const value = this.value(key) ?? fallback;
    if (typeof value === "number" && value >= low && value <= high) return value;
    throw this.wrong(key, `a number ${range(low, high)}`);
  }

  /** A number in `[low, high]`, or "none", which stands for null: a key of null counts as left out. */
  numberOrNone(key: string, fallback: number | null, low: number, high: number): number | null {
    const value = this.value(key) ?? fallback;
    if (value === null || value === "none") return null;
    if (typeof value === "number" && value >= low && value <= high) return value;
    throw this.wrong(key, `a number ${range(low, high)}, or none`);
  }

  /** An integer of at least `low`. */
  integer(key: string, fallback: number, low: number): number {
    const value = this.value(key) ?? fallback;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= low) return value;
    throw this.wrong(key, `an integer from ${low}`);
  }

  /** True or false. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.value(key) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.wrong(key, "true or false");
  }

  /** A text that is not empty. */
  string<Fallback extends string | null>(key: string, fallback: Fallback): string | Fallback {
    const value = this.value(key) ?? fallback;
    if (value === fallback || (typeof value === "string" && value !== "")) {
      return value as string | Fallback;
    }
    throw this.wrong(key, "a text");
  }

  /** One of `choices`. */
  choice<Choice extends string>(key: string, fallback: Choice, choices: readonly Choice[]): Choice {
    const value = this.value(key) ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.wrong(key, `one of ${choices.join(", ")}`);
  }

  /** Two numbers in `[low, high]`. */
  pair(
    key: string,
    fallback: readonly [number, number],
    low: number,
    high: number,
  ): [number, number] {
    const value = this.value(key) ?? fallback;
    const fits = (x: unknown) => typeof x === "number" && x >= low && x <= high;
    if (Array.isArray(value) && value.length === 2 && value.every(fits)) {
      return value as [number, number];
    }
    throw this.wrong(key, `two numbers ${range(low, high)}`);
  }

  /** A list of strings. */
  strings(key: string, fallback: readonly string[]): readonly string[] {
    const value = this.value(key) ?? fallback;
    if (Array.isArray(value) && value.every((x) => typeof x === "string")) return value;
    throw this.wrong(key, "a list of strings");
  }

  /** Settings within these; all defaults where there are none. */
  object(key: string): OptionReader {
    return new OptionReader(`${this.#where}.${key}`, this.value(key) ?? {}, [...this.#path, key]);
  }

  /** The error of a key that does not hold what is expected. */
  wrong(key: string, expected: string): ConfigError {
    return this.error(key, `expected ${key} to be ${expected}, got ${show(this.value(key))}.`);
  }

  /** An error about a key, or about the settings as a whole. */
  error(key: string | undefined, message: string): ConfigError {
    const path = key === undefined ? this.#path : [...this.#path, key];
    return new ConfigError(`${this.#where}: ${message}`, path);
  }

  /** @throws ConfigError naming keys that were not asked for, and those that were */
  finish(): void {
    const unknown = Object.keys(this.#raw).filter((key) => !this.#known.has(key));
    if (unknown.length === 0) return;
    const expected = [...this.#known].join(", ");
    throw this.error(unknown[0], `expected settings ${expected}, got ${unknown.join(", ")}.`);
  }
}

function isObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function range(low: number, high: number): string {
  return high === Number.MAX_VALUE ? `from ${low}` : `from ${low} to ${high}`;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
