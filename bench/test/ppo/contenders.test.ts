import { describe, expect, it } from "vitest";
import { commandOf } from "../../ppo/contenders.ts";
import { VARIANTS } from "../../ppo/sizes.ts";

describe("ppo/contenders", () => {
  it("both are given the same folder, time and trunk, and the peer as many threads as there are", () => {
    const job = { folder: "model", trunk: "shared", python: "py", threads: 3, seconds: 2 } as const;
    expect(commandOf("ours", job).args.slice(-3)).toEqual(["model", "2", "shared"]);
    const peer = commandOf("peer", job);
    expect(peer.program).toBe("py");
    expect(peer.args.slice(-4)).toEqual(["model", "2", "3", "shared"]);
  });
});

describe("ppo/sizes", () => {
  it("has every pair of trunk and ending once", () => {
    const names = VARIANTS.map(({ trunk, ending }) => `${trunk} ${ending}`);
    expect(names.toSorted()).toEqual([
      "separate ending",
      "separate full",
      "shared ending",
      "shared full",
    ]);
  });
});
