/** The command of a method that learns from its own samples. */
import type { Command } from "commander";
import type { Io } from "../io.ts";
import { addTrainingOptions, type TrainingFlags } from "./flags.ts";
import type { Method, RolloutConfig } from "./rollout-method.ts";

/** What is different from the others. */
export interface RolloutCommand<Config extends RolloutConfig> {
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  /** Loads the method, and TensorFlow.js with it. */
  readonly method: () => Promise<Method<Config>>;
}

/** Adds the command. */
export function addRolloutCommand<Config extends RolloutConfig>(
  parent: Command,
  io: Io,
  { name, summary, help, method }: RolloutCommand<Config>,
): void {
  addTrainingOptions(parent.command(name).description(summary))
    .addHelpText("after", help)
    .action(async (flags: TrainingFlags) => {
      const { trainByRollouts } = await import("./rollout.ts");
      await trainByRollouts(await method(), flags, io);
    });
}
