import { countParameters } from "@preflab/lm";
import { describe, expect, it } from "vitest";
import { commandOf, jobsOf, targetOf } from "../../lm/jobs.ts";
import { configOf, SIZES } from "../../lm/sizes.ts";

const [train, one, sixteen, sixtyFour, score] = jobsOf(["train", "generate", "logps"]);
const HOST = { python: "py", threads: 3, seconds: 2 };

describe("lm/jobs", () => {
  it("tasks are chosen by name, and memory is no job", () => {
    expect(jobsOf(["logps", "memory"])).toEqual([score]);
    expect(jobsOf(["generate"]).map(({ rows }) => rows)).toEqual([1, 16, 64]);
  });

  it("targets are those that were set for each size and batch", () => {
    const targets = (size: keyof typeof SIZES) =>
      [train, one, sixteen, sixtyFour, score].map((job) => job && targetOf(job, size));
    expect(targets("S")).toEqual([1.7, 3, null, 2.5, 1.7]);
    expect(targets("M")).toEqual(targets("S"));
    expect(targets("L")).toEqual([1.7, 2, null, 2, 1.7]);
    expect(targets("gpt2")).toEqual([1.7, null, null, null, 1.7]);
  });

  it("both sides are given the same folder, time and rows", () => {
    if (!sixteen) throw new Error("jobsOf: expected a job of 16 rows.");
    const ours = commandOf("ours", sixteen, "model", HOST).args;
    const peer = commandOf("peer", sixteen, "model", HOST);
    expect(ours.slice(-3)).toEqual(["model", "2", "16"]);
    expect(peer.program).toBe("py");
    expect(peer.args.slice(-5)).toEqual(["generate", "model", "2", "3", "16"]);
  });
});

describe("lm/sizes", () => {
  it("gpt2 has GPT-2's 124 million parameters", () => {
    expect(countParameters(configOf(SIZES.gpt2))).toBe(124_439_808);
  });
});
