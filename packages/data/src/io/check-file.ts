/** Runs the linter and the inspector over a data set on disk, without holding it. */
import { type ExampleOptions, examples } from "../examples.ts";
import { type Inspection, Inspector } from "../inspect.ts";
import type { LintReport } from "../lint/findings.ts";
import { Linter, type LintOptions } from "../lint/linter.ts";
import { type ReadOptions, readRows } from "./read-rows.ts";

/** Options of {@link inspectFile}. */
export interface InspectFileOptions extends ReadOptions, ExampleOptions {}

/** Options of {@link lintFile}. */
export interface LintFileOptions extends InspectFileOptions, LintOptions {
  /** Path of a data set that must not share prompts with this one, such as its test set. */
  readonly against?: string;
}

/** Describes a data set. @throws as readRows, for the data set as a whole */
export async function inspectFile(
  path: string,
  options: InspectFileOptions = {},
): Promise<Inspection> {
  const inspector = new Inspector();
  for await (const item of examples(readRows(path, options), options)) inspector.add(item);
  return inspector.report();
}

/**
 * Checks a data set. Bad rows are findings, not exceptions.
 *
 * @throws as readRows, for the data set as a whole; DataError where tokenising needs a chat template
 *   that is missing
 */
export async function lintFile(path: string, options: LintFileOptions = {}): Promise<LintReport> {
  const linter = new Linter(options);
  if (options.against !== undefined) {
    const { split: _, ...rest } = options;
    for await (const item of examples(readRows(options.against, rest), options)) {
      linter.addOther(item);
    }
  }
  for await (const item of examples(readRows(path, options), options)) linter.add(item);
  return linter.report();
}
