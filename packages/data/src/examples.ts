/**
 * Rows become examples: the shape of a data set is told from its first rows, and every row is read
 * by it. Bad rows become problems in their place. Streams; files are in io.
 */
import { isRow, RowError } from "./formats/fields.ts";
import {
  FORMAT_NAMES,
  type FormatName,
  type FormatOptions,
  type RowNote,
  type RowShape,
} from "./formats/format.ts";
import { detectShape, shapesOf } from "./formats/registry.ts";
import { type Problem, reporter, type SourceItem, type SourceRow } from "./sources/row.ts";
import type { ExampleKind, ExampleKinds } from "./types.ts";

/** Rows that a format is told from. */
const DETECTION_ROWS = 100;

/** How rows become examples. */
export interface ExampleOptions extends FormatOptions {
  /** Default "auto", told from the first rows. */
  readonly format?: FormatName | "auto";
}

/** An example of one kind, with what its row showed. */
export interface ExampleOf<Kind extends ExampleKind> {
  readonly kind: Kind;
  readonly format: FormatName;
  readonly example: ExampleKinds[Kind];
  readonly notes: readonly RowNote[];
  readonly source: SourceRow;
}

/** An example of any kind; `kind` tells which. */
export type AnyExample = { readonly [Kind in ExampleKind]: ExampleOf<Kind> }[ExampleKind];

/** A row that an option left out. */
export interface LeftOut {
  readonly kind: "left-out";
  readonly source: SourceRow;
}

/** What becomes of a row. All examples of a data set are of one kind. */
export type ExampleItem = AnyExample | LeftOut | Problem;

/** Reads rows as examples, in order. */
export async function* examples(
  rows: AsyncIterable<SourceItem>,
  options: ExampleOptions = {},
): AsyncGenerator<ExampleItem> {
  const { format = "auto" } = options;
  let waiting: SourceItem[] | undefined = [];
  let shape: RowShape | undefined;
  for await (const item of rows) {
    if (waiting === undefined) {
      yield exampleOf(item, shape, options);
      continue;
    }
    waiting.push(item);
    if (waiting.length < DETECTION_ROWS) continue;
    shape = detectShape(valuesOf(waiting), format);
    yield* waiting.map((first) => exampleOf(first, shape, options));
    waiting = undefined;
  }
  if (waiting === undefined) return;
  shape = detectShape(valuesOf(waiting), format);
  yield* waiting.map((first) => exampleOf(first, shape, options));
}

function valuesOf(items: readonly SourceItem[]): unknown[] {
  return items.flatMap((item) => (item.kind === "row" ? [item.value] : []));
}

function exampleOf(
  item: SourceItem,
  shape: RowShape | undefined,
  options: ExampleOptions,
): ExampleItem {
  if (item.kind === "problem") return item;
  try {
    if (!isRow(item.value)) {
      const type = Array.isArray(item.value) ? "a list" : JSON.stringify(item.value);
      throw new RowError("wrong_type", `expected a row to be an object, got ${type}.`);
    }
    if (shape === undefined) throw unknownFormat(Object.keys(item.value), options.format ?? "auto");
    const { example, notes = [] } = shape.parse(item.value, { row: item.row }, options);
    if (example === undefined) return { kind: "left-out", source: item };
    const { kind, format } = shape;
    // A shape's kind and its examples go together, which a union of shapes no longer shows.
    return { kind, format, example, notes, source: item } as AnyExample;
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return reporter(item.file)(error.code, item.row, item.line, error.message);
  }
}

function unknownFormat(fields: readonly string[], format: FormatName | "auto"): RowError {
  const known =
    format === "auto"
      ? `a known format (${FORMAT_NAMES.join(", ")})`
      : shapesOf(format)
          .map((shape) => shape.fields)
          .join("; or ");
  return new RowError(
    "unknown_format",
    `expected the fields of ${known}, got ${fields.join(", ") || "none"}.`,
  );
}
