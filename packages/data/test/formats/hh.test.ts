import { type FormatOptions, splitHh } from "@preflab/data";
import { describeWithFixture } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { itemsOf, parsedOf, problemsOf } from "./rows.ts";

const A = "\n\nAssistant:";
const H = "\n\nHuman:";

describe("formats/hh", () => {
  test("a pair is split after the assistant's last turn, white space kept", () => {
    const start = `${H} a${A} b${H} c${A}`;
    const split = { prompt: start, chosen: " d ", rejected: " e" };
    expect(splitHh(`${start} d `, `${start} e`)).toEqual(split);
    expect(splitHh(`${start} d `, `${start} e`, "reference")).toEqual(split);
  });

  test("where prompts differ, the common turn counts; the reference cuts by length", () => {
    const chosen = `${H} a${A} b${H} c${A} d`;
    const rejected = `${H} a${A} other words, and longer ones`;
    expect(splitHh(chosen, rejected)).toEqual({
      prompt: `${H} a${A}`,
      chosen: ` b${H} c${A} d`,
      rejected: " other words, and longer ones",
    });
    const { prompt, rejected: rest } = splitHh(chosen, rejected, "reference");
    expect(prompt).toBe(`${H} a${A} b${H} c${A}`);
    expect(rest).toBe(rejected.slice(prompt.length));
  });

  test("a marker that the texts share only in part is no common turn", () => {
    const rule: FormatOptions["hhSplit"] = "common-prefix";
    expect(splitHh(`${H} a${A} b${A} c`, `${H} a${A} b\n\nAssist`, rule).prompt).toBe(`${H} a${A}`);
  });

  test("identical texts are split alike by both rules", () => {
    const text = `${H} a${A} b`;
    expect(splitHh(text, text)).toEqual({ prompt: `${H} a${A}`, chosen: " b", rejected: " b" });
    expect(splitHh(text, text, "reference")).toEqual(splitHh(text, text));
  });

  test("no turn in common is a problem of the row", async () => {
    const good = { chosen: `${H} a${A} b`, rejected: `${H} a${A} c` };
    const bad = { chosen: `${H} x${A} b`, rejected: `${H} y${A} c` };
    expect(await problemsOf([good, bad])).toEqual([
      '1 no_assistant_turn: expected a turn "\\n\\nAssistant:" that both texts begin, got none.',
    ]);
    const none = { chosen: `${H} a`, rejected: good.rejected };
    expect(await problemsOf([good, none], { hhSplit: "reference" })).toHaveLength(1);
  });

  test("edge rows are noted: other prompts, an end with a human's turn", async () => {
    const notes = async (chosen: string, rejected: string) =>
      (await parsedOf({ chosen, rejected })).notes;
    expect(await notes(`${H} a${A} b`, `${H} a${A} c`)).toEqual([]);
    expect(await notes(`${H} a${A} b${H} c${A} d`, `${H} a${A} e`)).toEqual(["prompts_differ"]);
    expect(await notes(`${H} a${A} b`, `${H} a${A} b${H} c`)).toEqual(["ends_on_human_turn"]);
  });

  test("the format is told from both texts", async () => {
    const [hh, plain] = await Promise.all([
      itemsOf([{ chosen: `${H} a${A} b`, rejected: `${H} a${A} c` }]),
      itemsOf([{ chosen: "a b", rejected: "a c" }]),
    ]);
    expect(hh).toMatchObject([{ format: "hh", kind: "preference" }]);
    expect(plain).toMatchObject([{ format: "trl", kind: "preference" }]);
  });
});

interface Split {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

interface GoldenRow {
  readonly file: string;
  readonly row: number;
  readonly tags: readonly string[];
  readonly chosen_text: string;
  readonly rejected_text: string;
  readonly reference: Split;
  readonly common_prefix: Split;
}

describeWithFixture("chat", "formats/hh: golden rows", (fixture) => {
  const { rows } = fixture.json<{ readonly rows: readonly GoldenRow[] }>("hh-parse.json");

  test("60 rows are split exactly as the reference code splits them", () => {
    expect(rows).toHaveLength(60);
    for (const row of rows) {
      const split = splitHh(row.chosen_text, row.rejected_text, "reference");
      expect(split, `${row.file}:${row.row}`).toEqual(row.reference);
    }
  });

  test("60 rows are split exactly at their last common turn", () => {
    for (const row of rows) {
      const split = splitHh(row.chosen_text, row.rejected_text);
      expect(split, `${row.file}:${row.row}`).toEqual(row.common_prefix);
    }
  });

  test("tags of edge rows agree with the notes", async () => {
    for (const { tags, chosen_text: chosen, rejected_text: rejected } of rows) {
      const { notes } = await parsedOf({ chosen, rejected });
      expect(notes.includes("prompts_differ")).toBe(tags.includes("prompts_differ"));
      expect(notes.includes("ends_on_human_turn")).toBe(tags.includes("ends_in_human_turn"));
    }
  });
});
