/**
 * All shapes of rows, in the order in which they are tried: those with telling fields first. A new
 * format is one file beside this one and one line here.
 */
import { isRow, type RawRow } from "./fields.ts";
import type { FormatName, RowShape } from "./format.ts";
import { HH } from "./hh.ts";
import { IMDB } from "./imdb.ts";
import { LLAMA_FACTORY } from "./llama-factory.ts";
import { SHP } from "./shp.ts";
import { TLDR } from "./tldr.ts";
import { TOKENIZED } from "./tokenized.ts";
import { TRL } from "./trl.ts";
import { ULTRAFEEDBACK } from "./ultrafeedback.ts";

const SHAPES: readonly RowShape[] = [
  ...TOKENIZED,
  TLDR,
  SHP,
  ...ULTRAFEEDBACK,
  ...LLAMA_FACTORY,
  HH,
  ...IMDB,
  ...TRL,
];

/**
 * The shape of a file by its first rows: the most telling one that any of them has. So a row that
 * lacks a field is found out by its neighbours, and does not turn pairs into prompts.
 *
 * @param format the family it must belong to; "auto" tries all
 * @returns undefined where no row has any of the shapes
 */
export function detectShape(
  values: readonly unknown[],
  format: FormatName | "auto" = "auto",
): RowShape | undefined {
  const rows: readonly RawRow[] = values.filter(isRow);
  return shapesOf(format).find((shape) => rows.some((row) => shape.matches(row)));
}

/** The shapes of a family, or all. */
export function shapesOf(format: FormatName | "auto"): readonly RowShape[] {
  return format === "auto" ? SHAPES : SHAPES.filter((shape) => shape.format === format);
}
