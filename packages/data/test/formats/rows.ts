/** Reads rows from memory in tests of formats. */
import {
  type AnyExample,
  type ExampleItem,
  type ExampleOptions,
  examples,
  type SourceItem,
} from "@preflab/data";
import { collect } from "../chunks.ts";

/** What becomes of some rows. */
export async function itemsOf(
  rows: readonly unknown[],
  options: ExampleOptions = {},
): Promise<ExampleItem[]> {
  async function* source(): AsyncGenerator<SourceItem> {
    for (const [row, value] of rows.entries()) {
      yield { kind: "row", file: "f.jsonl", row, line: row + 1, value };
    }
  }
  return collect(examples(source(), options));
}

/** The example of one row, without its meta data. @throws Error where the row is none */
export async function exampleOf(value: unknown, options: ExampleOptions = {}): Promise<unknown> {
  const { meta: _, ...example } = (await parsedOf(value, options)).example;
  return example;
}

/** One row as an example with its kind and notes. @throws Error where the row is none */
export async function parsedOf(value: unknown, options: ExampleOptions = {}): Promise<AnyExample> {
  const [item] = await itemsOf([value], options);
  if (item !== undefined && "example" in item) return item;
  throw new Error(`expected an example, got ${JSON.stringify(item)}`);
}

/** Codes and messages of rows that are problems. */
export async function problemsOf(
  rows: readonly unknown[],
  options: ExampleOptions = {},
): Promise<string[]> {
  const items = await itemsOf(rows, options);
  return items.flatMap((item) =>
    item.kind === "problem" ? [`${item.row} ${item.code}: ${item.message}`] : [],
  );
}
