/** Questions about a text that is a string or a conversation, without a chat template. */
import type { Text } from "./types.ts";

/** The words of a text: itself, or the contents of its messages, one per line. */
export function plainText(text: Text): string {
  return typeof text === "string" ? text : text.map(({ content }) => content).join("\n");
}

/** Whether two texts are the same, roles included. */
export function sameText(a: Text, b: Text): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return (
    a.length === b.length &&
    a.every(({ role, content }, i) => role === b[i]?.role && content === b[i]?.content)
  );
}

/** Whether a text has nothing but white space. */
export function isBlank(text: Text): boolean {
  return plainText(text).trim() === "";
}

/** A text as one string that differs for different texts, for hashing. */
export function textKey(text: Text): string {
  return typeof text === "string" ? text : JSON.stringify(text.map((m) => [m.role, m.content]));
}
