/**
 * The prompt of a pair that does not name it: what both completions begin with. TRL's rule, except
 * where the two texts do not differ before one of them ends.
 */
import { sameText } from "../text.ts";
import type { Message, Text } from "../types.ts";
import { wrongType } from "./fields.ts";

/** A pair taken apart. */
export interface ImplicitPrompt {
  readonly prompt: Text;
  readonly chosen: Text;
  readonly rejected: Text;
}

/**
 * Takes the longest common beginning as the prompt. Texts: a space before the first difference goes
 * to the completions, since tokenizers join it to the word that follows. Conversations: whole
 * messages, never the last one of either, so that identical conversations keep a completion.
 *
 * @throws RowError where one is a text and the other a conversation
 */
export function implicitPrompt(chosen: Text, rejected: Text): ImplicitPrompt {
  if (typeof chosen === "string" && typeof rejected === "string") {
    const end = textPromptEnd(chosen, rejected);
    return {
      prompt: chosen.slice(0, end),
      chosen: chosen.slice(end),
      rejected: rejected.slice(end),
    };
  }
  if (typeof chosen === "string" || typeof rejected === "string") {
    throw wrongType("rejected", "a text or a conversation as chosen is", rejected);
  }
  const end = messagesPromptEnd(chosen, rejected);
  return { prompt: chosen.slice(0, end), chosen: chosen.slice(end), rejected: rejected.slice(end) };
}

/** Characters that two texts begin with alike; a surrogate pair counts whole or not at all. */
export function commonPrefixLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  const last = a.charCodeAt(length - 1);
  const half = length > 0 && last >= 0xd800 && last <= 0xdbff;
  return half ? length - 1 : length;
}

function textPromptEnd(chosen: string, rejected: string): number {
  const length = commonPrefixLength(chosen, rejected);
  const differs = length < Math.min(chosen.length, rejected.length);
  return differs && chosen[length - 1] === " " ? length - 1 : length;
}

function messagesPromptEnd(chosen: readonly Message[], rejected: readonly Message[]): number {
  const most = Math.min(chosen.length, rejected.length) - 1;
  let end = 0;
  while (end < most && sameText(chosen.slice(end, end + 1), rejected.slice(end, end + 1))) end++;
  return end;
}
