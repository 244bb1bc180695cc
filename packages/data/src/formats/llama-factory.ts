/**
 * The dataset formats of LLaMA-Factory: alpaca (instruction, input, output), ShareGPT
 * (conversations) and OpenAI's (messages), each for fine-tuning, preference and KTO. All become
 * conversations.
 */
import type { Message } from "../types.ts";
import {
  booleanField,
  has,
  isRow,
  listField,
  message,
  messagesField,
  optionalString,
  type RawRow,
  RowError,
  stringField,
  wrongType,
} from "./fields.ts";
import { plainShape, type RowShape } from "./format.ts";

const ALPACA_PREFERENCE = plainShape(
  {
    format: "llama-factory",
    kind: "preference",
    fields: "instruction, input, chosen, rejected",
    matches: (row) => has(row, "instruction", "chosen", "rejected"),
  },
  (row, meta) => ({
    prompt: alpacaPrompt(row),
    chosen: reply(stringField(row, "chosen")),
    rejected: reply(stringField(row, "rejected")),
    meta,
  }),
);

const ALPACA_KTO = plainShape(
  {
    format: "llama-factory",
    kind: "unpaired",
    fields: "instruction, input, output, kto_tag",
    matches: (row) => has(row, "instruction", "output", "kto_tag"),
  },
  (row, meta) => ({
    prompt: alpacaPrompt(row),
    completion: reply(stringField(row, "output")),
    label: booleanField(row, "kto_tag"),
    meta,
  }),
);

const ALPACA = plainShape(
  {
    format: "llama-factory",
    kind: "prompt-completion",
    fields: "instruction, input, output",
    matches: (row) => has(row, "instruction", "output"),
  },
  (row, meta) => ({
    prompt: alpacaPrompt(row),
    completion: reply(stringField(row, "output")),
    meta,
  }),
);

const SHAREGPT_PREFERENCE = plainShape(
  {
    format: "llama-factory",
    kind: "preference",
    fields: "conversations or messages; chosen, rejected: one message each",
    matches: (row) =>
      turnsName(row) !== undefined && isRow(row["chosen"]) && isRow(row["rejected"]),
  },
  (row, meta) => ({
    prompt: conversation(row),
    chosen: [message(row["chosen"], "chosen")],
    rejected: [message(row["rejected"], "rejected")],
    meta,
  }),
);

const SHAREGPT_KTO = plainShape(
  {
    format: "llama-factory",
    kind: "unpaired",
    fields: "conversations or messages; kto_tag or label",
    matches: (row) => turnsName(row) !== undefined && (has(row, "kto_tag") || has(row, "label")),
  },
  (row, meta) => {
    const turns = conversation(row);
    if (turns.length < 2) {
      const message = `expected a prompt and a reply, got ${turns.length} messages.`;
      throw new RowError("wrong_type", message);
    }
    const label = booleanField(row, has(row, "kto_tag") ? "kto_tag" : "label");
    return { prompt: turns.slice(0, -1), completion: turns.slice(-1), label, meta };
  },
);

const SHAREGPT = plainShape(
  {
    format: "llama-factory",
    kind: "language-modeling",
    fields: "conversations",
    matches: (row) => has(row, "conversations"),
  },
  (row, meta) => ({ text: conversation(row), meta }),
);

/** The shapes of LLaMA-Factory; of two that match, the earlier one says more of the row. */
export const LLAMA_FACTORY: readonly RowShape[] = [
  ALPACA_PREFERENCE,
  ALPACA_KTO,
  ALPACA,
  SHAREGPT_PREFERENCE,
  SHAREGPT_KTO,
  SHAREGPT,
];

function turnsName(row: RawRow): "conversations" | "messages" | undefined {
  return (["conversations", "messages"] as const).find((name) => Array.isArray(row[name]));
}

/** The turns of a row, after its system message where it has one apart. */
function conversation(row: RawRow): readonly Message[] {
  const turns = messagesField(row, turnsName(row) ?? "conversations");
  return [...systemMessage(row), ...turns];
}

/** Instruction and input, one below the other, after the turns of `history`. */
function alpacaPrompt(row: RawRow): readonly Message[] {
  const parts = [stringField(row, "instruction"), optionalString(row, "input")];
  const content = parts.filter((part) => part !== "").join("\n");
  const history = has(row, "history") ? listField(row, "history").flatMap(turnPair) : [];
  return [...systemMessage(row), ...history, { role: "user", content }];
}

function systemMessage(row: RawRow): readonly Message[] {
  const content = optionalString(row, "system");
  return content === "" ? [] : [{ role: "system", content }];
}

function turnPair(value: unknown, i: number): Message[] {
  const [question, answer, ...rest] = Array.isArray(value) ? value : [];
  if (typeof question !== "string" || typeof answer !== "string" || rest.length > 0) {
    throw wrongType(`history[${i}]`, "a question and its answer", value);
  }
  return [{ role: "user", content: question }, ...reply(answer)];
}

function reply(content: string): Message[] {
  return [{ role: "assistant", content }];
}
