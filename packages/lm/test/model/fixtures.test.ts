/** The committed golden models are those of the shared fixtures, where these are here. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeWithFixture } from "@preflab/testing";
import { expect, test } from "vitest";
import { modelNames, modelPath } from "../checkpoint/model-fixtures.ts";

describeWithFixture("models", "shared golden models", ({ directory }) => {
  test("each of them is committed", () => {
    expect(readdirSync(directory).sort()).toEqual([...modelNames].sort());
  });

  test.each(modelNames)("every number of %s is the shared one", (name) => {
    const files = readdirSync(join(directory, name)).filter((file) => !file.endsWith(".md"));
    expect(files.sort()).toEqual(readdirSync(modelPath(name)).sort());
    for (const file of files) {
      const same = readFileSync(join(directory, name, file)).equals(
        readFileSync(join(modelPath(name), file)),
      );
      expect(same, file).toBe(true);
    }
  });
});
