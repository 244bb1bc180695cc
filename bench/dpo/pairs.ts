/** The pairs that both sides train on, and the settings that they share; ../peers/dpo.py reads them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { uniform } from "../engine/numbers.ts";
import { SIZES, type SizeName, TEXTS, type Texts } from "./sizes.ts";

/** What a program reads. */
export interface Inputs {
  /** A few steps' worth, in their order. */
  readonly pairs: readonly Pair[];
  readonly batchSize: number;
  readonly beta: number;
  readonly learningRate: number;
  readonly maxGradNorm: number;
  /** Steps whose losses are compared: that of the second pass shows what the first has learned. */
  readonly checkedSteps: number;
}

/** Token ids, as JSON has them. */
type Pair = Readonly<Record<"promptIds" | "chosenIds" | "rejectedIds", readonly number[]>>;

const STREAM = 2000;
/** Different steps, which then come again. */
const BATCHES = 4;
/** Moves the losses of five steps visibly, and those of hundreds not to zero. */
const LEARNING_RATE = 1e-5;

/** Writes the pairs of a size into its folder. @returns the path of the file */
export function writePairs(folder: string, size: SizeName, texts: Texts): string {
  const { batch, vocabulary } = SIZES[size];
  const inputs: Inputs = {
    pairs: Array.from({ length: BATCHES * batch }, (_, i) => randomPair(i, vocabulary, texts)),
    batchSize: batch,
    beta: 0.1,
    learningRate: LEARNING_RATE,
    maxGradNorm: 1,
    checkedSteps: BATCHES + 1,
  };
  const path = join(folder, `pairs-${TEXTS[texts].prompt}-${TEXTS[texts].completion}.json`);
  writeFileSync(path, JSON.stringify(inputs));
  return path;
}

/** The pairs of a file. */
export function readPairs(path: string): Inputs {
  return JSON.parse(readFileSync(path, "utf8")) as Inputs;
}

function randomPair(index: number, vocabulary: number, texts: Texts): Pair {
  const { prompt, completion } = TEXTS[texts];
  const ids = (part: number, length: number) =>
    Array.from({ length }, (_, t) =>
      Math.floor(uniform(STREAM + 3 * index + part, t) * vocabulary),
    );
  return {
    promptIds: ids(0, prompt),
    chosenIds: ids(1, completion),
    rejectedIds: ids(2, completion),
  };
}
