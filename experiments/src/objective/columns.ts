/**
 * Batches of log-probabilities in JSON: columns of numbers, checked, as tensors. Which columns an
 * objective needs shows when it reads them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { CommandError } from "../errors.ts";

/** What a column holds: numbers, numbers of tokens, truth values, rows of numbers, one number. */
type ColumnType = "logps" | "lengths" | "labels" | "matrix" | "number";

/** The columns of every kind of batch. */
const COLUMNS = {
  pair: {
    policyChosenLogps: "logps",
    policyRejectedLogps: "logps",
    referenceChosenLogps: "logps",
    referenceRejectedLogps: "logps",
    chosenLengths: "lengths",
    rejectedLengths: "lengths",
  },
  unpaired: { policyLogps: "logps", referenceLogps: "logps", labels: "labels", kl: "number" },
  ranked: { policyLogps: "matrix", referenceLogps: "matrix" },
} as const satisfies Record<string, Record<string, ColumnType>>;

/** A kind of batch. */
export type BatchKind = keyof typeof COLUMNS;

/** Tensors by the name of their column. */
export type Columns = Readonly<Record<string, tf.Tensor>>;

/**
 * The columns of a batch that a document has; others are left alone. The caller disposes them.
 * @param where the document, for messages
 * @throws CommandError for values of another type and columns of different lengths
 */
export function readColumns(document: unknown, kind: BatchKind, where: string): Columns {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new CommandError(`${where}: expected an object of columns, got ${shown(document)}.`);
  }
  const values = document as Readonly<Record<string, unknown>>;
  const columns: Record<string, tf.Tensor> = {};
  let shape: readonly number[] | undefined;
  for (const [name, type] of Object.entries(COLUMNS[kind])) {
    if (!Object.hasOwn(values, name)) continue;
    const column = readColumn(values[name], type, `${where}: ${name}`);
    columns[name] = column;
    if (type === "number") continue;
    shape ??= column.shape;
    if (String(column.shape) !== String(shape)) {
      throw new CommandError(
        `${where}: expected columns of the same size, got ${name} with ${column.shape.join(" x ")} ` +
          `numbers after one with ${shape.join(" x ")}.`,
      );
    }
  }
  return columns;
}

/**
 * The columns as an objective's batch: reading one that the document lacks is an error.
 * @throws CommandError naming the column
 */
export function batchOf<Batch extends object>(columns: Columns, where: string): Batch {
  const lookUp = (target: Columns, name: string | symbol): tf.Tensor => {
    const column = typeof name === "string" ? target[name] : undefined;
    if (column) return column;
    throw new CommandError(
      `${where}: expected ${String(name)}, which the objective needs, got ${Object.keys(target).join(", ") || "no columns"}.`,
    );
  };
  // Whatever is read is there, or reading it throws.
  return new Proxy(columns, { get: lookUp }) as Batch;
}

function readColumn(value: unknown, type: ColumnType, where: string): tf.Tensor {
  switch (type) {
    case "number":
      return tf.scalar(readNumber(value, where));
    case "labels":
      return tf.tensor1d(listOf(value, where).map(readLabel(where)), "bool");
    case "lengths":
      return tf.tensor1d(listOf(value, where).map(readLength(where)), "int32");
    case "logps":
      return tf.tensor1d(listOf(value, where).map((x, i) => readLogp(x, `${where}[${i}]`)));
    case "matrix": {
      const rows = listOf(value, where).map((row, i) =>
        listOf(row, `${where}[${i}]`).map((x, k) => readLogp(x, `${where}[${i}][${k}]`)),
      );
      const width = rows[0]?.length ?? 0;
      const other = rows.findIndex((row) => row.length !== width);
      if (other < 0) return tf.tensor2d(rows);
      throw new CommandError(
        `${where}[${other}]: expected ${width} numbers as in the first row, got ${rows[other]?.length}.`,
      );
    }
  }
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new CommandError(`${where}: expected a list of at least one value, got ${shown(value)}.`);
}

/** A finite number, or -Infinity as JSON can spell it: the response is impossible. */
function readLogp(value: unknown, where: string): number {
  return value === "-Infinity" ? Number.NEGATIVE_INFINITY : readNumber(value, where);
}

function readNumber(value: unknown, where: string): number {
  if (typeof value === "number" && Number.isFinite(Math.fround(value))) return value;
  throw new CommandError(
    `${where}: expected a finite number, or "-Infinity" for a log-probability, got ${shown(value)}.`,
  );
}

function readLength(where: string): (value: unknown, index: number) => number {
  return (value, index) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw new CommandError(`${where}[${index}]: expected a number of tokens, got ${shown(value)}.`);
  };
}

function readLabel(where: string): (value: unknown, index: number) => boolean {
  return (value, index) => {
    if (typeof value === "boolean") return value;
    throw new CommandError(`${where}[${index}]: expected true or false, got ${shown(value)}.`);
  };
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 60);
}
