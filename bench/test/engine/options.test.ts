import { describe, expect, it } from "vitest";
import { CONTENDERS } from "../../engine/contenders.ts";
import { helpText, parseOptions } from "../../engine/options.ts";

describe("engine/options", () => {
  it("measures everything unless told otherwise", () => {
    const { sizes, contenders, rounds, python } = parseOptions([]);
    expect(sizes).toEqual(["S", "M", "L", "G"]);
    expect(contenders).toEqual(CONTENDERS);
    expect(rounds).toBe(3);
    expect(python).toBeNull();
  });

  it("chooses sizes and contenders by parts of their names", () => {
    const { sizes, contenders } = parseOptions(["--configs", "M, S", "--peers", "flat,bf16 comp"]);
    expect(sizes).toEqual(["M", "S"]);
    expect(contenders.map(({ id }) => id)).toEqual(["ort flat", "torch bf16 compile"]);
  });

  it.each([
    [["--configs", "X"], "expected sizes of S,M,L,G"],
    [["--peers", "jax"], 'got "jax"'],
    [["--rounds", "0"], "at least 1"],
    [["--seconds", "soon"], "at least 1"],
  ])("refuses %j", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it("explains every option", () => {
    for (const option of ["python", "configs", "rounds", "seconds", "peers", "out", "help"]) {
      expect(helpText()).toContain(`--${option} `);
    }
  });
});
