/** Reads fields of rows: each either returns what the field must be or says what is wrong. */
import type { ProblemCode } from "../sources/row.ts";
import type { ExampleMeta, Message, Text } from "../types.ts";

/** An object of a file, its fields unchecked. */
export type RawRow = Readonly<Record<string, unknown>>;

/** What is wrong with a row; the caller knows the file and the line. */
export class RowError extends Error {
  override readonly name = "RowError";
  readonly code: ProblemCode;

  /** @param code what kind of wrong */
  constructor(code: ProblemCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Roles under other names, as ShareGPT and its successors write them. */
const ROLES: ReadonlyMap<string, string> = new Map([
  ["human", "user"],
  ["gpt", "assistant"],
  ["observation", "tool"],
  ["function_call", "assistant"],
]);

/** Most characters of a value that a message shows. */
const SHOWN = 60;

/** Whether a value is an object with fields. */
export function isRow(value: unknown): value is RawRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a row has a field with a value; null is none, as CSV and parquet have it. */
export function has(row: RawRow, ...names: readonly string[]): boolean {
  return names.every((name) => row[name] !== undefined && row[name] !== null);
}

/** @throws RowError where the field is missing or no string */
export function stringField(row: RawRow, name: string): string {
  const value = present(row, name);
  if (typeof value === "string") return value;
  throw wrongType(name, "a string", value);
}

/** A string, "" where the field is missing. @throws RowError where it is no string */
export function optionalString(row: RawRow, name: string): string {
  return has(row, name) ? stringField(row, name) : "";
}

/** @throws RowError where the field is missing or no finite number; numerals count as numbers */
export function numberField(row: RawRow, name: string): number {
  const value = present(row, name);
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw wrongType(name, "a number", value);
}

/** @throws RowError where the field is missing or none of true, false, 1, 0 or these as words */
export function booleanField(row: RawRow, name: string): boolean {
  const value = present(row, name);
  const word = typeof value === "string" ? value.trim().toLowerCase() : value;
  if (word === true || word === 1 || word === "true" || word === "1") return true;
  if (word === false || word === 0 || word === "false" || word === "0") return false;
  throw wrongType(name, "true or false", value);
}

/** @throws RowError where the field is missing or no list */
export function listField(row: RawRow, name: string): readonly unknown[] {
  const value = present(row, name);
  if (Array.isArray(value)) return value;
  throw wrongType(name, "a list", value);
}

/** @throws RowError where the field is missing or no object */
export function objectField(row: RawRow, name: string): RawRow {
  const value = present(row, name);
  if (isRow(value)) return value;
  throw wrongType(name, "an object", value);
}

/** A string or a list of messages. @throws RowError where the field is missing or neither */
export function textField(row: RawRow, name: string): Text {
  const value = present(row, name);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((turn, i) => message(turn, `${name}[${i}]`));
  throw wrongType(name, "a string or a list of messages", value);
}

/** A list of messages. @throws RowError where the field is missing or none */
export function messagesField(row: RawRow, name: string): readonly Message[] {
  return listField(row, name).map((turn, i) => message(turn, `${name}[${i}]`));
}

/** Token ids. @throws RowError where the field is missing or not a list of integers >= 0 */
export function idsField(row: RawRow, name: string): readonly number[] {
  const ids = listField(row, name);
  const wrong = ids.find((id) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (wrong === undefined) return ids as readonly number[];
  throw wrongType(name, "a list of token ids, integers from 0", wrong);
}

/**
 * One turn, as `{role, content}` or `{from, value}`; known other names of roles are put right.
 *
 * @param where name for messages
 * @throws RowError where a part is missing or no string
 */
export function message(value: unknown, where: string): Message {
  if (!isRow(value)) throw wrongType(where, "a message with role and content", value);
  const [role, content] = has(value, "from") ? ["from", "value"] : ["role", "content"];
  try {
    const name = stringField(value, role);
    return { role: ROLES.get(name) ?? name, content: stringField(value, content) };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    throw new RowError(error.code, `${where}: ${error.message}`);
  }
}

/** The first of some fields that a row has, as a number; {} without one. */
export function score<Key extends Exclude<keyof ExampleMeta, "row">>(
  row: RawRow,
  key: Key,
  ...names: readonly string[]
): { readonly [K in Key]?: number } {
  const name = names.find((candidate) => has(row, candidate));
  return name === undefined
    ? {}
    : ({ [key]: numberField(row, name) } as { readonly [K in Key]: number });
}

/** The error of a field of the wrong type. */
export function wrongType(name: string, expected: string, value: unknown): RowError {
  return new RowError("wrong_type", `expected ${name} to be ${expected}, got ${show(value)}.`);
}

function present(row: RawRow, name: string): unknown {
  if (has(row, name)) return row[name];
  const fields = Object.keys(row).join(", ") || "none";
  throw new RowError("missing_field", `expected a field ${name}, got fields ${fields}.`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
