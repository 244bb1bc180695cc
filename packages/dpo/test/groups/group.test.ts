import { DataError } from "@preflab/data";
import { describe, expect, test } from "vitest";
import { completionsPerGroup, unpairedGroups } from "../../src/groups/group.ts";

/** Examples of the given prompts; the completion of example i is `[10 + i, 1]`. */
const examples = (...prompts: readonly (readonly number[])[]) =>
  prompts.map((promptIds, i) => ({ promptIds, completionIds: [10 + i, 1], label: true }));

/** Whose completions the examples are compared with. */
const others = (...prompts: readonly (readonly number[])[]) =>
  unpairedGroups(examples(...prompts)).map(({ completions }) => Number(completions[1]?.[0]) - 10);

describe("groups/group", () => {
  test("an unpaired response is compared with the next one of another prompt", () => {
    expect(others([2], [3], [4])).toEqual([1, 2, 0]);
    expect(others([2], [2], [3], [3])).toEqual([2, 2, 0, 0]);
    expect(others([2], [3], [2, 2], [2])).toEqual([1, 2, 3, 1]);
  });

  test("with one prompt alone, it is compared with the next one", () => {
    expect(others([2], [2], [2])).toEqual([1, 2, 0]);
    expect(others([], [])).toEqual([1, 0]);
  });

  test("another prompt's completion is cut to what fits, the own one is not", () => {
    const rows = [
      { promptIds: [2, 3, 4], completionIds: [5], label: true },
      { promptIds: [2], completionIds: [6, 7, 8], label: false },
      { promptIds: [3, 3, 3, 3], completionIds: [], label: false },
    ];
    const cut = unpairedGroups(rows, 4).map(({ completions }) => completions);
    expect(cut).toEqual([
      [[5], [6]],
      [[6, 7, 8], []],
      [[], []],
    ]);
  });

  test("what cannot be compared is an error of the data", () => {
    expect(() => unpairedGroups(examples([2]))).toThrow(DataError);
    const groups = [
      { promptIds: [2], completions: [[3], [4]] },
      { promptIds: [2], completions: [[3], [4], [5]] },
    ];
    expect(() => completionsPerGroup(groups)).toThrow(/2 as in the first, got 3 in example 1/);
    expect(() => completionsPerGroup([])).toThrow(DataError);
  });
});
