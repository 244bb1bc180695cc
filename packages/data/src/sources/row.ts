/**
 * What a source hands on: rows as they are written, and problems where a row cannot be read. No
 * source throws because of one bad row, so that a file is reported as a whole.
 */

/** Why a row, or the rest of a file, cannot be used, or may surprise. */
export type ProblemCode =
  | "invalid_json"
  | "invalid_utf8"
  | "line_too_long"
  | "truncated_file"
  | "corrupt_file"
  | "invalid_csv"
  | "missing_field"
  | "wrong_type"
  | "no_assistant_turn"
  | "unknown_format"
  | "untokenizable"
  | "chat_template"
  | "too_long"
  | "byte_order_mark"
  | "crlf";

/** One problem at one place. */
export interface Problem {
  readonly kind: "problem";
  readonly code: ProblemCode;
  /** Warnings leave the row as good as it was. */
  readonly severity: "error" | "warning";
  readonly file: string;
  /** Row of the data set, from 0, bad rows counted too. */
  readonly row: number;
  /** Line of the file where the row begins, from 1; absent where files have no lines. */
  readonly line?: number;
  readonly message: string;
}

/** One row as its file has it. */
export interface SourceRow {
  readonly kind: "row";
  readonly file: string;
  /** Row of the data set, from 0, bad rows counted too. */
  readonly row: number;
  /** Line of the file where the row begins, from 1; absent where files have no lines. */
  readonly line?: number;
  /** The part that the row's file belongs to, such as "train", in a data set of several. */
  readonly split?: string;
  readonly value: unknown;
}

/** A row or what is wrong in its place. */
export type SourceItem = SourceRow | Problem;

/** Bytes of a file that end before the file does; the rest cannot be read. */
export class BrokenSource extends Error {
  override readonly name = "BrokenSource";
  readonly code: "truncated_file" | "corrupt_file";

  /** @param code whether the end is missing or the bytes are wrong */
  constructor(code: "truncated_file" | "corrupt_file", message: string) {
    super(message);
    this.code = code;
  }
}

const WARNINGS: ReadonlySet<ProblemCode> = new Set(["byte_order_mark", "crlf"]);

/** Makes the problems of one file, with the severity of their code. */
export function reporter(
  file: string,
): (code: ProblemCode, row: number, line: number | undefined, message: string) => Problem {
  return (code, row, line, message) => {
    const severity = WARNINGS.has(code) ? "warning" : "error";
    const place = line === undefined ? {} : { line };
    return { kind: "problem", code, severity, file, row, ...place, message };
  };
}

/** `file:line: message`, or what is known of it. */
export function describeProblem({ file, line, row, message }: Problem): string {
  return `${file}:${line ?? `row ${row}`}: ${message}`;
}
