/**
 * What the linter can find: a code, how bad it is and what it means. Errors are rows that teach
 * nothing or the wrong thing; warnings are what one should know before training.
 */
import { describeProblem, type Problem, type ProblemCode } from "../sources/row.ts";

/** How bad a finding is, and what it means. */
interface CodeInfo {
  readonly severity: "error" | "warning";
  readonly meaning: string;
}

/** Code of a finding about readable rows. */
export type LintCode =
  | "identical_pair"
  | "empty_completion"
  | "empty_text"
  | "prompts_differ"
  | "prompt_too_long"
  | "identical_after_truncation"
  | "prompt_cut"
  | "lost_eos"
  | "missing_eos"
  | "boundary_merge"
  | "special_token_text"
  | "ends_on_human_turn"
  | "empty_prompt"
  | "duplicate_text"
  | "near_duplicate_across_splits"
  | "label_imbalance"
  | "length_bias";

/** Findings about readable rows, by code. */
export const LINT_CODES: Readonly<Record<LintCode, CodeInfo>> = {
  identical_pair: {
    severity: "error",
    meaning: "chosen and rejected are the same: the pair has no preference",
  },
  empty_completion: { severity: "error", meaning: "a completion has nothing but white space" },
  empty_text: { severity: "error", meaning: "the text has nothing but white space" },
  prompts_differ: {
    severity: "error",
    meaning: "chosen and rejected answer different prompts",
  },
  prompt_too_long: {
    severity: "error",
    meaning: "the prompt alone reaches the limit: nothing of a completion is left",
  },
  identical_after_truncation: {
    severity: "error",
    meaning: "chosen and rejected differ only in what truncation cuts off",
  },
  prompt_cut: {
    severity: "warning",
    meaning: "truncation cuts the prompt",
  },
  lost_eos: {
    severity: "warning",
    meaning: "truncation cuts off the end of a completion, so its stop is not learned",
  },
  missing_eos: {
    severity: "warning",
    meaning: "a completion does not end with the end-of-text token, so its stop is not learned",
  },
  boundary_merge: {
    severity: "warning",
    meaning:
      "the tokenizer would merge the end of the prompt with the beginning of a completion; " +
      "training and generation keep them apart",
  },
  special_token_text: {
    severity: "warning",
    meaning: "a text spells a special token; it is read as plain text",
  },
  ends_on_human_turn: {
    severity: "warning",
    meaning: "a completion ends with a turn that is not the assistant's",
  },
  empty_prompt: {
    severity: "warning",
    meaning: "the prompt is empty: without a beginning-of-text token nothing predicts what follows",
  },
  duplicate_text: { severity: "warning", meaning: "the same texts as an earlier row" },
  near_duplicate_across_splits: {
    severity: "warning",
    meaning: "nearly the same prompt, or text, as a row of another part of the data",
  },
  label_imbalance: { severity: "warning", meaning: "one label is more than twice as frequent" },
  length_bias: { severity: "warning", meaning: "length alone tells the better completions" },
};

/** One kind of finding. */
export interface Finding {
  readonly code: LintCode | ProblemCode;
  /** Rows concerned. */
  readonly count: number;
  /** Their numbers, from 0, ascending; empty where the data set as a whole is meant. */
  readonly rows: readonly number[];
  /** What it means here. */
  readonly message: string;
  /** `file:line: message` of the first rows that could not be read. */
  readonly places?: readonly string[];
}

/** What the linter found. */
export interface LintReport {
  /** Rows of the data set, bad ones too. */
  readonly rows: number;
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Places that a finding lists. */
const LISTED_PLACES = 20;

/** Gathers findings row by row. */
export class Findings {
  readonly #rows = new Map<LintCode, number[]>();
  readonly #summaries: Finding[] = [];
  readonly #problems = new Map<
    ProblemCode,
    { severity: Problem["severity"]; rows: number[]; places: string[] }
  >();

  /** A finding about one row. */
  add(code: LintCode, row: number): void {
    const rows = this.#rows.get(code);
    if (rows === undefined) this.#rows.set(code, [row]);
    else rows.push(row);
  }

  /** A finding about the data set. @param message what it means here */
  addSummary(code: LintCode, count: number, message: string): void {
    this.#summaries.push({ code, count, rows: [], message });
  }

  /** A row that could not be read. */
  addProblem(problem: Problem): void {
    const { code, severity, row } = problem;
    const known = this.#problems.get(code) ?? { severity, rows: [], places: [] };
    this.#problems.set(code, known);
    known.rows.push(row);
    if (known.places.length < LISTED_PLACES) known.places.push(describeProblem(problem));
  }

  /** All findings; unreadable rows first. @param rows of the data set */
  report(rows: number): LintReport {
    const problems = [...this.#problems].map(([code, problem]) => ({
      severity: problem.severity,
      finding: {
        code,
        count: problem.rows.length,
        rows: problem.rows,
        message: problem.places[0] as string,
        places: problem.places,
      },
    }));
    const found = (Object.keys(LINT_CODES) as LintCode[]).flatMap((code) => {
      const { severity, meaning } = LINT_CODES[code];
      const concerned = this.#rows.get(code);
      const finding = concerned && { code, count: concerned.length, rows: concerned };
      return [
        ...(finding ? [{ severity, finding: { ...finding, message: meaning } }] : []),
        ...this.#summaries
          .filter((summary) => summary.code === code)
          .map((summary) => ({ severity, finding: summary })),
      ];
    });
    const all: readonly { severity: string; finding: Finding }[] = [...problems, ...found];
    const of = (severity: string) =>
      all.filter((entry) => entry.severity === severity).map(({ finding }) => finding);
    return { rows, errors: of("error"), warnings: of("warning") };
  }
}
