import { describe, expect, test } from "vitest";
import { capture } from "../capture.ts";

const sweep = (...args: readonly string[]) => capture(["sweep", ...args]);

describe("preflab sweep", () => {
  test.each([
    [[], "required option '--experiment <name>' not specified"],
    [["--experiment", "none"], ", got none"],
    [["--experiment", "sentiment", "--preset", "big"], "expected --preset quick, smoke"],
    [["--experiment", "sentiment", "--jobs", "0"], "Expected an integer from 1 to 256"],
    [["--experiment", "sentiment", "--seeds", "0"], "Expected an integer from 1 to 1000"],
    [["--experiment", "sentiment", "--preset", "imdb-small"], "expected --data with a folder"],
    [["--experiment", "sentiment", "--data", "no/such"], "got no/such, which is not there"],
    [["--experiment", "dialogue", "--preset", "hh-small"], "expected --data with a folder"],
    [
      ["--experiment", "dialogue", "--preset", "hh-small", "--data", "./hh"],
      "got ./hh, which is not there, nor is it a name on the Hugging Face Hub, ORG/NAME",
    ],
  ])("%j is wrong usage, with what would be right", async (args, message) => {
    const { code, out, err } = await sweep(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });

  test("a folder that is a file is an error that names it", async () => {
    const args = ["--experiment", "sentiment", "--preset", "smoke", "--out", "package.json"];
    const { code, err } = await sweep(...args);
    expect(code).toBe(1);
    expect(err).toMatch(/E(EXIST|NOTDIR): .*package\.json/);
  });
});
