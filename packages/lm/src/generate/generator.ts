/**
 * Text generation: prompts in, completions out. Keeps the compiled programs and caches of the
 * shapes it meets; the work is in ./prefill.ts, ./decoder.ts and ./wave.ts.
 */

import type { ModelConfig } from "../config.ts";
import type { Params } from "../types.ts";
import { batchBucket, lengthBucket } from "./buckets.ts";
import type { CacheShape } from "./cache-layout.ts";
import { Decoder } from "./decoder.ts";
import { type Completion, type GenerateOptions, requireCount, resolveOptions } from "./options.ts";
import { Prefill } from "./prefill.ts";
import { checkPrompts } from "./prompts.ts";
import { Row } from "./row.ts";
import { type Machinery, type PrefilledGroup, runWave } from "./wave.ts";

/** Settings of a generator. */
export interface GeneratorOptions {
  /** Most rows decoded together; more are generated one group after the other. Default: 64. */
  readonly maxRows?: number;
  /** Most tokens, padding included, of which keys and values are computed at once. Default: 4096. */
  readonly prefillTokens?: number;
  /**
   * Bytes of keys and values that may stay allocated in shapes not in use, so that the next call
   * finds them compiled. Default: 512 MiB.
   */
  readonly idleBytes?: number;
}

/** Generates with one model. */
export interface Generator {
  /**
   * Completions of all prompts, the samples of a prompt next to each other. Uses the parameters'
   * values of the moment: they must not change before it settles. Each row draws from a random
   * stream of its own, so what it draws does not depend on the others.
   * @param prompts lists of at least one token
   * @throws Error for options out of range, prompts that do not fit, and a call during another
   */
  generate(
    prompts: readonly (readonly number[])[],
    options: GenerateOptions,
  ): Promise<Completion[]>;
  /** Frees programs and caches, not the parameters. */
  dispose(): void;
}

/**
 * A generator on the backend that is current now.
 * @param params stay the caller's; variables are read live, so that a model in training generates
 *   with its current weights
 */
export function createGenerator(
  config: ModelConfig,
  params: Params,
  options: GeneratorOptions = {},
): Generator {
  return new CachingGenerator(config, params, options);
}

/** As {@link Generator.generate}, with a generator for this one call. */
export async function generate(
  config: ModelConfig,
  params: Params,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<Completion[]> {
  const generator = createGenerator(config, params);
  try {
    return await generator.generate(prompts, options);
  } finally {
    generator.dispose();
  }
}

class CachingGenerator implements Generator, Machinery {
  readonly config: ModelConfig;
  readonly #params: Params;
  readonly #maxRows: number;
  readonly #prefillTokens: number;
  readonly #idleBytes: number;
  readonly #prefill: Prefill;
  /** By shape, least recently used first. */
  readonly #decoders = new Map<string, Decoder>();
  #isBusy = false;

  constructor(config: ModelConfig, params: Params, options: GeneratorOptions) {
    this.config = config;
    this.#params = params;
    for (const [name, value] of Object.entries(options)) requireCount(name, value, 1);
    this.#maxRows = options.maxRows ?? 64;
    this.#prefillTokens = options.prefillTokens ?? 4096;
    this.#idleBytes = options.idleBytes ?? 2 ** 29;
    this.#prefill = new Prefill(config, params);
  }

  async generate(
    prompts: readonly (readonly number[])[],
    options: GenerateOptions,
  ): Promise<Completion[]> {
    if (this.#isBusy) {
      throw new Error(
        "generate: expected one call at a time, got one during another. Await the earlier one, or " +
          "make a generator for each.",
      );
    }
    const resolved = resolveOptions(this.config, options);
    checkPrompts(this.config, prompts, resolved.maxNewTokens);
    const rows = prompts.flatMap((ids, prompt) =>
      Array.from({ length: resolved.samples }, (_, sample) => {
        return new Row(prompt, sample, ids, resolved);
      }),
    );
    this.#isBusy = true;
    try {
      for (let first = 0; first < rows.length; first += this.#maxRows) {
        await runWave(this, rows.slice(first, first + this.#maxRows), resolved);
      }
    } finally {
      this.#isBusy = false;
    }
    return rows.map((row) => row.completion());
  }

  async prefill(prompts: readonly (readonly number[])[]): Promise<readonly PrefilledGroup[]> {
    const groups: PrefilledGroup[] = [];
    for (let first = 0; first < prompts.length; ) {
      const count = this.#prefillCount(prompts, first);
      const group = prompts.slice(first, first + count);
      // Prompts of one token have nothing before it.
      if (group.some(({ length }) => length > 0)) {
        groups.push({ first, count, rows: await this.#prefill.run(group) });
      }
      first += count;
    }
    return groups;
  }

  decoder(rows: number, length: number): Decoder {
    const { kvHeads, headWidth } = this.config;
    const shape: CacheShape = { rows, heads: kvHeads, length, width: headWidth };
    const key = `${rows} x ${length}`;
    const decoder = this.#decoders.get(key) ?? new Decoder(this.config, this.#params, shape);
    this.#decoders.delete(key);
    this.#dropIdle();
    this.#decoders.set(key, decoder);
    return decoder;
  }

  dispose(): void {
    this.#prefill.dispose();
    for (const decoder of this.#decoders.values()) decoder.dispose();
    this.#decoders.clear();
  }

  /** How many prompts from `first` on are computed at once: at least one. */
  #prefillCount(prompts: readonly (readonly number[])[], first: number): number {
    let longest = 0;
    let count = 0;
    for (; first + count < prompts.length; count++) {
      const { length } = prompts[first + count] as readonly number[];
      longest = Math.max(longest, length);
      const tokens = batchBucket(count + 1) * lengthBucket(longest);
      if (count > 0 && tokens > this.#prefillTokens) break;
    }
    return count;
  }

  /** Frees the least recently used decoders beyond what may stay. */
  #dropIdle(): void {
    let bytes = 0;
    for (const [key, decoder] of [...this.#decoders].reverse()) {
      bytes += Decoder.bytes(decoder.shape, this.config.layers);
      if (bytes <= this.#idleBytes) continue;
      decoder.dispose();
      this.#decoders.delete(key);
    }
  }
}
