import { describe, expect, test } from "vitest";
import { StopText } from "../../src/chat/stop-text.ts";

/** What comes out after each piece, and at the end. */
function pieces(stops: readonly string[], ...input: readonly string[]): string[] {
  const text = new StopText(stops);
  return [...input.map((piece) => text.push(piece)), text.end()];
}

describe("chat/stop-text", () => {
  test("without stop texts all goes through at once", () => {
    expect(pieces([], "a", "bc")).toEqual(["a", "bc", ""]);
  });

  test("what may become a stop text is held back until it is known", () => {
    expect(pieces(["END"], "aE", "N", "x")).toEqual(["a", "", "ENx", ""]);
    expect(pieces(["END"], "a", "EN")).toEqual(["a", "", "EN"]);
    expect(pieces(["aab"], "aaa", "b")).toEqual(["a", "", ""]);
  });

  test("nothing comes from a stop text on", () => {
    expect(pieces(["END"], "ab E", "ND more", "and more")).toEqual(["ab ", "", "", ""]);
    expect(pieces(["x", "END"], "aENDx")).toEqual(["a", ""]);
    expect(pieces(["D", "END"], "aEN", "D")).toEqual(["a", "", ""]);
  });
});
