import { DataError, loadExamples } from "@preflab/data";
import { describe, expect, test } from "vitest";
import { fileOf } from "./temporary-folder.ts";

const lines = (...rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");

describe("io/load: examples", () => {
  const good = { prompt: "p", chosen: "a", rejected: "b" };

  test("a file with a bad row is refused, with its place and what to do", async () => {
    const path = await fileOf("x.jsonl", `${lines(good)}\nnope\n${lines(good, { prompt: "p" })}`);
    const error = await loadExamples(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    const { message, problems } = error as DataError;
    expect(message).toContain(`${path}: expected no malformed rows, got 2.`);
    expect(message).toContain('onError "drop"');
    expect(message).toContain(`${path}:2: expected JSON`);
    expect(message).toContain(`${path}:4: expected a field chosen`);
    expect(problems.map(({ code }) => code)).toEqual(["invalid_json", "missing_field"]);
  });

  test("bad rows are dropped where asked, and counted", async () => {
    const path = await fileOf("x.jsonl", `${lines(good)}\nnope\n${lines(good)}\r\n`);
    const loaded = await loadExamples(path, { onError: "drop" });
    expect(loaded).toMatchObject({ kind: "preference", rows: 3, dropped: 1, leftOut: 0 });
    expect(loaded.examples.map(({ meta }) => meta?.row)).toEqual([0, 2]);
    expect(loaded.problems.map(({ code }) => code)).toEqual(["invalid_json", "crlf"]);
  });

  test("warnings refuse nothing", async () => {
    const path = await fileOf("x.jsonl", `\ufeff${lines(good)}\r\n`);
    expect(await loadExamples(path)).toMatchObject({ rows: 1, dropped: 0 });
  });

  test("many bad rows are counted, the first ones listed", async () => {
    const path = await fileOf("x.jsonl", `${lines(good)}\n${"nope\n".repeat(300)}`);
    await expect(loadExamples(path)).rejects.toThrow(/got 300\..*and 295 more/s);
  });

  test("a data set without examples is refused", async () => {
    await expect(loadExamples(await fileOf("x.jsonl", ""))).rejects.toThrow("got none of 0 rows");
    const bad = await fileOf("x.jsonl", "nope\n");
    await expect(loadExamples(bad, { onError: "drop" })).rejects.toThrow("none of 1 rows (1 bad");
  });
});
