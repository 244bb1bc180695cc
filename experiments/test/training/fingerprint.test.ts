import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fingerprint, fingerprintOfModel } from "../../src/training/fingerprint.ts";
import { temporaryFolder } from "../fixtures.ts";

function folder(files: Readonly<Record<string, string>>): string {
  const path = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

describe("training/fingerprint", () => {
  test("a file's is its SHA-256", async () => {
    const path = join(folder({ "a.jsonl": "rows" }), "a.jsonl");
    const sha256 = createHash("sha256").update("rows").digest("hex");
    expect(await fingerprint(path)).toEqual({ path, bytes: 4, sha256 });
  });

  test("a folder's changes with any name and content below it", async () => {
    const of = async (files: Readonly<Record<string, string>>) =>
      (await fingerprint(folder(files))).sha256;
    const base = await of({ "a/x": "1", b: "2" });
    expect(await of({ "a/x": "1", b: "2" })).toBe(base);
    expect(await of({ "a/x": "3", b: "2" })).not.toBe(base);
    expect(await of({ "a/y": "1", b: "2" })).not.toBe(base);
    expect(await of({ "a/x": "1" })).not.toBe(base);
  });

  test("a model's is of the files that it is read from", async () => {
    const model = { "config.json": "{}", "model.safetensors": "w" };
    const of = async (files: Readonly<Record<string, string>>) =>
      (await fingerprintOfModel(folder(files))).sha256;
    const base = await of(model);
    expect(await of({ ...model, "README.md": "text", "onnx/model.onnx": "w" })).toBe(base);
    expect(await of({ ...model, "model.safetensors": "v" })).not.toBe(base);
    expect(await of({ ...model, "tokenizer.json": "{}" })).not.toBe(base);
  });
});
