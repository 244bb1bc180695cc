/** `preflab tune`: as many configurations of every method, and which are best. See ../study. */
import type { Command } from "commander";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { EXPERIMENTS, type Registry } from "../study/registry.ts";
import { addSweepOptions, runSweep, type SweepFlags } from "./sweep.ts";

/** How names of experiments that tune end. */
const TUNING = "-tuning";

const HELP = `
Runs every configuration of every method at two values of its sweep, then scores each on validation
prompts by a rule that is written beforehand: the area under its reward/KL frontier. No method has more
configurations than another, and no run may take more operations than the cap. Writes tuning.json with
the grid, all runs and the choice, and tuning.md to read. Presets have their values from
reports/<experiment>/tuning. Interrupt it and run it again: it goes on where it was.

Examples:
  $ preflab tune --experiment sentiment
  $ preflab tune --experiment sentiment --preset smoke
`;

/** Adds `tune`. @param registry experiments that there are */
export function addTuneCommand(parent: Command, io: Io, registry: Registry = EXPERIMENTS): void {
  const command = parent.command("tune").description("an equal tuning budget for every method");
  addSweepOptions(command, { out: "runs/<experiment>-tuning/<preset>", seeds: "1" })
    .addHelpText("after", HELP)
    .action(async (flags: SweepFlags) => {
      const experiment = tuningOf(flags.experiment, registry);
      await runSweep("tune", flags, { ...flags, experiment }, io, registry);
    });
}

/** Name of the experiment that tunes another. @throws UsageError naming those that are tuned */
function tuningOf(experiment: string, registry: Registry): string {
  const name = `${experiment}${TUNING}`;
  if (Object.hasOwn(registry, name)) return name;
  const tuned = Object.keys(registry).filter((other) => other.endsWith(TUNING));
  const names = tuned.map((other) => other.slice(0, -TUNING.length)).join(" or ");
  throw new UsageError(`expected an --experiment that is tuned (${names}), got ${experiment}.`);
}
