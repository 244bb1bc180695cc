import {
  constant,
  constantWithWarmup,
  cosine,
  linear,
  linearToZero,
  referenceWarmup,
  type Schedule,
} from "@preflab/lm";
import { describe, expect, it } from "vitest";
import { golden } from "./golden.ts";

/** Both sides compute in float64. */
const RELATIVE = 1e-9;
const ABSOLUTE = 1e-12;

const LR = 1e-3;
const SCHEDULES: Readonly<Record<string, Schedule>> = {
  "linear.w8.t40": linear(LR, 8, 40),
  "linear.w0.t30": linear(LR, 0, 30),
  "cosine.w8.t40": cosine(LR, 8, 40),
  "cosine.w0.t25": cosine(LR, 0, 25),
  "constant_with_warmup.w8": constantWithWarmup(LR, 8),
  "dpo_reference.w8": referenceWarmup(LR, 8),
  "linear_to_zero.t40": linearToZero(LR, 40),
};

describe("optim/schedule", () => {
  it("covers every golden schedule", () => {
    expect(Object.keys(SCHEDULES).sort()).toEqual(Object.keys(golden.schedules).sort());
  });

  for (const [name, { values }] of Object.entries(golden.schedules)) {
    it(`${name} gives the golden rates`, () => {
      values.forEach((expected, i) => {
        const got = SCHEDULES[name]?.(i + 1) as number;
        expect(Math.abs(got - expected)).toBeLessThanOrEqual(ABSOLUTE + RELATIVE * expected);
      });
    });
  }

  it("constant never changes", () => {
    expect([1, 10, 1e6].map(constant(0.5))).toEqual([0.5, 0.5, 0.5]);
  });
});
