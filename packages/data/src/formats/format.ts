/**
 * What a format is: a shape of rows, told by their fields, and how such a row becomes an example.
 * One file per family of formats beside this one; registry.ts lists them.
 */
import type { ExampleKind, ExampleKinds, ExampleMeta } from "../types.ts";
import type { RawRow } from "./fields.ts";

/** Families of formats, as users name them. */
export const FORMAT_NAMES = [
  "hh",
  "imdb",
  "shp",
  "trl",
  "llama-factory",
  "ultrafeedback",
  "tldr",
  "tokenized",
] as const;

/** Name of a family of formats. */
export type FormatName = (typeof FORMAT_NAMES)[number];

/** Settings of single formats. */
export interface FormatOptions {
  /**
   * Where Anthropic HH transcripts are split. "common-prefix" (default): after the last assistant
   * turn that both begin. "reference": after the last one of the chosen text, whatever the rejected
   * text has there, as the reference code of DPO does; the two agree unless the prompts differ.
   */
  readonly hhSplit?: "common-prefix" | "reference";
  /**
   * SHP pairs whose higher score is less than this times the lower one are left out. Default 1,
   * which keeps all; the reference code of DPO takes 2.
   */
  readonly shpMinRatio?: number;
}

/** What a row may show that a reader of the example cannot see any more. */
export type RowNote = "prompts_differ" | "ends_on_human_turn";

/** A row as an example. */
export interface Parsed<Kind extends ExampleKind> {
  /** Undefined where an option leaves the row out. */
  readonly example: ExampleKinds[Kind] | undefined;
  readonly notes?: readonly RowNote[];
}

/** One shape of rows. */
export interface RowShape<Kind extends ExampleKind = ExampleKind> {
  readonly format: FormatName;
  readonly kind: Kind;
  /** The fields in words, for messages. */
  readonly fields: string;
  /** Whether a row has this shape; a first look, not a check. */
  readonly matches: (row: RawRow) => boolean;
  /** @throws RowError where a field is missing or of the wrong type */
  readonly parse: (row: RawRow, meta: ExampleMeta, options: FormatOptions) => Parsed<Kind>;
}

/** A shape whose rows each give one example and no notes. */
export function plainShape<Kind extends ExampleKind>(
  shape: Omit<RowShape<Kind>, "parse">,
  parse: (row: RawRow, meta: ExampleMeta) => ExampleKinds[Kind],
): RowShape<Kind> {
  return { ...shape, parse: (row, meta) => ({ example: parse(row, meta) }) };
}
