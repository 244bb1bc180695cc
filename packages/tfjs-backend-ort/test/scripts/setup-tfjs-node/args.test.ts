import { describe, expect, test } from "vitest";
import { HELP, parseSetupArgs } from "../../../scripts/setup-tfjs-node/args.ts";
import { SetupError } from "../../../scripts/setup-tfjs-node/setup-error.ts";

describe("setup-tfjs-node/args", () => {
  test("without options the CPU package's own installer is meant", () => {
    expect(parseSetupArgs([])).toEqual({ gpu: false, help: false });
  });

  test("reads every option", () => {
    expect(parseSetupArgs(["--lib", "a.whl", "--gpu", "--nodedir=/usr", "-h"])).toEqual({
      lib: "a.whl",
      gpu: true,
      nodedir: "/usr",
      help: true,
    });
  });

  test.each([[["--libs", "x"]], [["--lib"]], [["--lib", ""]], [["--lib="]], [["dir"]]])(
    "%j is refused with a pointer to --help",
    (args) => {
      expect(() => parseSetupArgs(args)).toThrow(SetupError);
      expect(() => parseSetupArgs(args)).toThrow("--help");
    },
  );

  test("the help names every option", () => {
    for (const option of ["--lib", "--gpu", "--nodedir", "--help"]) expect(HELP).toContain(option);
  });
});
