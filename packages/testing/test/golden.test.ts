import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWithFixture, Fixture, findFixture, parseGoldenJson } from "@preflab/testing";
import { afterAll, describe, expect, test } from "vitest";

const shared = mkdtempSync(join(tmpdir(), "golden-"));
mkdirSync(join(shared, "fixtures", "tiny"), { recursive: true });
writeFileSync(join(shared, "fixtures", "tiny", "index.json"), '{"loss":["Infinity",0.5]}');
afterAll(() => rmSync(shared, { recursive: true }));

describe("golden", () => {
  test("the spelled non-finite numbers are parsed, other strings are kept", () => {
    expect(parseGoldenJson('["NaN","Infinity","-Infinity","Nan",1]')).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      "Nan",
      1,
    ]);
  });

  test("a fixture folder that exists is read", () => {
    const fixture = findFixture("tiny", shared);
    expect(fixture).toBeInstanceOf(Fixture);
    expect((fixture as Fixture).json("index.json")).toEqual({
      loss: [Number.POSITIVE_INFINITY, 0.5],
    });
  });

  test("a folder that is absent gives the reason to skip", () => {
    expect(findFixture("missing", shared)).toContain('no golden fixtures "missing"');
  });
});

describeWithFixture("optim", "golden: a shared fixture", (fixture) => {
  test("the optimizer trajectories have 20 steps", () => {
    expect(fixture.tensors("optim.safetensors").get("adamw.a")?.shape).toEqual([20, 5, 7]);
  });
});
