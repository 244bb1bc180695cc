import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { parseConfigFile } from "../../src/training/config-file.ts";

const TEXT = `# a comment
model: tiny
optimizer:
  lr: 1e-3
  betas: [0.9, 0.95]
data: {train: rows.jsonl,
       shuffle: maybe}
`;

/** Reads some of the settings above. */
function read(text: string, ...settings: string[]) {
  return parseConfigFile("run.yaml", text, settings).read("sft", (reader) => {
    const optimizer = reader.object("optimizer");
    const data = reader.object("data");
    const values = {
      model: reader.string("model", null),
      lr: optimizer.number("lr", 0, 0, 1),
      betas: optimizer.pair("betas", [0, 0], 0, 1),
      train: data.string("train", null),
      shuffle: data.boolean("shuffle", true),
    };
    optimizer.finish();
    data.finish();
    return values;
  });
}

const VALID = TEXT.replace("maybe", "false");

describe("training/config-file", () => {
  test("reads YAML, numbers in scientific notation included", () => {
    expect(read(VALID)).toEqual({
      model: "tiny",
      lr: 1e-3,
      betas: [0.9, 0.95],
      train: "rows.jsonl",
      shuffle: false,
    });
  });

  test("an empty file is one without settings", () => {
    expect(read("").model).toBeNull();
    expect(read("# nothing\n", "optimizer.lr=0.5").lr).toBe(0.5);
  });

  test("--set comes over the file, by dotted path, in YAML", () => {
    const settings = [
      "model=other",
      "optimizer.lr=2e-4",
      "optimizer.betas=[0, 0.5]",
      "data.train=a",
    ];
    expect(read(VALID, ...settings)).toMatchObject({
      model: "other",
      lr: 2e-4,
      betas: [0, 0.5],
      train: "a",
    });
    expect(read(VALID, "optimizer=null").lr).toBe(0);
  });

  test.each([
    ["a wrong value", TEXT, [], "run.yaml:7: sft.data: expected shuffle to be true or false"],
    [
      "an unknown key",
      VALID.replace("lr:", "lrr:"),
      [],
      "run.yaml:4: sft.optimizer: expected settings lr, betas, got lrr.",
    ],
    ["an unknown key at the top", `${VALID}sede: 1\n`, [], "run.yaml:8: sft: expected settings"],
    [
      "a wrong value on the command line",
      VALID,
      ["optimizer.lr=fast"],
      '--set optimizer.lr: sft.optimizer: expected lr to be a number from 0 to 1, got "fast".',
    ],
    ["an unknown key on the command line", VALID, ["optimizer.x=1"], "--set optimizer.x: sft.opti"],
    ["a list instead of settings", "- a\n- b\n", [], "run.yaml: sft: expected an object"],
    ["a path through a text", VALID, ["model.x=1"], "--set model.x: expected model to be settings"],
    ["no YAML", "a: [1, 2\nb: 3\n", [], "run.yaml:2:1: expected YAML"],
    ["a key that comes twice", "a: 1\na: 2\n", [], "run.yaml:2:1: expected YAML"],
    ["a setting without a value", VALID, ["optimizer.lr"], "expected key=value"],
  ])("%s is wrong usage that names the place", (_, text, settings, message) => {
    expect(() => read(text, ...settings)).toThrow(UsageError);
    expect(() => read(text, ...settings)).toThrow(message);
  });
});
