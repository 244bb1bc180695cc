import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fakeHub } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { readDialogues } from "../../../src/dialogue/hh/dialogues.ts";
import { testFolder, writeLines } from "../../text/files.ts";
import { madeUpRows, transcript } from "./made-up.ts";

const QUESTION = "Where do moths sleep?";
const pair = (chosen: string, rejected: string) => ({ chosen, rejected });
const replies = (chosen: string, rejected: string) =>
  pair(transcript(QUESTION, chosen), transcript(QUESTION, rejected));

describe("dialogue/hh/dialogues", () => {
  test("odd rows are counted by what is odd about them", async () => {
    const folder = testFolder();
    writeLines(folder, "rows.jsonl", [
      replies("On walls.", "Nowhere."),
      replies("Nowhere.", "On walls. "),
      replies("Up.", "Up."),
      replies("Up.", ""),
      pair(
        transcript(QUESTION, "Up.", "Sure?", "Yes."),
        transcript(QUESTION, "Down.", "So?", "No."),
      ),
      pair(transcript("Why?", "So."), transcript("How?", "So.")),
      pair(transcript(QUESTION, "Up.", "Oh."), transcript(QUESTION, "Down.")),
      replies("Up.\nHuman: Fine", "Down."),
      { transcript: transcript(QUESTION, "Up."), rating: 3 },
    ]);
    const { dialogues, counts } = await readDialogues(folder);
    expect(counts).toEqual({
      rows: 8,
      otherRows: 1,
      sources: { "rows.jsonl": 8 },
      edges: {
        ...{ promptsDiffer: 2, endsOnHumanTurn: 1, noQuestion: 0, emptyReply: 1 },
        ...{ identicalReplies: 1, repeated: 1, speakerInReply: 1 },
        ...{ consecutiveTurns: 0, blankTurn: 0 },
      },
    });
    expect(dialogues.map(({ row }) => row)).toEqual([0, 7]);
  });

  test("files of test data are told from others, and files of one name by their folders", async () => {
    const folder = testFolder();
    for (const [i, name] of ["helpful", "harmless"].entries()) {
      writeLines(join(folder, name), "train.jsonl", madeUpRows(4, i));
      writeLines(join(folder, name), "test.jsonl", madeUpRows(2, 2 + i));
    }
    const { dialogues, counts } = await readDialogues(folder);
    expect(counts.sources).toEqual({
      ...{ "helpful/train.jsonl": 4, "helpful/test.jsonl": 2 },
      ...{ "harmless/train.jsonl": 4, "harmless/test.jsonl": 2 },
    });
    for (const { source, isTest } of dialogues) expect(isTest).toBe(source.endsWith("test.jsonl"));
  });

  test("a name on the Hub is fetched: its own test part, and names of files as on disk", async () => {
    const lines = (rows: readonly object[]) =>
      new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const files = {
      "helpful-base/train.jsonl": lines(madeUpRows(4, 1)),
      "helpful-base/test.jsonl": lines(madeUpRows(2, 2)),
      "harmless-base/train.jsonl": lines(madeUpRows(3, 3)),
      "red-team-attempts/train.jsonl": lines([{ transcript: transcript(QUESTION), rating: 1 }]),
    };
    const commit = "0123456789abcdef0123456789abcdef01234567";
    const hub = await fakeHub({
      ...{ repo: "someone/hh", kind: "dataset", files, revisions: { main: commit } },
    });
    const { dialogues, counts } = await readDialogues("someone/hh", {
      ...{ hubUrl: hub.url, cacheDir: testFolder() },
    });
    expect(counts.sources).toEqual({
      ...{ "helpful-base/train.jsonl": 4, "helpful-base/test.jsonl": 2 },
      "harmless-base/train.jsonl": 3,
    });
    expect(counts.otherRows).toBe(1);
    expect(dialogues.filter(({ isTest }) => isTest)).toHaveLength(2);
  });

  test("test files alone are no published part: all of it is there to be divided", async () => {
    const folder = testFolder();
    writeLines(folder, "helpful.test.jsonl", madeUpRows(3, 1));
    writeLines(folder, "harmless.test.jsonl", madeUpRows(3, 2));
    const { dialogues } = await readDialogues(folder);
    expect(dialogues.map(({ isTest }) => isTest)).toEqual(Array(6).fill(false));
  });

  test("data that cannot be used is named, with what to do", async () => {
    const folder = testFolder();
    await expect(readDialogues(join(folder, "missing"))).rejects.toThrow(/nothing there/);
    mkdirSync(join(folder, "empty"));
    await expect(readDialogues(join(folder, "empty"))).rejects.toThrow(/expected data files/);
    const others = writeLines(folder, "others.jsonl", [{ text: "fine", label: 1 }]);
    await expect(readDialogues(others)).rejects.toThrow(/pairs of transcripts/);
    const damaged = writeLines(folder, "damaged.jsonl", [
      ...madeUpRows(2),
      { chosen: 1, rejected: 2 },
    ]);
    await expect(readDialogues(damaged)).rejects.toThrow(/damaged\.jsonl:3/);
  });
});
