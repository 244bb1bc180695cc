import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfigFile } from "../../src/training/config-file.ts";
import { defaultCache, readDpoSettings } from "../../src/training/dpo-settings.ts";

const read = (text: string, ...set: readonly string[]) =>
  parseConfigFile("dpo.yaml", `model: m\ndata: {train: t}\nmaxSteps: 1\n${text}`, set).read(
    "dpo",
    readDpoSettings,
  );

describe("training/dpo-settings", () => {
  test("log-probabilities are kept in the user's cache, in a folder, or nowhere", () => {
    expect(defaultCache({})).toBe(join(homedir(), ".cache/preflab/reference-logps"));
    expect(defaultCache({ XDG_CACHE_HOME: "c" })).toBe(join("c", "preflab/reference-logps"));
    expect(read("").cache).toBe(defaultCache());
    expect(read("cache: here").cache).toBe("here");
    expect(read("cache: null").cache).toBeNull();
    expect(read("cache: here", "cache=null").cache).toBeNull();
  });

  test("rows are cut as TRL does it unless settings say otherwise", () => {
    expect(read("").truncation).toEqual({ maxLength: 512, mode: "keep_start" });
    const text = "maxLength: 8\nmaxPromptLength: 4\ntruncation: keep_end";
    const truncation = { maxLength: 8, maxPromptLength: 4, mode: "keep_end" };
    expect(read(text).truncation).toEqual(truncation);
  });

  test("an option of an objective is named with its line", () => {
    expect(() => read("objective:\n  name: ipo\n  beta: -1")).toThrow(
      /^dpo\.yaml:6: dpo: objective/,
    );
    expect(() => read("objective: [{name: kto}]")).toThrow(/^dpo\.yaml:4: /);
  });
});
