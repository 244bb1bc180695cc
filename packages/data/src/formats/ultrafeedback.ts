/**
 * UltraFeedback (Cui et al. 2023, arXiv:2310.01377): the binarized forms, whose completions repeat
 * the prompt, and the original with several scored completions.
 */
import type { Message } from "../types.ts";
import {
  has,
  isRow,
  listField,
  messagesField,
  numberField,
  type RawRow,
  RowError,
  score,
  stringField,
} from "./fields.ts";
import { plainShape, type RowShape } from "./format.ts";
import { implicitPrompt } from "./implicit-prompt.ts";

/** Rows `{prompt, chosen: messages, rejected: messages}`, scores under either library's name. */
const BINARIZED = plainShape(
  {
    format: "ultrafeedback",
    kind: "preference",
    fields: "prompt: text; chosen, rejected: messages from the user's on; scores",
    matches: (row) =>
      typeof row["prompt"] === "string" &&
      Array.isArray(row["chosen"]) &&
      Array.isArray(row["rejected"]),
  },
  (row, meta) => {
    const chosen = messagesField(row, "chosen");
    const rejected = messagesField(row, "rejected");
    const scores = {
      ...score(row, "chosenScore", "score_chosen", "chosen-rating", "chosen_score"),
      ...score(row, "rejectedScore", "score_rejected", "rejected-rating", "rejected_score"),
    };
    const { chosenScore, rejectedScore } = scores;
    const margin =
      chosenScore === undefined || rejectedScore === undefined
        ? {}
        : { margin: chosenScore - rejectedScore };
    return { ...pairOf(row, chosen, rejected), meta: { ...meta, ...scores, ...margin } };
  },
);

/** Rows `{instruction, completions: [{response, overall_score}]}`, best first after reading. */
const SCORED = plainShape(
  {
    format: "ultrafeedback",
    kind: "ranked",
    fields: "instruction, completions: [{response, overall_score}]",
    matches: (row) => has(row, "instruction") && Array.isArray(row["completions"]),
  },
  (row, meta) => {
    const scored = listField(row, "completions").map(scoredResponse);
    if (scored.length < 2) {
      const message = `expected two completions or more, got ${scored.length}.`;
      throw new RowError("wrong_type", message);
    }
    const best = [...scored].sort((a, b) => b.score - a.score);
    return {
      prompt: [{ role: "user", content: stringField(row, "instruction") }],
      completions: best.map(({ content }) => [{ role: "assistant", content }]),
      scores: best.map(({ score }) => score),
      meta,
    };
  },
);

/** The shapes of UltraFeedback. */
export const ULTRAFEEDBACK: readonly RowShape[] = [BINARIZED, SCORED];

/** Conversations that repeat the prompt are cut; bare replies get it as the user's message. */
function pairOf(row: RawRow, chosen: readonly Message[], rejected: readonly Message[]) {
  const repeated = [chosen, rejected].every((turns) => turns.some(({ role }) => role === "user"));
  if (repeated) return implicitPrompt(chosen, rejected);
  return { prompt: [{ role: "user", content: stringField(row, "prompt") }], chosen, rejected };
}

function scoredResponse(value: unknown, i: number): { content: string; score: number } {
  if (!isRow(value)) {
    throw new RowError("wrong_type", `expected completions[${i}] to be an object with response.`);
  }
  return { content: stringField(value, "response"), score: numberField(value, "overall_score") };
}
