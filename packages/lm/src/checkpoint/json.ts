/**
 * JSON objects of a model folder. Stricter than `JSON.parse`: text must be UTF-8, and a key may
 * not appear twice in an object, since readers disagree about which of the two counts.
 */
import { CheckpointError } from "./error.ts";

/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses the text of a JSON object.
 *
 * @param where file name, for messages.
 * @throws CheckpointError when it is not a JSON object or repeats a key.
 */
export function parseJsonObject(bytes: Uint8Array, where: string): JsonObject {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError(
      `${where}: expected JSON in UTF-8, got other bytes (${reason}). The file is damaged.`,
      { cause },
    );
  }
  if (!isJsonObject(value)) {
    throw new CheckpointError(`${where}: expected a JSON object, got ${describe(value)}.`);
  }
  checkKeysOnce(text, where);
  return value;
}

/** Whether a parsed JSON value is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value for a message: its JSON, cut to 60 characters. */
export function describe(value: unknown): string {
  const big = (_key: string, part: unknown) => (typeof part === "bigint" ? String(part) : part);
  const text = JSON.stringify(value, big) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** Walks valid JSON text; a string before a colon is a key of the innermost open object. */
function checkKeysOnce(text: string, where: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{") open.push(new Set());
    else if (character === "}") open.pop();
    if (character !== '"') continue;
    const start = at;
    do at += text[at] === "\\" ? 2 : 1;
    while (text[at] !== '"');
    const literal = text.slice(start, at + 1);
    while (" \t\r\n".includes(text[at + 1] ?? "end")) at++;
    if (text[at + 1] !== ":") continue;
    // The parsed form, since "a" and "\u0061" are one key.
    const key = String(JSON.parse(literal));
    const keys = open.at(-1);
    if (keys?.has(key)) {
      throw new CheckpointError(
        `${where}: expected every key once, got ${describe(key)} twice. Write the file anew.`,
      );
    }
    keys?.add(key);
  }
}
