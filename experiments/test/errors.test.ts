import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { CommandError, EXIT, InterruptedError, reportError, UsageError } from "../src/errors.ts";

function report(error: unknown): { code: number; err: string } {
  let err = "";
  const io = {
    input: Readable.from([]),
    out: () => expect.unreachable(),
    err: (text: string) => {
      err += text;
    },
    signal: new AbortController().signal,
  };
  const code = reportError(error, "preflab test", io);
  return { code, err };
}

describe("errors", () => {
  test("an error that users can mend is one message without a stack", () => {
    const err = "preflab test: expected a, got b.\n";
    const message = "expected a, got b.";
    expect(report(new CommandError(message))).toEqual({ code: EXIT.failed, err });
    expect(report(new UsageError(message))).toEqual({ code: EXIT.usage, err });
    expect(report(new InterruptedError(message))).toEqual({ code: EXIT.interrupted, err });
  });

  test("errors of the libraries are known by name", () => {
    class CheckpointError extends Error {
      override readonly name = "CheckpointError";
    }
    expect(report(new CheckpointError("damaged.")).err).toBe("preflab test: damaged.\n");
  });

  test("failures of the file system are no bugs", () => {
    try {
      readFileSync("no/such/file");
      expect.unreachable();
    } catch (error) {
      const { code, err } = report(error);
      expect(code).toBe(EXIT.failed);
      expect(err).toMatch(/^preflab test: ENOENT.*no\/such\/file'\n$/);
    }
  });

  test("anything else is a bug and comes with its stack", () => {
    const { code, err } = report(new TypeError("x is undefined"));
    expect(code).toBe(EXIT.failed);
    expect(err).toContain("unexpected error");
    expect(err).toContain("errors.test.ts");
    expect(report("thrown text").err).toContain("thrown text");
  });
});
