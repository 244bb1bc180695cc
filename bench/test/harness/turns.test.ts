import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Disturbance, type Entrant, takeTurns } from "../../harness/turns.ts";

interface Run extends Disturbance {
  readonly call: number;
}

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "turns-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/**
 * Writes its name to a common file and prints the number of its run.
 * @param foreign processors used by others in each run, the last in all that follow
 */
function entrant(id: string, foreign: readonly (number | null)[], failsAt = 0): Entrant {
  const script = `
    const fs = require("node:fs");
    const [id, file, failsAt, foreign] = JSON.parse(process.argv[1]);
    fs.appendFileSync(file, id);
    const call = fs.readFileSync(file, "utf8").split(id).length - 1;
    if (call === failsAt) throw new Error("broken in /home/me/secret/file.js");
    console.log("loading");
    console.log(JSON.stringify({ call, foreign: foreign[Math.min(call, foreign.length) - 1] }));`;
  const given = JSON.stringify([id, join(folder, "log"), failsAt, foreign]);
  return { id, command: { program: process.execPath, args: ["-e", script, given] } };
}

function turnsOf(entrants: readonly Entrant[], rounds: number, lines: string[] = []) {
  return takeTurns<Run>({
    entrants,
    rounds,
    tries: 3,
    title: "S",
    describe: ({ call }) => `run ${call}`,
    log: (line) => lines.push(line),
  });
}

describe("harness/turns", () => {
  it("alternates between the entrants and reads their last lines", async () => {
    const lines: string[] = [];
    const turns = await turnsOf([entrant("a", [0]), entrant("b", [null])], 2, lines);
    expect(readFileSync(join(folder, "log"), "utf8")).toBe("abab");
    expect(turns.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(turns.map(({ runs }) => runs.map(({ call }) => call))).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(lines[0]).toBe("S 1/2 a: run 1");
  });

  it("repeats a disturbed run and keeps the least disturbed one", async () => {
    const lines: string[] = [];
    const turns = await turnsOf(
      [entrant("a", [0.9, 0.5, 0.7]), entrant("b", [0.9, 0.1])],
      1,
      lines,
    );
    expect(turns[0]?.runs).toEqual([{ call: 2, foreign: 0.5 }]);
    expect(turns[1]?.runs).toEqual([{ call: 2, foreign: 0.1 }]);
    expect(lines).toEqual(["S 1/1 a: run 2, disturbed", "S 1/1 b: run 2"]);
  });

  it("leaves out who failed, says why without folders, and keeps earlier runs", async () => {
    const [a, b] = await turnsOf([entrant("a", [0], 2), entrant("b", [0])], 3);
    expect(a?.runs).toHaveLength(1);
    expect(a?.failure).toBe("node: expected exit code 0, got 1: Error: broken in file.js");
    expect(b?.runs).toHaveLength(3);
    expect(b?.failure).toBeUndefined();
  });
});
