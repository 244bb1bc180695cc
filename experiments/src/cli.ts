/**
 * The command line: finds the command and its exit code. The commands themselves live elsewhere,
 * and so far none is built.
 */
import { PLANNED } from "./commands.ts";

/** Exit codes: the work succeeded, or the command line was wrong. */
export const EXIT = { ok: 0, usage: 2 } as const;

/** Where the command line writes. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Runs `preflab` with the given arguments.
 *
 * @param args what follows the program's name.
 * @returns the exit code.
 */
export function run(args: readonly string[], output: Output): number {
  const [name] = args;
  if (name === "--help" || name === "-h") {
    output.out(helpText());
    return EXIT.ok;
  }
  if (name === undefined) {
    output.err(helpText());
    return EXIT.usage;
  }
  const command = PLANNED.find((planned) => planned.name === name);
  if (command === undefined) {
    const names = PLANNED.map((planned) => planned.name).join(", ");
    output.err(`preflab: expected a command (${names}), got "${name}". Try preflab --help.\n`);
    return EXIT.usage;
  }
  if (args.includes("--help") || args.includes("-h")) {
    output.out(`preflab ${command.name}: ${command.summary}\nNot built yet.\n`);
    return EXIT.ok;
  }
  output.err(`preflab ${args.join(" ")}: not built yet; it comes with a later change.\n`);
  return EXIT.usage;
}

function helpText(): string {
  const width = Math.max(...PLANNED.map(({ name }) => name.length));
  const lines = PLANNED.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Usage: preflab <command> [options]",
    "",
    "Commands that are built: none",
    "Commands that are not built yet (they exit with code 2):",
    ...lines,
    "",
  ].join("\n");
}
