import { describe, expect, test } from "vitest";
import {
  repliesSideBySide,
  type SeedReplies,
} from "../../../src/policy/comparison/side-by-side.ts";

/** Replies named by policy, seed, prompt and sample. */
function replies(name: string, seed: number, samples: number, prompts = [0, 1]): SeedReplies {
  return {
    seed,
    rows: prompts.flatMap((prompt) =>
      Array.from({ length: samples }, (_, sample) => {
        const text = `${name}${seed} ${prompt}.${sample}`;
        return { prompt, sample, question: `q${prompt}`, text };
      }),
    ),
  };
}

const shown = ({ pairs }: ReturnType<typeof repliesSideBySide>) =>
  pairs.map(({ reply, rival }) => `${reply} | ${rival}`);

describe("policy/comparison/side-by-side", () => {
  test("the greedy reply is shown beside each sample of the other policy", () => {
    const found = repliesSideBySide([replies("a", 0, 2)], [replies("b", 0, 1)]);
    expect(shown(found)).toEqual([
      ...["a0 0.0 | b0 0.0", "a0 0.1 | b0 0.0"],
      ...["a0 1.0 | b0 1.0", "a0 1.1 | b0 1.0"],
    ]);
    expect(found.prompts).toEqual([0, 0, 1, 1]);
    expect(found.pairs.map(({ prompt }) => prompt)).toEqual(["q0", "q0", "q1", "q1"]);
  });

  test("policies of one seed are paired, and one without seeds with all of them", () => {
    const [first, second] = ["a", "b"].map((name) => [0, 1].map((s) => replies(name, s, 1, [0])));
    const [ours, theirs] = [first ?? [], second ?? []];
    expect(shown(repliesSideBySide(ours, theirs))).toEqual(["a0 0.0 | b0 0.0", "a1 0.0 | b1 0.0"]);
    const alone = repliesSideBySide(ours.slice(0, 1), theirs);
    expect(shown(alone)).toEqual(["a0 0.0 | b0 0.0", "a0 0.0 | b1 0.0"]);
  });

  test("prompts that one policy lacks are left out", () => {
    const found = repliesSideBySide([replies("a", 0, 1)], [replies("b", 0, 1, [1])]);
    expect(found.prompts).toEqual([1]);
    expect(repliesSideBySide([replies("a", 0, 1)], []).pairs).toEqual([]);
  });
});
