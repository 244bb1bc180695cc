import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

describe("skip", () => {
  test("a test without its fixture passes as skipped and prints the reason", () => {
    const vitest = fileURLToPath(new URL("vitest.mjs", import.meta.resolve("vitest/package.json")));
    // The default reporter only: the run of this file must keep its own results file.
    const args = [vitest, "run", "golden", "--reporter=default"];
    const child = spawnSync(process.execPath, args, {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { ...process.env, PREFLAB_SHARED: "absent", NO_COLOR: "1" },
      encoding: "utf8",
    });
    expect(child.status, child.stderr).toBe(0);
    expect(child.stdout + child.stderr).toContain(
      'skipped: golden: a shared fixture: no golden fixtures "optim"',
    );
    expect(child.stdout).toMatch(/3 passed \| 1 skipped/);
  });
});
