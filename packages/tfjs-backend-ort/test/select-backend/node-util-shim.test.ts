import util from "node:util";
import { describe, expect, test } from "vitest";
import { restoreRemovedUtil } from "../../src/select-backend/node-util-shim.ts";

interface RemovedUtil {
  isArray(value: unknown): boolean;
  isNullOrUndefined(value: unknown): boolean;
}

describe("select-backend/node-util-shim", () => {
  test("adds both functions where they are missing, as in Node 23", () => {
    const bare = {};
    restoreRemovedUtil(bare);
    const { isArray, isNullOrUndefined } = bare as RemovedUtil;
    expect([[], {}, "a", undefined].map(isArray)).toEqual([true, false, false, false]);
    expect([null, undefined, 0, "", false].map(isNullOrUndefined)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test("leaves functions that are there", () => {
    const isArray = () => true;
    const old = { isArray };
    restoreRemovedUtil(old);
    expect(old.isArray).toBe(isArray);
  });

  test("what CommonJS packages get from node:util has both afterwards", () => {
    restoreRemovedUtil(util);
    const shared = process.getBuiltinModule("node:util") as object as RemovedUtil;
    expect(shared.isNullOrUndefined(null)).toBe(true);
    expect(shared.isArray([1])).toBe(true);
  });
});
