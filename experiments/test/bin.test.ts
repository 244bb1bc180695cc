/** The program itself, as users start it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function npx(...args: readonly string[]) {
  return spawnSync("npx", ["preflab", ...args], {
    cwd: ROOT,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
}

describe("bin/preflab", () => {
  test("runs from sources, without a build, at the root of the repository", () => {
    const { status, stdout } = npx("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("Usage: preflab");
  });

  test("passes the exit code on", () => {
    const { status, stdout, stderr } = npx("report");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("preflab report: not built yet");
  });
});
