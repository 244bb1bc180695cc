/** Stanford Human Preferences (Ethayarajh et al. 2022): two replies to a post, with their scores. */
import { has, numberField, RowError, stringField } from "./fields.ts";
import type { RowShape } from "./format.ts";
import { ASSISTANT_TURN, HUMAN_TURN } from "./hh.ts";

/**
 * Rows `{history, human_ref_A, human_ref_B, score_A, score_B, labels}`; labels 1 prefers A, 0
 * prefers B. The post becomes a human's turn as in Anthropic HH, as the reference code of DPO has
 * it. `meta.margin` is the difference of the scores.
 */
export const SHP: RowShape<"preference"> = {
  format: "shp",
  kind: "preference",
  fields: "history, human_ref_A, human_ref_B, score_A, score_B, labels",
  matches: (row) => has(row, "human_ref_A", "human_ref_B"),
  parse: (row, meta, { shpMinRatio = 1 }) => {
    const label = numberField(row, "labels");
    if (label !== 0 && label !== 1) {
      throw new RowError("wrong_type", `expected labels to be 0 or 1, got ${label}.`);
    }
    const [better, worse] = label === 1 ? ["A", "B"] : ["B", "A"];
    const chosenScore = numberField(row, `score_${better}`);
    const rejectedScore = numberField(row, `score_${worse}`);
    const example = {
      prompt: `${HUMAN_TURN} ${stringField(row, "history")}${ASSISTANT_TURN}`,
      chosen: ` ${stringField(row, `human_ref_${better}`)}`,
      rejected: ` ${stringField(row, `human_ref_${worse}`)}`,
      meta: { ...meta, margin: chosenScore - rejectedScore, chosenScore, rejectedScore },
    };
    const kept = scoreRatio(chosenScore, rejectedScore) >= shpMinRatio;
    return { example: kept ? example : undefined };
  },
};

/** The higher score over the lower one, as the reference code takes it. */
function scoreRatio(a: number, b: number): number {
  return Math.max(a / b, b / a);
}
