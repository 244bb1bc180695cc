/**
 * The dataset formats of TRL, each as texts ("standard") or as messages ("conversational"). What a
 * row is follows from its fields alone.
 */
import type { Text } from "../types.ts";
import {
  booleanField,
  has,
  listField,
  type RawRow,
  RowError,
  score,
  stringField,
  textField,
  wrongType,
} from "./fields.ts";
import { plainShape, type RowShape } from "./format.ts";
import { implicitPrompt } from "./implicit-prompt.ts";

const SCORES = (row: RawRow) => ({
  ...score(row, "margin", "margin"),
  ...score(row, "chosenScore", "score_chosen"),
  ...score(row, "rejectedScore", "score_rejected"),
});

const PREFERENCE = plainShape(
  {
    format: "trl",
    kind: "preference",
    fields: "prompt, chosen, rejected",
    matches: (row) => has(row, "prompt", "chosen", "rejected"),
  },
  (row, meta) => {
    const [prompt, chosen, rejected] = textFields(row, "prompt", "chosen", "rejected");
    return { prompt, chosen, rejected, meta: { ...meta, ...SCORES(row) } };
  },
);

const IMPLICIT_PREFERENCE = plainShape(
  {
    format: "trl",
    kind: "preference",
    fields: "chosen, rejected",
    matches: (row) => has(row, "chosen", "rejected"),
  },
  (row, meta) => ({
    ...implicitPrompt(textField(row, "chosen"), textField(row, "rejected")),
    meta: { ...meta, ...SCORES(row) },
  }),
);

const STEPWISE = plainShape(
  {
    format: "trl",
    kind: "stepwise",
    fields: "prompt, completions, labels",
    matches: (row) => has(row, "prompt", "completions", "labels"),
  },
  (row, meta) => {
    const completions = listField(row, "completions").map((_, i, list) =>
      stringField({ [`completions[${i}]`]: list[i] }, `completions[${i}]`),
    );
    const labels = listField(row, "labels").map((_, i, list) =>
      booleanField({ [`labels[${i}]`]: list[i] }, `labels[${i}]`),
    );
    if (labels.length !== completions.length) {
      const message = `expected ${completions.length} labels, one per completion, got ${labels.length}.`;
      throw new RowError("wrong_type", message);
    }
    return { prompt: textField(row, "prompt"), completions, labels, meta };
  },
);

const UNPAIRED = plainShape(
  {
    format: "trl",
    kind: "unpaired",
    fields: "prompt, completion, label",
    matches: (row) => has(row, "prompt", "completion", "label"),
  },
  (row, meta) => {
    const [prompt, completion] = textFields(row, "prompt", "completion");
    return { prompt, completion, label: booleanField(row, "label"), meta };
  },
);

const PROMPT_COMPLETION = plainShape(
  {
    format: "trl",
    kind: "prompt-completion",
    fields: "prompt, completion",
    matches: (row) => has(row, "prompt", "completion"),
  },
  (row, meta) => {
    const [prompt, completion] = textFields(row, "prompt", "completion");
    return { prompt, completion, meta };
  },
);

const PROMPT_ONLY = plainShape(
  { format: "trl", kind: "prompt-only", fields: "prompt", matches: (row) => has(row, "prompt") },
  (row, meta) => ({ prompt: textField(row, "prompt"), meta }),
);

const TEXT = plainShape(
  {
    format: "trl",
    kind: "language-modeling",
    fields: "text",
    matches: (row) => has(row, "text"),
  },
  (row, meta) => ({ text: stringField(row, "text"), meta }),
);

const MESSAGES = plainShape(
  {
    format: "trl",
    kind: "language-modeling",
    fields: "messages",
    matches: (row) => has(row, "messages"),
  },
  (row, meta) => ({ text: textField(row, "messages"), meta }),
);

/** The shapes of TRL; of two that match, the earlier one says more of the row. */
export const TRL: readonly RowShape[] = [
  PREFERENCE,
  IMPLICIT_PREFERENCE,
  STEPWISE,
  UNPAIRED,
  PROMPT_COMPLETION,
  PROMPT_ONLY,
  TEXT,
  MESSAGES,
];

/** Fields that are all texts or all conversations. */
function textFields<const Names extends readonly [string, ...string[]]>(
  row: RawRow,
  ...names: Names
): { [K in keyof Names]: Text } {
  const texts = names.map((name) => textField(row, name));
  const odd = texts.findIndex((text) => typeof text !== typeof texts[0]);
  if (odd >= 0) {
    const expected = `${typeof texts[0] === "string" ? "a text" : "messages"} as ${names[0]} is`;
    throw wrongType(names[odd] as string, expected, texts[odd]);
  }
  return texts as { [K in keyof Names]: Text };
}
