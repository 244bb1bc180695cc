import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { namesOf } from "../../harness/arguments.ts";
import { failureList, table } from "../../harness/markdown.ts";
import { measure } from "../../harness/measure.ts";
import { withoutFolders } from "../../harness/processes.ts";
import { publish } from "../../harness/publish.ts";
import { largestError, median } from "../../harness/statistics.ts";

describe("harness/statistics", () => {
  it("median is the middle number or the mean of the middle two", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it("the largest relative difference needs as many numbers on both sides", () => {
    expect(largestError([1, 2.2], [1, 2])).toBeCloseTo(0.1);
    expect(largestError([1, Number.NaN], [1, 2])).toBeNaN();
    expect(largestError([1], [1, 2])).toBeNull();
    expect(largestError([], [])).toBeNull();
  });
});

describe("harness/measure", () => {
  it("warms up, then measures as many steps as asked for, however long they take", async () => {
    let calls = 0;
    const step = async () => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const { steps, ms, min } = await measure(step, 1e-3, 2);
    expect(steps).toBe(2);
    expect(calls).toBe(3); // the first takes all of the warm-up
    expect(ms).toBeGreaterThanOrEqual(min);
    expect(min).toBeGreaterThan(1);
  });
});

describe("harness/arguments", () => {
  it("names are looked up after spaces are dropped", () => {
    expect(namesOf("--x", "letters", " b,a, ", ["a", "b"])).toEqual(["b", "a"]);
    expect(() => namesOf("--x", "letters", "c", ["a", "b"])).toThrow(
      '--x: expected letters of a,b, got "c".',
    );
  });
});

describe("harness/markdown", () => {
  it("a table has a line per row, and nothing comes of no rows", () => {
    const columns = [
      ["", String],
      ["twice", (n: number) => `${2 * n}`],
    ] as const;
    expect(table("n", columns, [1, 2])).toEqual([
      "",
      "| n | twice |",
      "| --- | ---: |",
      "| 1 | 2 |",
      "| 2 | 4 |",
    ]);
    expect(table("n", columns, [])).toEqual([]);
    expect(failureList([])).toEqual([]);
  });
});

describe("harness/processes", () => {
  it("messages lose the folders of this machine and keep the rest", () => {
    const message = 'File "/home/me/x/train.py", line 3 | at file:///a/b/c.ts:12 | 12/5 GB/s a/b';
    expect(withoutFolders(message)).toBe('File "train.py", line 3 | at c.ts:12 | 12/5 GB/s a/b');
  });
});

describe("harness/publish", () => {
  it("replaces both files and leaves no others", () => {
    const folder = mkdtempSync(join(tmpdir(), "publish-"));
    publish(folder, "x", { a: 1 }, "# One\n");
    publish(folder, "x", { a: 2 }, "# Two\n");
    expect(JSON.parse(readFileSync(join(folder, "x.json"), "utf8"))).toEqual({ a: 2 });
    expect(readFileSync(join(folder, "x.md"), "utf8")).toBe("# Two\n");
    expect(readdirSync(folder).sort()).toEqual(["x.json", "x.md"]);
    rmSync(folder, { recursive: true });
  });
});
