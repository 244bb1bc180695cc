/** The golden numbers of ../../fixtures/tokenizer/parity.json, and hashes like those in it. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Fixture } from "@preflab/testing";

/** Rows to a hash. */
export const BLOCK = 300;
/** Hexadecimal digits of a hash that are kept. */
const DIGITS = 12;

/** Hashes of one tokenizer: ids and texts of the fuzz strings. */
export interface RustParity {
  readonly vocabSize: number;
  /** Ids in all, over all strings. */
  readonly tokens: number;
  readonly framed: readonly string[];
  readonly [rows: string]: unknown;
}

/** Hashes of a training run. */
export interface TrainerParity {
  readonly merges: number;
  readonly mergesHash: string;
  readonly vocabHash: string;
}

/** The file. */
export const parity: {
  readonly strings: readonly string[];
  readonly trainer: TrainerParity;
  readonly imdb: TrainerParity;
  readonly rust: Readonly<Record<string, RustParity>>;
  readonly sentencepiece: Readonly<Record<string, readonly string[]>>;
  readonly tiktoken: Readonly<Record<string, readonly string[]>>;
} = new Fixture(fileURLToPath(new URL("../../fixtures/tokenizer", import.meta.url))).json(
  "parity.json",
);

/** Hashes of blocks of rows. */
export function digest(rows: readonly string[]): string[] {
  const blocks = Math.ceil(rows.length / BLOCK);
  return Array.from({ length: blocks }, (_, i) => {
    const text = rows.slice(i * BLOCK, (i + 1) * BLOCK).map((row) => `${row}\n`);
    return createHash("sha256").update(text.join("")).digest("hex").slice(0, DIGITS);
  });
}

/** Ids as a row. */
export function joined(ids: ArrayLike<number>): string {
  return Array.from(ids).join(" ");
}

/** Hashes of what a trainer made. */
export function trainerDigest(model: Readonly<Record<string, unknown>>): TrainerParity {
  const merges = (model["merges"] as [string, string][]).map((pair) => pair.join(" "));
  const entries = Object.entries(model["vocab"] as Record<string, number>);
  const rows = entries.sort((a, b) => a[1] - b[1]).map(([token, id]) => `${id} ${token}`);
  return {
    merges: merges.length,
    mergesHash: digest([merges.join("\n")])[0] as string,
    vocabHash: digest([rows.join("\n")])[0] as string,
  };
}
