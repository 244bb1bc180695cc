import { describe, expect, test } from "vitest";
import { CheckpointError } from "../../src/checkpoint/error.ts";
import { parseJsonObject, describe as show } from "../../src/checkpoint/json.ts";

function parse(text: string) {
  return parseJsonObject(new TextEncoder().encode(text), "file.json");
}

describe("checkpoint/json", () => {
  test("an object is parsed, keys may repeat in different objects", () => {
    expect(parse('{"a": {"a": [{"a": "}{"}, {"a": "\\""}]}, "b" : "a:"}')).toEqual({
      a: { a: [{ a: "}{" }, { a: '"' }] },
      b: "a:",
    });
  });

  test.each([
    ['{"a": 1, "a": 2}', 'got "a" twice'],
    ['{"a": 1, "\\u0061" : 2}', 'got "a" twice'],
    ['{"x": [{"k": 1, "y": {"k": 1}, "k": 2}]}', 'got "k" twice'],
    ['{"__proto__": 1, "__proto__": 2}', 'got "__proto__" twice'],
    ["[1]", "expected a JSON object, got [1]"],
    ["null", "expected a JSON object, got null"],
    ['{"a": 1', "expected JSON in UTF-8"],
    ["", "expected JSON in UTF-8"],
  ])("%s is an error", (text, message) => {
    expect(() => parse(text)).toThrow(CheckpointError);
    expect(() => parse(text)).toThrow(message);
  });

  test("other bytes than UTF-8 are an error", () => {
    const bytes = Uint8Array.from([...'{"'].map((c) => c.charCodeAt(0)).concat(0xff, 0x22));
    expect(() => parseJsonObject(bytes, "file.json")).toThrow("file.json: expected JSON in UTF-8");
  });

  test("a long or deep text is no problem", () => {
    const deep = `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    expect(Object.keys(parse(deep))).toEqual(["a"]);
    const long = `{"a":"${"\\\\".repeat(500_000)}"}`;
    expect((parse(long)["a"] as string).length).toBe(500_000);
  });

  test("values are shown short, bigints too", () => {
    expect(show([1n, "x"])).toBe('["1","x"]');
    expect(show("y".repeat(100))).toBe(`"${"y".repeat(59)}...`);
    expect(show(undefined)).toBe("undefined");
  });
});
