import { describe, expect, it } from "vitest";
import { helpText, parseOptions } from "../../dpo/options.ts";

describe("dpo/options", () => {
  it("measures everything unless told otherwise, without a peer", () => {
    const { sizes, rounds, python, out } = parseOptions([]);
    expect(sizes).toEqual(["S", "M", "L"]);
    expect(rounds).toBe(2);
    expect(python).toBeNull();
    expect(out).toBe("bench/results");
  });

  it.each([
    [["--sizes", "S,gpt2"], 'expected sizes of S,M,L, got "gpt2"'],
    [["--rounds", "0"], "--rounds: expected a number of at least 1"],
    [["--only", "S"], "--only"],
  ])("refuses %j", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it("explains every option", () => {
    for (const option of ["python", "sizes", "rounds", "seconds", "out", "help"]) {
      expect(helpText()).toContain(`--${option} `);
    }
  });
});
