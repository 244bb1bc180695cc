/**
 * Many tokenised pairs in little memory: ids lie in long arrays of 4 bytes each, and a prompt that
 * many pairs share lies there once. Only grows; order is in ./pair-batches.ts.
 */
import { hashIds } from "../hash.ts";
import { sameIds } from "../tokens/truncate.ts";
import type { ExampleMeta, TokenizedPair } from "../types.ts";

/** Ids of one array, 4 MiB; longer rows get an array of their own. */
const BLOCK_IDS = 2 ** 20;

/** Pairs by index, from 0 in the order in which they were added. */
export class PairStore {
  readonly #ids = new IdArena();
  /** Prompt, chosen and rejected of each pair: indices into the arena. */
  readonly #pairs: number[] = [];
  readonly #metas: (ExampleMeta | undefined)[] = [];
  /** Arena index of every different prompt. */
  readonly #prompts: number[] = [];
  readonly #promptsByHash = new Map<number, number[]>();

  /** A store of these pairs. */
  static from(pairs: Iterable<TokenizedPair>): PairStore {
    const store = new PairStore();
    for (const pair of pairs) store.add(pair);
    return store;
  }

  /** Pairs. */
  get length(): number {
    return this.#metas.length;
  }

  /** Different prompts. */
  get promptCount(): number {
    return this.#prompts.length;
  }

  /** Ids held, those of shared prompts once. */
  get idCount(): number {
    return this.#ids.count;
  }

  /** Copies a pair's ids to the end. */
  add({ promptIds, chosenIds, rejectedIds, meta }: TokenizedPair): void {
    this.#pairs.push(this.#promptIndex(promptIds), this.#ids.add(chosenIds));
    this.#pairs.push(this.#ids.add(rejectedIds));
    this.#metas.push(meta);
  }

  /** A pair; its ids are views, not copies. @throws RangeError where there is none */
  pair(index: number): TokenizedPair & { readonly promptIndex: number } {
    const promptIndex = this.promptIndex(index);
    const meta = this.#metas[index];
    return {
      promptIndex,
      promptIds: this.#ids.at(this.#prompts[promptIndex] as number),
      chosenIds: this.#ids.at(this.#pairs[3 * index + 1] as number),
      rejectedIds: this.#ids.at(this.#pairs[3 * index + 2] as number),
      ...(meta && { meta }),
    };
  }

  /** Which prompt a pair has: equal for equal prompts, from 0. @throws RangeError without the pair */
  promptIndex(index: number): number {
    const prompt = this.#pairs[3 * index];
    if (prompt !== undefined) return prompt;
    throw new RangeError(`PairStore: expected an index below ${this.length}, got ${index}.`);
  }

  /** Tokens of the longer row of a pair. */
  rowLength(index: number): number {
    const { promptIds, chosenIds, rejectedIds } = this.pair(index);
    return promptIds.length + Math.max(chosenIds.length, rejectedIds.length);
  }

  #promptIndex(ids: ArrayLike<number>): number {
    const hash = hashIds(ids);
    const candidates = this.#promptsByHash.get(hash) ?? [];
    const known = candidates.find((i) => sameIds(this.#ids.at(this.#prompts[i] as number), ids));
    if (known !== undefined) return known;
    const index = this.#prompts.push(this.#ids.add(ids)) - 1;
    this.#promptsByHash.set(hash, [...candidates, index]);
    return index;
  }
}

/** Lists of ids, one after the other in blocks that never move. */
class IdArena {
  count = 0;
  readonly #blocks: Int32Array[] = [];
  #used = 0;
  /** Block, start and end of each list. */
  readonly #places: number[] = [];

  add(ids: ArrayLike<number>): number {
    const block = this.#blocks.at(-1);
    if (block === undefined || this.#used + ids.length > block.length) {
      this.#blocks.push(new Int32Array(Math.max(BLOCK_IDS, ids.length)));
      this.#used = 0;
    }
    this.#blocks.at(-1)?.set(ids, this.#used);
    this.#places.push(this.#blocks.length - 1, this.#used, this.#used + ids.length);
    this.#used += ids.length;
    this.count += ids.length;
    return this.#places.length / 3 - 1;
  }

  at(index: number): Int32Array {
    const [block, start, end] = this.#places.slice(3 * index, 3 * index + 3);
    return (this.#blocks[block as number] as Int32Array).subarray(start, end);
  }
}
