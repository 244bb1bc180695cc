import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SampleFile } from "../../src/training/sample-file.ts";
import { temporaryFolder } from "../fixtures.ts";

const MANIFEST = { config: { n: 4 } };
const OPTIONS = { resume: false, lines: 5, linesPerGroup: 2 };
const GROUPS = [[{ i: 0 }, { i: 1 }], [{ i: 2 }, { i: 3 }], [{ i: 4 }]];

/** Writes groups into a folder. */
async function write(folder: string, groups: readonly object[][]): Promise<void> {
  const file = await SampleFile.open(folder, MANIFEST, OPTIONS);
  for (const group of groups) await file.append(group);
  await file.close();
}

const textOf = (folder: string) => readFileSync(join(folder, "samples.jsonl"), "utf8");

/** What a resumed run finds: lines that are done, and the text of the file. */
async function resumed(folder: string): Promise<[number, string]> {
  const file = await SampleFile.open(folder, MANIFEST, { ...OPTIONS, resume: true });
  const { done } = file;
  await file.close();
  return [done, textOf(folder)];
}

describe("training/sample-file", () => {
  test("all groups are there again, the last and shorter one too", async () => {
    const folder = temporaryFolder();
    await write(folder, GROUPS);
    const text = '{"i":0}\n{"i":1}\n{"i":2}\n{"i":3}\n{"i":4}\n';
    expect(await resumed(folder)).toEqual([5, text]);
    const file = await SampleFile.open(folder, MANIFEST, { ...OPTIONS, resume: true });
    const rows: unknown[] = [];
    for await (const { value } of file.rows()) rows.push(value);
    await file.close();
    expect(rows).toEqual(GROUPS.flat());
  });

  test.each(['{"i":2}\n', '{"i":2}\n{"i"', '{"i":2', "\n"])(
    "a group that was cut off after %j is dropped",
    async (rest) => {
      const folder = temporaryFolder();
      await write(folder, GROUPS.slice(0, 1));
      const whole = textOf(folder);
      appendFileSync(join(folder, "samples.jsonl"), rest);
      expect(await resumed(folder)).toEqual([2, whole]);
    },
  );

  test("resuming where nothing is starts a run", async () => {
    const folder = join(temporaryFolder(), "new", "run");
    expect(await resumed(folder)).toEqual([0, ""]);
  });

  test("a run is not begun over another, nor resumed with another config", async () => {
    const folder = temporaryFolder();
    await write(folder, GROUPS);
    await expect(write(folder, GROUPS)).rejects.toThrow("expected a folder without a run, got one");
    const other = SampleFile.open(folder, { config: { n: 8 } }, { ...OPTIONS, resume: true });
    await expect(other).rejects.toThrow("n = 8 instead of 4");
    expect((await resumed(folder))[0]).toBe(5);
  });

  test("lines that no run wrote are not gone on from", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "samples.jsonl"), "{}\n{}\n");
    expect(await resumed(folder)).toEqual([0, ""]);
  });
});
