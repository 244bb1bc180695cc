/** Made-up transcripts. */
import { RandomStream } from "@preflab/lm";
import type { HhSettings } from "../../../src/dialogue/hh/settings.ts";

/** A task of them. */
export const MADE_UP: HhSettings = {
  shares: { validation: 0.1, test: 0.2, judge: 0.4 },
  vocabulary: 400,
  limits: { text: 144, pair: 56, prompt: 44, reply: 20 },
  most: {
    pairs: { train: 1000, validation: 1000, test: 1000 },
    prompts: { train: 1000, validation: 1000, test: 1000 },
  },
  judge: {
    features: { longest: 1, bits: 12, ngramLength: 0.75 },
    ...{ epochs: 3, lr: 0.1, l2: 1e-3, damping: 1 },
  },
  seed: 0,
};

const THINGS = ["kite", "loaf", "pond", "shed", "drum", "scarf", "ladder", "lamp", "quilt", "sled"];
const DEEDS = ["mend", "paint", "move", "clean", "measure", "store", "choose", "carry", "fold"];
const PLACES = ["in May", "at night", "by the sea", "in a hurry", "with a friend", "on a hill"];
const GOOD = ["Certainly", "With pleasure", "Here is how"];
const BAD = ["No idea", "Whatever", "Go away"];

/** A row as it is published. */
export interface MadeUpRow {
  readonly chosen: string;
  readonly rejected: string;
}

/** A transcript. @param turns the human's first, by turns */
export function transcript(...turns: readonly string[]): string {
  return turns.map((text, i) => `\n\n${i % 2 === 0 ? "Human" : "Assistant"}: ${text}`).join("");
}

/** Rows whose replies begin differently; every third has a question before. */
export function madeUpRows(count: number, seed = 0): MadeUpRow[] {
  const stream = new RandomStream(seed, "made-up");
  const pick = (from: readonly string[]) =>
    from[Math.floor(stream.uniform() * from.length)] as string;
  const some = () => `${pick(DEEDS)} the ${pick(THINGS)} ${pick(PLACES)}`;
  return Array.from({ length: count }, (_, i) => {
    const first = `Case ${seed}-${i}: may I ${some()} and ${some()}?`;
    const before = i % 3 === 0 ? [first, `Yes, ${some()}.`, `And then ${some()}?`] : [first];
    return {
      chosen: transcript(...before, `${pick(GOOD)}, ${some()}.`),
      rejected: transcript(...before, `${pick(BAD)}, ${some()}.`),
    };
  });
}
