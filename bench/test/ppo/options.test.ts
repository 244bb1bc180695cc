import { describe, expect, it } from "vitest";
import { helpText, parseOptions } from "../../ppo/options.ts";

describe("ppo/options", () => {
  it("measures everything unless told otherwise, without a peer", () => {
    const { sizes, trunks, endings, rounds, python } = parseOptions([]);
    expect(sizes).toEqual(["S", "M"]);
    expect(trunks).toEqual(["separate", "shared"]);
    expect(endings).toEqual(["full", "ending"]);
    expect(rounds).toBe(2);
    expect(python).toBeNull();
  });

  it.each([
    [["--sizes", "L"], 'expected sizes of S,M, got "L"'],
    [["--trunks", "both"], 'expected trunks of separate,shared, got "both"'],
    [["--endings", "short"], 'expected endings of full,ending, got "short"'],
    [["--seconds", "0"], "--seconds: expected a number of at least 1"],
  ])("refuses %j", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it("explains every option", () => {
    for (const option of "python sizes trunks endings rounds seconds out help".split(" ")) {
      expect(helpText()).toContain(`--${option} `);
    }
  });
});
