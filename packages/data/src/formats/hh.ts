/**
 * Anthropic HH (Bai et al. 2022, arXiv:2204.05862): two whole transcripts that begin alike. The
 * prompt is found, not given: everything up to an assistant's turn.
 */
import { has, RowError, stringField } from "./fields.ts";
import type { FormatOptions, RowNote, RowShape } from "./format.ts";
import { commonPrefixLength } from "./implicit-prompt.ts";

/** What an assistant's turn begins with. */
export const ASSISTANT_TURN = "\n\nAssistant:";
/** What a human's turn begins with. */
export const HUMAN_TURN = "\n\nHuman:";

/** A transcript pair, split. Completions keep their leading space and trailing white space. */
export interface HhSplit {
  /** Up to and including the last `\n\nAssistant:` that counts. */
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

/**
 * Splits two transcripts.
 *
 * @param rule see {@link FormatOptions.hhSplit}
 * @throws RowError where no assistant's turn is common, or none is in the chosen text
 */
export function splitHh(
  chosen: string,
  rejected: string,
  rule: NonNullable<FormatOptions["hhSplit"]> = "common-prefix",
): HhSplit {
  const whole =
    rule === "reference" ? chosen : chosen.slice(0, commonPrefixLength(chosen, rejected));
  const end = promptEnd(whole);
  if (end === undefined) {
    const where = rule === "reference" ? "in the chosen text" : "that both texts begin";
    throw new RowError(
      "no_assistant_turn",
      `expected a turn "\\n\\nAssistant:" ${where}, got none.`,
    );
  }
  return {
    prompt: chosen.slice(0, end),
    chosen: chosen.slice(end),
    rejected: rejected.slice(end),
  };
}

/** Rows `{chosen, rejected}` of two transcripts. */
export const HH: RowShape<"preference"> = {
  format: "hh",
  kind: "preference",
  fields: 'chosen, rejected: texts with turns "\\n\\nHuman:" and "\\n\\nAssistant:"',
  matches: (row) =>
    !has(row, "prompt") &&
    [row["chosen"], row["rejected"]].every(
      (text) => typeof text === "string" && text.includes(ASSISTANT_TURN),
    ),
  parse: (row, meta, { hhSplit }) => {
    const chosen = stringField(row, "chosen");
    const rejected = stringField(row, "rejected");
    const example = { ...splitHh(chosen, rejected, hhSplit), meta };
    return { example, notes: notesOf(chosen, rejected) };
  },
};

function notesOf(chosen: string, rejected: string): RowNote[] {
  const prompts = [chosen, rejected].map((text) => text.slice(0, promptEnd(text)));
  const human = [chosen, rejected].some(
    (text) => text.lastIndexOf(HUMAN_TURN) > text.lastIndexOf(ASSISTANT_TURN),
  );
  return [
    ...(prompts[0] === prompts[1] ? [] : (["prompts_differ"] as const)),
    ...(human ? (["ends_on_human_turn"] as const) : []),
  ];
}

/** Where a transcript's last assistant turn begins to speak. */
function promptEnd(text: string): number | undefined {
  const start = text.lastIndexOf(ASSISTANT_TURN);
  return start < 0 ? undefined : start + ASSISTANT_TURN.length;
}
