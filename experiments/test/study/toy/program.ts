/** `preflab run`, `sweep` and `regress` with the toy experiment, as a process that starts others. */
import { Command } from "commander";
import { addRegressCommand } from "../../../src/commands/regress.ts";
import { addRunCommand } from "../../../src/commands/run.ts";
import { addSweepCommand } from "../../../src/commands/sweep.ts";
import { reportError } from "../../../src/errors.ts";
import { interruptSignal } from "../../../src/signals.ts";
import { TOY } from "./experiment.ts";

const err = (text: string) => void process.stderr.write(text);
const io = {
  input: process.stdin,
  out: (text: string) => void process.stdout.write(text),
  err,
  signal: interruptSignal(process, err),
};
// As in ../../../src/main.ts.
process.stdout.on("error", () => process.exit(1));
const program = new Command("preflab");
const registry = { toy: async () => TOY };
addRunCommand(program, io, registry);
addSweepCommand(program, io, registry);
addRegressCommand(program, io, registry);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, "preflab", io);
}
process.exit();
