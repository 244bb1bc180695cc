/** Training on the 25,000 reviews of IMDb: as the Rust library, and within a minute. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { trainByteLevelBpe } from "@preflab/lm";
import { expect, test } from "vitest";
import { parity, trainerDigest } from "./golden/parity.ts";
import { describeWithData, sharedPath } from "./shared-data.ts";

const REVIEWS = "imdb/train.jsonl.gz";
/** Milliseconds, on one core. */
const LIMIT = 60_000;

describeWithData([REVIEWS], "trainByteLevelBpe on IMDb", () => {
  test("8,000 tokens take less than a minute and are those of the Rust library", () => {
    const lines = gunzipSync(readFileSync(sharedPath(REVIEWS)))
      .toString("utf8")
      .split("\n");
    const texts = lines.filter((line) => line !== "").map((line) => JSON.parse(line).text);
    expect(texts).toHaveLength(25_000);
    const start = performance.now();
    const { tokenizer } = trainByteLevelBpe(texts, { vocabSize: 8000 });
    const time = performance.now() - start;
    process.stderr.write(`IMDb, 8,000 tokens: ${(time / 1000).toFixed(1)} s\n`);
    expect(trainerDigest(tokenizer.model)).toEqual(parity.imdb);
    expect(time).toBeLessThan(LIMIT);
  }, 120_000);
});
