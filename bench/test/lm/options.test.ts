import { describe, expect, it } from "vitest";
import { helpText, parseOptions } from "../../lm/options.ts";

describe("lm/options", () => {
  it("measures everything unless told otherwise, without a peer", () => {
    const { sizes, only, rounds, python } = parseOptions([]);
    expect(sizes).toEqual(["S", "M", "L", "gpt2"]);
    expect(only).toEqual(["train", "generate", "logps", "memory"]);
    expect(rounds).toBe(2);
    expect(python).toBeNull();
  });

  it.each([
    [["--sizes", "S,XL"], 'expected sizes of S,M,L,gpt2, got "XL"'],
    [["--only", "chat"], 'expected tasks of train,generate,logps,memory, got "chat"'],
    [["--rounds", "0"], "--rounds: expected a number of at least 1"],
    [["--configs", "S"], "--configs"],
  ])("refuses %j", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it("explains every option", () => {
    for (const option of ["python", "sizes", "rounds", "seconds", "only", "out", "help"]) {
      expect(helpText()).toContain(`--${option} `);
    }
  });
});
