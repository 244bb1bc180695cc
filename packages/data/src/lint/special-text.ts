/** Finds special tokens that are spelled out in a text. */
import type { Tokenizer } from "@preflab/lm";

/** How the tokenizers in use write their special tokens; `<s>` is left out, since HTML has it too. */
const USUAL = [
  "<\\|[A-Za-z0-9_]+\\|>",
  "\\[/?INST\\]",
  "<</?SYS>>",
  "<(?:bos|eos|pad|unk|mask|start_of_turn|end_of_turn)>",
];

/** A test for texts that spell a special token: the tokenizer's, where there is one, or usual ones. */
export function specialTextTest(tokenizer?: Tokenizer): (text: string) => boolean {
  const ids = tokenizer === undefined ? [] : [...tokenizer.specialIds];
  const own = ids.map((id) => escaped(tokenizer?.tokenOf(id) ?? "")).filter((token) => token);
  const pattern = new RegExp([...USUAL, ...own].join("|"));
  return (text) => pattern.test(text);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
