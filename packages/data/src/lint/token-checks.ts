/** Checks that need token ids: what truncation does, where tokens merge, how completions end. */
import { DataError } from "../errors.ts";
import type { AnyExample } from "../examples.ts";
import { RowError } from "../formats/fields.ts";
import type { ExampleEncoder } from "../tokens/encoder.ts";
import { sameIds, type TruncationOptions, truncateRow } from "../tokens/truncate.ts";
import type { Findings } from "./findings.ts";
import { textView } from "./view.ts";

/** What the checks know. */
export interface TokenCheckOptions {
  readonly encoder?: ExampleEncoder;
  readonly truncation?: TruncationOptions;
}

/** Token counts of the completions of a row, better ones first. */
export type CompletionLengths = readonly number[];

interface IdRow {
  readonly promptIds: ArrayLike<number>;
  readonly completionIds: readonly ArrayLike<number>[];
  /** Whether the ids came from the data, so that nothing was appended. */
  readonly given: boolean;
}

/**
 * Checks one example.
 *
 * @returns lengths in tokens; undefined where there are no ids and nothing to make them with
 * @throws DataError where the tokenizer or its chat template is missing and needed
 */
export function checkTokens(
  item: AnyExample,
  options: TokenCheckOptions,
  findings: Findings,
): CompletionLengths | undefined {
  const { encoder, truncation } = options;
  const { row } = item.source;
  let ids: IdRow | undefined;
  try {
    ids = idsOf(item, options);
    if (ids !== undefined && encoder !== undefined) checkBoundary(item, encoder, findings);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    const { file, line } = item.source;
    const place = line === undefined ? {} : { line };
    const { code, message } = error;
    findings.addProblem({ kind: "problem", code, severity: "error", file, row, ...place, message });
    return undefined;
  }
  if (ids === undefined) return undefined;
  checkGivenIds(ids, item, findings, encoder);
  if (truncation !== undefined) checkTruncated(ids, row, truncation, findings);
  return ids.completionIds.map(({ length }) => length);
}

function idsOf(item: AnyExample, { encoder, truncation }: TokenCheckOptions): IdRow | undefined {
  if (item.kind === "tokenized-preference") {
    const { promptIds, chosenIds, rejectedIds } = item.example;
    return { promptIds, completionIds: [chosenIds, rejectedIds], given: true };
  }
  if (item.kind === "tokenized-ranked") return { ...item.example, given: true };
  if (item.kind === "tokenized-unpaired") {
    const { promptIds, completionIds } = item.example;
    return { promptIds, completionIds: [completionIds], given: true };
  }
  const view = textView(item);
  if (view?.prompt === undefined) return undefined;
  if (encoder === undefined) {
    if (truncation === undefined) return undefined;
    throw new DataError(
      "lint: expected a tokenizer to count the tokens of texts, got none. Name one, or leave the " +
        "maximum length out.",
    );
  }
  return { ...encoder.row(view.prompt, view.completions), given: false };
}

function checkBoundary(item: AnyExample, encoder: ExampleEncoder, findings: Findings): void {
  const view = textView(item);
  if (view?.prompt === undefined) return;
  if (encoder.boundaryMerges(view.prompt, view.completions).includes(true)) {
    findings.add("boundary_merge", item.source.row);
  }
}

function checkGivenIds(
  { promptIds, completionIds, given }: IdRow,
  item: AnyExample,
  findings: Findings,
  encoder: ExampleEncoder | undefined,
): void {
  const { row } = item.source;
  const [first, second] = completionIds;
  if (given) {
    const paired = item.kind === "tokenized-preference" && first && second;
    if (paired && sameIds(first, second)) findings.add("identical_pair", row);
    if (completionIds.some(({ length }) => length === 0)) findings.add("empty_completion", row);
    if (promptIds.length === 0) findings.add("empty_prompt", row);
  }
  if (encoder === undefined || completionIds.length === 0) return;
  const { eosId, specialIds } = encoder.tokenizer;
  // A template may end turns with another special token, and write a line break after it.
  const ends = (ids: ArrayLike<number>) =>
    Array.from(ids)
      .slice(-2)
      .some((id) => id === eosId || (!given && specialIds.has(id)));
  if (!completionIds.every(ends)) findings.add("missing_eos", row);
}

function checkTruncated(
  { promptIds, completionIds }: IdRow,
  row: number,
  truncation: TruncationOptions,
  findings: Findings,
): void {
  const cut = truncateRow(promptIds, completionIds, truncation);
  if (cut.becameEmpty) findings.add("prompt_too_long", row);
  else if (cut.promptCut) findings.add("prompt_cut", row);
  if (cut.lostEos) findings.add("lost_eos", row);
  if (cut.becameIdentical) findings.add("identical_after_truncation", row);
}
