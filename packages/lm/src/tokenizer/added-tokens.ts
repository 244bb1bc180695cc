/**
 * Cuts the added tokens out of a text before the model sees it, as the Rust library does: leftmost
 * match first, longest where several start together.
 */
import type { AddedTokenJson } from "./json.ts";
import { WORD_CHARACTERS } from "./patterns.ts";

/** A stretch of text: an added token, or what lies between two of them. */
export interface Section {
  /** Offset in the text that was split, in UTF-16 units. */
  readonly start: number;
  readonly text: string;
  /** Absent for text between added tokens. */
  readonly token?: AddedTokenJson;
}

const WORD_BEFORE = new RegExp(`[${WORD_CHARACTERS}]$`, "u");
const WORD_AFTER = new RegExp(`^[${WORD_CHARACTERS}]`, "u");
const SPACE_BEFORE = /\p{White_Space}*$/u;
const SPACE_AFTER = /^\p{White_Space}*/u;

/** Finds a set of added tokens in texts. */
export class AddedTokenMatcher {
  readonly #tokens: ReadonlyMap<string, AddedTokenJson>;
  readonly #pattern: RegExp | null;

  /** @param tokens by the text that stands for them, which must not be empty. */
  constructor(tokens: ReadonlyMap<string, AddedTokenJson>) {
    this.#tokens = tokens;
    // Longest first makes the first alternative that matches the longest one.
    const longestFirst = [...tokens.keys()].sort((a, b) => b.length - a.length);
    this.#pattern =
      longestFirst.length === 0 ? null : new RegExp(longestFirst.map(escaped).join("|"), "g");
  }

  /** Sections of a text, in order and without gaps, save white space that a token takes with it. */
  split(text: string): Section[] {
    if (this.#pattern === null) return [{ start: 0, text }];
    const sections: Section[] = [];
    let done = 0;
    for (const match of text.matchAll(this.#pattern)) {
      const token = this.#tokens.get(match[0]) as AddedTokenJson;
      let start = match.index;
      let stop = start + match[0].length;
      if (token.single_word && isInsideWord(text, start, stop)) continue;
      if (token.lstrip) {
        start = Math.max(done, start - spaces(text.slice(done, start), SPACE_BEFORE));
      }
      if (token.rstrip) stop += spaces(text.slice(stop), SPACE_AFTER);
      if (done < start) sections.push({ start: done, text: text.slice(done, start) });
      sections.push({ start, text: text.slice(start, stop), token });
      done = stop;
    }
    if (done < text.length) sections.push({ start: done, text: text.slice(done) });
    return sections;
  }
}

function isInsideWord(text: string, start: number, stop: number): boolean {
  return WORD_BEFORE.test(text.slice(0, start)) || WORD_AFTER.test(text.slice(stop));
}

function spaces(text: string, pattern: RegExp): number {
  return pattern.exec(text)?.[0].length ?? 0;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
