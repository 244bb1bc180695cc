import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { EXIT, run } from "../src/cli.ts";
import { PLANNED } from "../src/commands.ts";

function capture(...args: readonly string[]): { code: number; out: string; err: string } {
  let out = "";
  let err = "";
  const code = run(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

describe("cli", () => {
  test("help lists every command once and succeeds", () => {
    const { code, out, err } = capture("--help");
    expect(code).toBe(EXIT.ok);
    expect(err).toBe("");
    for (const { name, summary } of PLANNED) {
      const line = new RegExp(`^ {2}${name} +${summary.replaceAll("+", "\\+")}$`, "gm");
      expect(out.match(line)).toHaveLength(1);
    }
  });

  test("a command that is not built exits with 2 and says so on stderr", () => {
    for (const { name } of PLANNED) {
      const { code, out, err } = capture(name, "--json");
      expect(code).toBe(2);
      expect(out).toBe("");
      expect(err).toContain(`preflab ${name} --json: not built yet`);
    }
  });

  test("every command has its own help", () => {
    for (const { name, summary } of PLANNED) {
      expect(capture(name, "--help")).toMatchObject({ code: EXIT.ok, err: "" });
      expect(capture(name, "--help").out).toContain(summary);
    }
  });

  test("no command, or an unknown one, is wrong usage that lists the valid ones", () => {
    expect(capture()).toMatchObject({ code: EXIT.usage, out: "" });
    const unknown = capture("tain");
    expect(unknown.code).toBe(EXIT.usage);
    expect(unknown.err).toContain('got "tain"');
    expect(unknown.err).toContain("dpo, ppo");
  });
});

describe("bin/preflab", () => {
  const bin = fileURLToPath(new URL("../bin/preflab.js", import.meta.url));

  test("runs from sources without a build", () => {
    expect(execFileSync(process.execPath, [bin, "--help"], { encoding: "utf8" })).toContain(
      "Usage: preflab",
    );
  });

  test("passes the exit code on", () => {
    const child = spawnSync(process.execPath, [bin, "dpo"], { encoding: "utf8" });
    expect(child.status).toBe(2);
    expect(child.stderr).toContain("not built yet");
  });
});
