/** The options of every command that samples from a model, and what they mean to the generator. */
import type { GenerateOptions } from "@preflab/lm";
import type { Command } from "commander";
import { addSeedOption } from "./backend.ts";
import { integerFrom, numberThat, repeated } from "./options.ts";

/** Values of the options. */
export interface SamplingFlags
  extends Required<
    Pick<GenerateOptions, "temperature" | "topP" | "minP" | "repetitionPenalty" | "seed">
  > {
  readonly topK?: number;
  /** Texts that end a completion. */
  readonly stop?: readonly string[];
}

/** Adds the options. @param temperature the default */
export function addSamplingOptions(command: Command, temperature: number): Command {
  command
    .option(
      "--temperature <x>",
      "divides the logits; 0 takes the likeliest token",
      numberThat((x) => x >= 0, "from 0"),
      temperature,
    )
    .option("--top-k <n>", "draw from the n likeliest tokens (default: all)", integerFrom(1))
    .option(
      "--top-p <x>",
      "draw from the likeliest tokens of together this probability",
      numberThat((x) => x > 0 && x <= 1, "above 0 and at most 1"),
      1,
    )
    .option(
      "--min-p <x>",
      "draw from tokens of at least this share of the highest probability",
      numberThat((x) => x >= 0 && x <= 1, "from 0 to 1"),
      0,
    )
    .option(
      "--repetition-penalty <x>",
      "above 1 makes tokens that were there before less likely",
      numberThat((x) => x > 0, "above 0"),
      1,
    )
    .option("--stop <text>", "text that ends a completion; may be repeated", repeated);
  return addSeedOption(command);
}
