/**
 * The command line: builds the program, runs one command and returns its exit code. The commands
 * are in ./commands.ts, errors in ./errors.ts.
 */
import { Command, type CommanderError } from "commander";
import { addCommands } from "./commands.ts";
import { EXIT, reportError, UsageError } from "./errors.ts";
import type { Io } from "./io.ts";

/**
 * Runs `preflab` with the given arguments.
 * @param args what follows the program's name
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io);
  let running = program.name();
  program.hook("preAction", (_, command) => {
    running = pathOf(command);
  });
  for (const command of withDescendants(program)) {
    command.exitOverride((error) => {
      running = pathOf(command);
      throw explained(command, error);
    });
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(error, running, io);
  }
}

/** The program with all its commands. */
export function createProgram(io: Io): Command {
  const program = new Command("preflab")
    .description("A laboratory for learning language models from preferences.")
    .helpCommand(false)
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      // Errors are printed once, by reportError.
      outputError: () => {},
    })
    .addHelpText(
      "after",
      "\nExit codes: 0 success, 1 the work failed or found errors, 2 wrong usage, 130 interrupted." +
        "\nEvery command has a help of its own: preflab logps --help",
    );
  addCommands(program, io);
  return program;
}

/** A command and all below it. */
export function* withDescendants(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* withDescendants(child);
}

/** The words that call a command: `preflab model info`. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** What the library says of wrong usage, with the valid choices; help stays what it is. */
function explained(command: Command, error: CommanderError): Error {
  // Help was asked for, or shown because a command needs one of its subcommands.
  if (error.exitCode === 0 || error.code === "commander.help") return error;
  const message = error.message.replace(/^error: /, "").replace(/\.?$/, ".");
  return new UsageError(`${message}${choicesAfter(command, error)} See ${pathOf(command)} --help.`);
}

function choicesAfter(command: Command, { code }: CommanderError): string {
  if (code === "commander.unknownOption") {
    const flags = command.createHelp().visibleOptions(command);
    return ` Expected ${flags.map(({ long, short }) => long ?? short).join(", ")}.`;
  }
  if (code !== "commander.unknownCommand") return "";
  return ` Expected ${command.commands.map((child) => child.name()).join(", ")}.`;
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}
