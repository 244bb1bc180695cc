/** Programs that measure: how they are started and how their result is read. */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A program and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** A Python that was asked for, or none. */
export interface Python {
  /** Path, or null where none was asked for. */
  readonly python: string | null;
  /** Versions of what it has, or what to do to have it. */
  readonly found: string;
}

/** torch.compile and wasm are slow to start on large models. */
const TIMEOUT_MS = 15 * 60_000;

/** Another TypeScript program, run as this one is. */
export function nodeCommand(script: URL, ...args: readonly string[]): Command {
  const path = fileURLToPath(script);
  return { program: process.execPath, args: [...process.execArgv, path, ...args] };
}

/** A program of ../peers. */
export function pythonCommand(
  python: string | null,
  file: string,
  ...args: readonly string[]
): Command {
  const path = fileURLToPath(new URL(`../peers/${file}`, import.meta.url));
  return { program: python ?? "python3", args: ["-B", path, ...args] };
}

/**
 * The given Python, if any.
 * @param code prints the versions of what it must have
 * @param needs what that is, for the message without a Python
 * @throws Error when the code fails
 */
export async function findPython(
  python: string | null,
  code: string,
  needs: string,
): Promise<Python> {
  if (python === null) {
    const missing = `no ${needs}: pass --python PATH of a Python that has it`;
    return { python, found: `${missing} (bench/peers/requirements.txt)` };
  }
  return { python, found: await lastLine({ program: python, args: ["-c", code] }) };
}

/**
 * Runs a program.
 * @returns the last line it prints
 * @throws Error when it fails, with the reason that it wrote, less folders of this machine
 */
export function lastLine({ program, args }: Command): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => {
      out += data;
    });
    child.stderr.on("data", (data) => {
      err += data;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const line = out.trim().split("\n").at(-1);
      if (code === 0 && line) return resolve(line);
      const name = basename(program);
      reject(new Error(`${name}: expected exit code 0, got ${code ?? signal}: ${reasonIn(err)}`));
    });
  });
}

/** The last line that begins with an error's name, as Node and Python write it, or the last lines. */
function reasonIn(text: string): string {
  const lines = text.trim().split("\n");
  const error = lines.findLast((line) => /^[\w.]*(Error|Exception)\b/.test(line));
  return withoutFolders(error ?? lines.slice(-3).join(" | "));
}

/** A message in which absolute paths are cut to their last name: results are published. */
export function withoutFolders(message: string): string {
  return message.replace(/(?<![\w.])(?:file:\/\/)?(?:\/[^\s/:"'()]+)+\/([^\s/:"'()]+)/g, "$1");
}
