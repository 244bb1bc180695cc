/**
 * Text generation: prompts in, completions out. Keeps the compiled programs and caches of the
 * shapes it meets; the work is in ./prefill.ts, ./decoder.ts and ./wave.ts.
 */

import { ConstantTensors } from "@preflab/tfjs-backend-ort";
import { Variable } from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../config.ts";
import type { Params } from "../types.ts";
import { batchBucket, lengthBucket } from "./buckets.ts";
import type { CacheShape } from "./cache-layout.ts";
import { Decoder } from "./decoder.ts";
import { type Completion, type GenerateOptions, requireCount, resolveOptions } from "./options.ts";
import { Prefill } from "./prefill.ts";
import { checkPrompts } from "./prompts.ts";
import { Row } from "./row.ts";
import { type Machinery, type PrefilledPrompt, runWave } from "./wave.ts";

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
  /**
   * Whether parameters that are no variables are stored once more in the layout in which one token
   * after the other is computed fastest, where the backend can: up to twice the speed for twice the
   * memory. Default: true.
   */
  readonly packWeights?: boolean;
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
  readonly #constants: ConstantTensors | null;
  /** By shape, least recently used first. */
  readonly #decoders = new Map<string, Decoder>();
  /** The prompt computed last in this call: the next wave may begin with more samples of it. */
  #last: { readonly prompt: readonly number[]; readonly found: PrefilledPrompt } | null = null;
  #isBusy = false;

  constructor(config: ModelConfig, params: Params, options: GeneratorOptions) {
    this.config = config;
    this.#params = params;
    const { maxRows = 64, prefillTokens = 4096, idleBytes = 2 ** 29, packWeights = true } = options;
    for (const [name, value] of Object.entries({ maxRows, prefillTokens, idleBytes })) {
      requireCount(name, value, 1);
    }
    this.#maxRows = maxRows;
    this.#prefillTokens = prefillTokens;
    this.#idleBytes = idleBytes;
    this.#prefill = new Prefill(config, params);
    const fixed = Object.values(params).filter((tensor) => !(tensor instanceof Variable));
    this.#constants = packWeights && fixed.length > 0 ? new ConstantTensors(fixed) : null;
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
      this.#last = null;
    }
    return rows.map((row) => row.completion());
  }

  async prefill(
    prompts: readonly (readonly number[])[],
  ): Promise<readonly (PrefilledPrompt | null)[]> {
    const last = this.#last;
    const found: (PrefilledPrompt | null)[] =
      last && last.prompt === prompts[0] ? [last.found] : [];
    while (found.length < prompts.length) {
      const begin = found.length;
      const group = prompts.slice(begin, begin + this.#prefillCount(prompts, begin));
      const heads = group.map((prompt) => prompt.slice(0, -1));
      const rows = heads.some(({ length }) => length > 0) ? await this.#prefill.run(heads) : null;
      found.push(...heads.map(({ length }, row) => (rows && length > 0 ? { rows, row } : null)));
    }
    const [prompt, newest] = [prompts.at(-1), found.at(-1)];
    this.#last = prompt && newest ? { prompt, found: newest } : null;
    return found;
  }

  decoder(rows: number, length: number): Decoder {
    const { kvHeads, headWidth } = this.config;
    const shape: CacheShape = { rows, heads: kvHeads, length, width: headWidth };
    const key = `${rows} x ${length}`;
    const decoder =
      this.#decoders.get(key) ?? new Decoder(this.config, this.#params, shape, this.#constants);
    this.#decoders.delete(key);
    this.#dropIdle();
    this.#decoders.set(key, decoder);
    return decoder;
  }

  dispose(): void {
    this.#prefill.dispose();
    for (const decoder of this.#decoders.values()) decoder.dispose();
    this.#decoders.clear();
    this.#constants?.dispose();
  }

  /** How many prompts from `first` on are computed at once: at least one. */
  #prefillCount(prompts: readonly (readonly number[])[], first: number): number {
    let longest = 0;
    let count = 0;
    for (; first + count < prompts.length; count++) {
      const { length } = prompts[first + count] as readonly number[];
      longest = Math.max(longest, length - 1);
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
