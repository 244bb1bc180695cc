import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { commandOf, PEERS, targetOf } from "../../dpo/contenders.ts";
import { readPairs, writePairs } from "../../dpo/pairs.ts";
import { SIZES } from "../../dpo/sizes.ts";

const FOLDERS: string[] = [];

afterEach(() => {
  for (const folder of FOLDERS.splice(0)) rmSync(folder, { recursive: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "preflab-pairs-"));
  FOLDERS.push(folder);
  return folder;
}

describe("dpo/contenders", () => {
  it("all are given the same files and time, and peers as many threads as there are", () => {
    const job = { folder: "model", pairs: "pairs", python: "py", threads: 3, seconds: 2 };
    const ours = commandOf("shared-prompt", job).args;
    expect(ours.slice(-4)).toEqual(["model", "pairs", "2", "shared-prompt"]);
    const peer = commandOf("TRL bf16", job);
    expect(peer.program).toBe("py");
    expect(peer.args.slice(-5)).toEqual(["model", "pairs", "2", "3", "bf16"]);
    expect(commandOf("TRL fp32", job).args.at(-1)).toBe("fp32");
  });

  it("targets are those that were set for S and M", () => {
    expect(PEERS.map((peer) => targetOf(peer, "S"))).toEqual([2, 1.3]);
    expect(PEERS.map((peer) => targetOf(peer, "M"))).toEqual([2, 1.3]);
    expect(PEERS.map((peer) => targetOf(peer, "L"))).toEqual([null, null]);
  });
});

describe("dpo/pairs", () => {
  it("are different ids of the vocabulary, all of the length asked for", () => {
    const { pairs, batchSize, checkedSteps } = readPairs(writePairs(temporary(), "S", "192 + 64"));
    expect(batchSize).toBe(SIZES.S.batch);
    // The second pass over the data begins within the compared steps.
    expect(pairs.length / batchSize).toBeLessThan(checkedSteps);
    for (const { promptIds, chosenIds, rejectedIds } of pairs) {
      expect([promptIds, chosenIds, rejectedIds].map(({ length }) => length)).toEqual([
        192, 64, 64,
      ]);
      expect(Math.max(...promptIds, ...chosenIds, ...rejectedIds)).toBeLessThan(SIZES.S.vocabulary);
    }
    const texts = pairs.flatMap((pair) => Object.values(pair).map((ids) => ids.join()));
    expect(new Set(texts).size).toBe(3 * pairs.length);
  });

  it("are the same every time", () => {
    const [first, second] = [0, 1].map(() => readPairs(writePairs(temporary(), "L", "64 + 64")));
    expect(first).toEqual(second);
  });
});
