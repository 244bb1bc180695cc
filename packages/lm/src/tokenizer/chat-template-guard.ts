/**
 * Keeps what users write from becoming special tokens when a chat template puts it among its own.
 *
 * One character of every special token that a message spells, or could spell together with what
 * comes before or after it, is replaced by a private-use character that occurs nowhere else. The
 * template is rendered with these stand-ins, special tokens are looked for, and only then do the
 * characters come back. It does not matter what the template does to the message in between (trim it,
 * cut it, join it to another): a stand-in goes where its character goes.
 *
 * The price: a template that itself searches messages for a special token does not find one that is
 * only spelled there.
 */

/** Stand-ins and the characters that they stand for. */
export type StandIns = ReadonlyMap<string, string>;

/** Texts with stand-ins. */
export interface Guarded {
  readonly texts: readonly string[];
  readonly standIns: StandIns;
}

/** The private-use characters of the basic plane, so that a stand-in is as long as its character. */
const PRIVATE_USE = { first: 0xe000, last: 0xf8ff } as const;

/** Finds what texts could contribute to some special tokens. */
export class Guard {
  readonly #tokens: readonly string[];
  readonly #longest: number;
  /** Matches, without taking anything, where one begins. */
  readonly #beginning: RegExp | null;
  /** What tokens begin and end with, they themselves aside. */
  readonly #beginnings: ReadonlySet<string>;
  readonly #endings: ReadonlySet<string>;

  /** @param tokens the texts of the special tokens, not empty */
  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
    this.#longest = Math.max(0, ...tokens.map(({ length }) => length));
    const any = tokens.map((token) => token.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
    this.#beginning = tokens.length === 0 ? null : new RegExp(`(?=(${any}))`, "g");
    const cuts = (cut: (token: string, at: number) => string): Set<string> =>
      new Set(
        tokens.flatMap((token) =>
          Array.from({ length: token.length - 1 }, (_, i) => cut(token, i + 1)),
        ),
      );
    this.#beginnings = cuts((token, at) => token.slice(0, at));
    this.#endings = cuts((token, at) => token.slice(at));
  }

  /**
   * Puts stand-ins into texts.
   *
   * @param texts what users wrote
   * @param others all other texts that the stand-ins must differ from: template and variables
   * @throws Error when the texts use up the private-use characters
   */
  guard(texts: readonly string[], others: readonly string[]): Guarded {
    const found = texts.map((text) => [...this.#offsets(text)]);
    const characters = new Set(
      texts.flatMap((text, i) => (found[i] ?? []).map((offset) => text[offset] as string)),
    );
    if (characters.size === 0) return { texts, standIns: new Map() };
    const free = freeCharacters([...texts, ...others]);
    const standInOf = new Map([...characters].map((character) => [character, free.next().value]));
    const guarded = texts.map((text, i) => {
      const units = text.split("");
      for (const offset of found[i] ?? []) units[offset] = standInOf.get(text[offset] ?? "") ?? "";
      return units.join("");
    });
    const standIns = new Map([...standInOf].map(([character, standIn]) => [standIn, character]));
    return { texts: guarded, standIns };
  }

  /** Offsets of characters without which `text` can be no part of a special token. */
  #offsets(text: string): ReadonlySet<number> {
    const offsets = new Set<number>();
    const guardFirst = (start: number, stop: number): void => {
      // Not white space, which templates trim.
      const inside = /\S/.exec(text.slice(start, stop));
      if (inside) offsets.add(start + inside.index);
    };
    for (const { index, 1: token = "" } of this.#beginning ? text.matchAll(this.#beginning) : []) {
      guardFirst(index, index + token.length);
    }
    // What a template trims leaves another edge.
    const core = text.trim();
    const begin = text.indexOf(core);
    for (const [start, stop] of [
      [0, text.length],
      [begin, begin + core.length],
    ] as const) {
      const part = text.slice(start, stop);
      const most = Math.min(part.length, this.#longest - 1);
      for (let length = 1; length <= most; length++) {
        if (this.#beginnings.has(part.slice(-length))) guardFirst(stop - length, stop);
        if (this.#endings.has(part.slice(0, length))) guardFirst(start, start + length);
      }
      const isShort = part.length < this.#longest;
      if (isShort && this.#tokens.some((token) => token.includes(part))) guardFirst(start, stop);
    }
    return offsets;
  }
}

/** The text with every stand-in replaced by its character. */
export function withoutStandIns(text: string, standIns: StandIns): string {
  if (standIns.size === 0) return text;
  return text.replace(/[\ue000-\uf8ff]/g, (character) => standIns.get(character) ?? character);
}

/** Private-use characters that occur in none of the texts. */
function* freeCharacters(texts: readonly string[]): Generator<string, never> {
  const used = new Set(texts.flatMap((text) => text.match(/[\ue000-\uf8ff]/g) ?? []));
  for (let code: number = PRIVATE_USE.first; code <= PRIVATE_USE.last; code++) {
    const character = String.fromCharCode(code);
    if (!used.has(character)) yield character;
  }
  throw new Error(
    "chat template: expected messages without private-use characters (U+E000 to U+F8FF), got all " +
      "of them. Remove some.",
  );
}
