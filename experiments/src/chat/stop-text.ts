/** Cuts a stream of text before the first of some texts, holding back what may become one. */

/** A stream's text up to a stop text. */
export class StopText {
  readonly #stops: readonly string[];
  #held = "";
  #isOver = false;

  /** @param stops texts that end the stream and are not part of it; not empty */
  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** What is certain once `piece` has come. */
  push(piece: string): string {
    if (this.#isOver) return "";
    const text = this.#held + piece;
    const places = this.#stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
    this.#isOver = places.length > 0;
    const certain = this.#isOver ? Math.min(...places) : text.length - this.#unsure(text);
    this.#held = this.#isOver ? "" : text.slice(certain);
    return text.slice(0, certain);
  }

  /** What was held back, when nothing more comes. */
  end(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  /** Length of the longest end of `text` that is the beginning of a stop text. */
  #unsure(text: string): number {
    const lengths = this.#stops.map((stop) => {
      let length = Math.min(stop.length - 1, text.length);
      while (length > 0 && !text.endsWith(stop.slice(0, length))) length--;
      return length;
    });
    return Math.max(0, ...lengths);
  }
}
