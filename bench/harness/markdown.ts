/** Measurements as Markdown. Pure. */

/** A column of a table: its title and what it says of a row. */
export type Column<Row> = readonly [title: string, cell: (row: Row) => string];

/** Something that did not run, with the reason. */
export interface Failure {
  readonly id: string;
  readonly size: string;
  readonly reason: string;
}

/** Lines of a table after an empty one; none without rows. @param title of the first column */
export function table<Row>(
  title: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const titles = columns.map(([name], i) => (i === 0 ? title : name));
  return [
    "",
    line(titles),
    line(columns.map((_, i) => (i === 0 ? "---" : "---:"))),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row)))),
  ];
}

/** A section on what did not run; none if all did. */
export function failureList(failures: readonly Failure[]): string[] {
  if (failures.length === 0) return [];
  const listed = failures.map(({ id, size, reason }) => `- ${size} ${id}: ${reason}`);
  return ["", "## Did not run", "", ...listed];
}

/** A number with its unit; nothing for null. */
export function fixed(value: number | null, digits: number, unit = ""): string {
  return value === null ? "" : `${value.toFixed(digits)}${unit}`;
}
