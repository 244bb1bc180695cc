/**
 * Options of objectives, declared as data: one declaration gives the type that the formula sees,
 * the default, the check of untrusted values and the list that the command line prints.
 */

import { ConfigError } from "@preflab/lm";

/** A value of an option. */
export type OptionValue = number | boolean | string;

/** One option. */
export interface OptionSpec<Value extends OptionValue = OptionValue> {
  readonly default: Value;
  /** What is allowed, for messages. */
  readonly allowed: string;
  /** The value that an untrusted one stands for; undefined where it is not allowed. */
  readonly read: (raw: unknown) => Value | undefined;
}

/** Options by name. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The values that a formula gets. */
export type OptionsOf<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name]["default"];
};

/** Bounds of a number; at most one on each side. */
export interface Range {
  /** The number is at least this. */
  readonly from?: number;
  /** The number is above this. */
  readonly above?: number;
  /** The number is at most this. */
  readonly to?: number;
  /** The number is below this. */
  readonly below?: number;
}

/** A finite number within a range. */
export function number(fallback: number, range: Range): OptionSpec<number> {
  const { from, above, to, below } = range;
  const words = [
    from !== undefined && `from ${from}`,
    above !== undefined && `above ${above}`,
    to !== undefined && `to ${to}`,
    below !== undefined && `below ${below}`,
  ].filter((word) => word !== false);
  const fits = (x: number): boolean =>
    Number.isFinite(x) &&
    x >= (from ?? Number.NEGATIVE_INFINITY) &&
    x > (above ?? Number.NEGATIVE_INFINITY) &&
    x <= (to ?? Number.POSITIVE_INFINITY) &&
    x < (below ?? Number.POSITIVE_INFINITY);
  return {
    default: fallback,
    allowed: ["a number", ...words].join(" "),
    read: (raw) => (typeof raw === "number" && fits(raw) ? raw : undefined),
  };
}

/** True or false. */
export function boolean(fallback: boolean): OptionSpec<boolean> {
  return {
    default: fallback,
    allowed: "true or false",
    read: (raw) => (typeof raw === "boolean" ? raw : undefined),
  };
}

/**
 * One of some words.
 * @param aliases other words for them
 */
export function choice<Word extends string>(
  fallback: Word,
  words: readonly Word[],
  aliases: Readonly<Record<string, Word>> = {},
): OptionSpec<Word> {
  return {
    default: fallback,
    allowed: `one of ${[...words, ...Object.keys(aliases)].join(", ")}`,
    read: (raw) => words.find((word) => word === raw) ?? aliasOf(aliases, raw),
  };
}

function aliasOf<Word>(aliases: Readonly<Record<string, Word>>, raw: unknown): Word | undefined {
  return typeof raw === "string" && Object.hasOwn(aliases, raw) ? aliases[raw] : undefined;
}

/** Default values. */
export function defaultsOf<Specs extends OptionSpecs>(specs: Specs): OptionsOf<Specs> {
  return mapValues(specs, (spec) => spec.default);
}

/** Options, and other names of some of them. */
export interface Declared<Specs extends OptionSpecs> {
  readonly options: Specs;
  readonly synonyms?: Readonly<Record<string, string>>;
}

/**
 * Values from an untrusted object; the default where there is none.
 * @param where what the options belong to, for messages
 * @throws ConfigError for unknown names, two names of one option and values that are not allowed
 */
export function readOptions<Specs extends OptionSpecs>(
  where: string,
  { options, synonyms = {} }: Declared<Specs>,
  raw: Readonly<Record<string, unknown>>,
): OptionsOf<Specs> {
  const given: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    const name = Object.hasOwn(synonyms, key) ? (synonyms[key] as string) : key;
    if (!Object.hasOwn(options, name)) {
      const names = [...Object.keys(options), ...Object.keys(synonyms)];
      const known = names.length > 0 ? `the options ${names.join(", ")}` : "no options";
      throw new ConfigError(`${where}: expected ${known}, got ${key}.`, [key]);
    }
    if (Object.hasOwn(given, name)) {
      throw new ConfigError(`${where}: expected ${name} once, got it under two names.`, [key]);
    }
    given[name] = value;
  }
  return mapValues(options, (spec, name) => {
    if (given[name] === undefined) return spec.default;
    const value = spec.read(given[name]);
    if (value !== undefined) return value;
    throw new ConfigError(
      `${where}: expected ${name} to be ${spec.allowed}, got ${JSON.stringify(given[name])}.`,
      [name],
    );
  });
}

function mapValues<Specs extends OptionSpecs>(
  specs: Specs,
  choose: (spec: OptionSpec, name: string) => OptionValue,
): OptionsOf<Specs> {
  const entries = Object.entries(specs).map(([name, spec]) => [name, choose(spec, name)]);
  // Every entry comes from the declaration of the same name, which TypeScript cannot follow.
  return Object.fromEntries(entries) as OptionsOf<Specs>;
}
