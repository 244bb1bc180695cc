import { checkTruncation, type TruncationOptions, truncateRow } from "@preflab/data";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

/** Prompt, chosen and rejected of so many tokens, from 100, 200 and 300. */
function cut(prompt: number, chosen: number, rejected: number, options: TruncationOptions) {
  const completions = [range(200, chosen), range(300, rejected)];
  const { promptIds, completionIds, ...flags } = truncateRow(
    range(100, prompt),
    completions,
    options,
  );
  const shown = (ids: ArrayLike<number>) =>
    ids.length === 0 ? "" : `${ids[0]}-${ids[ids.length - 1]}`;
  const raised = Object.entries(flags).filter(([, isRaised]) => isRaised);
  return [
    [promptIds, ...completionIds].map(shown).join(" "),
    raised.map(([name]) => name).join(" "),
  ];
}

describe("tokens/truncate", () => {
  test("rows that fit are left alone, under every rule", () => {
    const whole = ["100-105 200-203 300-301", ""];
    for (const mode of ["keep_start", "keep_end"] as const) {
      expect(cut(6, 4, 2, { maxLength: 10, mode })).toEqual(whole);
      expect(cut(6, 4, 2, { maxLength: 10, maxPromptLength: 2, mode })).toEqual(whole);
    }
  });

  test("with maxPromptLength, a long row first costs the prompt", () => {
    const options = { maxLength: 9, maxPromptLength: 5 };
    expect(cut(6, 4, 2, options)).toEqual(["100-104 200-203 300-301", "promptCut"]);
    expect(cut(6, 4, 2, { ...options, mode: "keep_end" })).toEqual([
      "101-105 200-203 300-301",
      "promptCut",
    ]);
  });

  test("with maxPromptLength, completions then lose their end to what the prompt leaves", () => {
    const options = { maxLength: 9, maxPromptLength: 5 };
    expect(cut(6, 8, 2, options)).toEqual(["100-104 200-203 300-301", "promptCut lostEos"]);
    // A short prompt leaves more.
    expect(cut(2, 8, 9, options)).toEqual(["100-101 200-206 300-306", "lostEos"]);
    expect(cut(2, 8, 9, { ...options, mode: "keep_end" })).toEqual([
      "100-101 200-206 300-306",
      "lostEos",
    ]);
  });

  test("without it, keep_start keeps the first tokens of each row", () => {
    expect(cut(6, 4, 2, { maxLength: 8 })).toEqual(["100-105 200-201 300-301", "lostEos"]);
    expect(cut(6, 4, 2, { maxLength: 6 })).toEqual([
      "100-105  ",
      "lostEos becameIdentical becameEmpty",
    ]);
    expect(cut(8, 4, 2, { maxLength: 6 })).toEqual([
      "100-105  ",
      "promptCut lostEos becameIdentical becameEmpty",
    ]);
  });

  test("without it, keep_end keeps the last ones and the end of text", () => {
    const mode = "keep_end";
    expect(cut(6, 4, 2, { maxLength: 8, mode })).toEqual(["102-105 200-203 300-301", "promptCut"]);
    expect(cut(6, 9, 2, { maxLength: 8, mode })).toEqual([" 201-208 300-301", "promptCut"]);
  });

  test("completions that differ only in what is cut off are told from identical ones", () => {
    const became = (...completions: number[][]) =>
      truncateRow([1], completions, { maxLength: 3 }).becameIdentical;
    expect(became([2, 3, 4], [2, 3, 5])).toBe(true);
    expect(became([2, 3, 4], [2, 3, 4])).toBe(false);
    expect(became([2, 3, 4], [2, 4, 4])).toBe(false);
    expect(became([5], [2, 3, 4], [2, 4, 4], [2, 3, 5])).toBe(true);
  });

  test("no row is longer than allowed, no token is invented, and cutting twice is cutting once", () => {
    const ids = fc.array(fc.nat({ max: 9 }), { maxLength: 12 });
    const mode = fc.constantFrom("keep_start" as const, "keep_end" as const);
    const lengths = fc.tuple(fc.integer({ min: 2, max: 15 }), fc.integer({ min: 1, max: 14 }));
    fc.assert(
      fc.property(
        ids,
        ids,
        ids,
        mode,
        lengths,
        fc.boolean(),
        (p, c, r, m, [max, most], limited) => {
          const limit = limited && most < max ? { maxPromptLength: most } : {};
          const options = { maxLength: max, mode: m, ...limit };
          const row = truncateRow(p, [c, r], options);
          expect(p.join()).toContain(Array.from(row.promptIds).join());
          [c, r].forEach((given, i) => {
            const kept = Array.from(row.completionIds[i] ?? []);
            expect(given.join()).toContain(kept.join());
            expect(row.promptIds.length + kept.length).toBeLessThanOrEqual(max);
          });
          const { promptIds, completionIds } = truncateRow(
            row.promptIds,
            row.completionIds,
            options,
          );
          expect({ promptIds, completionIds }).toEqual({
            promptIds: row.promptIds,
            completionIds: row.completionIds,
          });
        },
      ),
    );
  });

  test("lengths that leave no room are refused", () => {
    expect(() => checkTruncation({ maxLength: 256, maxPromptLength: 256 })).toThrow(
      "expected maxPromptLength below maxLength, got 256 and 256",
    );
    for (const maxLength of [0, -1, 1.5, Number.NaN]) {
      expect(() => checkTruncation({ maxLength })).toThrow(RangeError);
    }
  });
});
