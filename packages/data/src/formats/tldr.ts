/**
 * Comparisons of summaries (Stiennon et al. 2020, arXiv:2009.01325): a post of Reddit or an article
 * and two summaries, of which a person chose one.
 */
import {
  has,
  isRow,
  listField,
  numberField,
  objectField,
  optionalString,
  type RawRow,
  RowError,
  stringField,
} from "./fields.ts";
import { plainShape, type RowShape } from "./format.ts";

/**
 * Rows `{info: {subreddit, title, post | article}, summaries: [{text}, {text}], choice}`; choice 0
 * or 1 is the better summary.
 */
export const TLDR: RowShape<"preference"> = plainShape(
  {
    format: "tldr",
    kind: "preference",
    fields: "info: {title, post, ...}, summaries: [{text}, {text}], choice",
    matches: (row) => has(row, "summaries", "choice"),
  },
  (row, meta) => {
    const summaries = listField(row, "summaries").map(summaryText);
    const choice = numberField(row, "choice");
    const chosen = summaries[choice];
    const rejected = summaries[1 - choice];
    if (summaries.length !== 2 || chosen === undefined || rejected === undefined) {
      throw new RowError(
        "wrong_type",
        `expected two summaries and a choice of 0 or 1, got ${summaries.length} and ${choice}.`,
      );
    }
    return { prompt: promptOf(objectField(row, "info")), chosen, rejected, meta };
  },
);

/** The query format of the paper, its appendix B; articles have no title line of their own. */
function promptOf(info: RawRow): string {
  if (!has(info, "post")) return `Article: ${stringField(info, "article")}\n\nTL;DR:`;
  const subreddit = optionalString(info, "subreddit");
  const title = optionalString(info, "title");
  const post = stringField(info, "post");
  return `SUBREDDIT: r/${subreddit}\n\nTITLE: ${title}\n\nPOST: ${post}\n\nTL;DR:`;
}

function summaryText(value: unknown, i: number): string {
  if (isRow(value)) return ` ${stringField(value, "text").trimStart()}`;
  throw new RowError("wrong_type", `expected summaries[${i}] to be an object with text.`);
}
