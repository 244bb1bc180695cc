/** One completion in progress: its tokens, its random stream and when it ends. */

import { RandomStream } from "../rng.ts";
import type { Completion, Finish, ResolvedOptions } from "./options.ts";

/** A character has at most this many bytes, and so a text of n characters at most n times as many tokens. */
const BYTES_PER_CHARACTER = 4;

/** A completion that grows by one token at a time. */
export class Row {
  readonly prompt: number;
  readonly sample: number;
  readonly promptIds: readonly number[];
  readonly ids: number[] = [];
  finish: Finish | null = null;
  readonly #options: ResolvedOptions;
  readonly #stream: RandomStream;
  readonly #logps: number[] = [];
  readonly #temperedLogps: number[] = [];
  readonly #stepLogits: Float32Array[] = [];
  #text: string | null = null;

  constructor(
    prompt: number,
    sample: number,
    promptIds: readonly number[],
    options: ResolvedOptions,
  ) {
    this.prompt = prompt;
    this.sample = sample;
    this.promptIds = promptIds;
    this.#options = options;
    const name = `generate/${options.firstPrompt + prompt}/${sample}`;
    this.#stream = new RandomStream(options.seed, name);
  }

  /** Tokens so far, the prompt's included. */
  get length(): number {
    return this.promptIds.length + this.ids.length;
  }

  /** The token that the next step reads. */
  get lastId(): number {
    return (this.ids.at(-1) ?? this.promptIds.at(-1)) as number;
  }

  /** The uniform number that draws the next token: a function of seed, prompt, sample and step. */
  noise(): number {
    this.#stream.position = this.ids.length;
    // 24 bits, so that float32 holds it and it stays below 1.
    return (this.#stream.uint32() >>> 8) / 2 ** 24;
  }

  /** Adds a token and decides whether it is the last one. */
  push(id: number, logp: number, temperedLogp: number, logits: Float32Array | null): void {
    this.ids.push(id);
    this.#logps.push(logp);
    this.#temperedLogps.push(temperedLogp);
    if (logits) this.#stepLogits.push(logits);
    this.finish = this.#ending(id);
  }

  /** The completion. @throws Error when it has not ended */
  completion(): Completion {
    const { prompt, sample, ids, finish } = this;
    if (!finish) throw new Error(`Row.completion: expected an ended row, got prompt ${prompt}'s.`);
    return {
      prompt,
      sample,
      ids,
      logps: this.#logps,
      temperedLogps: this.#temperedLogps,
      finish,
      text: this.#finalText(finish),
      stepLogits: this.#options.stepLogits ? this.#stepLogits : null,
    };
  }

  #ending(id: number): Finish | null {
    const { eos, stopIds, maxNewTokens } = this.#options;
    if (eos.has(id)) return "eos";
    if (stopIds.has(id) || this.#endsInStopString()) return "stop";
    return this.ids.length === maxNewTokens ? "length" : null;
  }

  /** Whether the newest token completed a stop string; sets the text before it. */
  #endsInStopString(): boolean {
    const { stopStrings, decode } = this.#options;
    if (!decode || stopStrings.length === 0) return false;
    // Decoding a few tokens rules most steps out; they may read differently without those before.
    const longest = Math.max(...stopStrings.map((text) => text.length));
    const tail = decode(this.ids.slice(-BYTES_PER_CHARACTER * (longest + 1)));
    if (!stopStrings.some((stop) => tail.includes(stop))) return false;
    const text = decode(this.ids);
    const places = stopStrings.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
    if (places.length === 0) return false;
    this.#text = text.slice(0, Math.min(...places));
    return true;
  }

  #finalText(finish: Finish): string | null {
    const { decode, eos, stopIds } = this.#options;
    if (this.#text !== null || !decode) return this.#text;
    const last = this.lastId;
    const endsInToken = finish === "eos" ? eos.has(last) : finish === "stop" && stopIds.has(last);
    return decode(endsInToken ? this.ids.slice(0, -1) : this.ids);
  }
}
