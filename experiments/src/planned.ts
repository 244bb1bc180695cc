/** Commands that are not built yet: they are in the help, exit with code 2 and say so. */
import type { Command } from "commander";
import { UsageError } from "./errors.ts";

/** Adds a command that takes any arguments and refuses to run. */
export function addPlannedCommand(parent: Command, name: string, summary: string): void {
  parent
    .command(name)
    .description(`${summary} (not built yet)`)
    .usage("[options]")
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new UsageError("not built yet; it comes with a later change.");
    });
}
