import { describe, expect, test } from "vitest";
import { capture } from "../capture.ts";

const tune = (...args: readonly string[]) => capture(["tune", ...args]);

describe("preflab tune", () => {
  test("an unknown experiment gives the names of those that are tuned", async () => {
    const { code, out, err } = await tune("--experiment", "none");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(
      "expected an --experiment that is tuned (dialogue or sentiment), got none.",
    );
  });

  test("a preset that names nothing to tune is not among those that can be", async () => {
    const { code, err } = await tune("--experiment", "sentiment", "--preset", "bimodal");
    expect(code).toBe(2);
    expect(err).toMatch(/expected --preset quick, .*, got bimodal/);
  });
});
