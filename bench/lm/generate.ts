/**
 * Completions of prompts, greedy and drawn at temperature 1. Prints a run whose check are the greedy
 * ones. Arguments: folder, seconds per part, number of prompts.
 */
import process from "node:process";
import { createGenerator, loadModel } from "@preflab/lm";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { measure } from "../harness/measure.ts";
import { finish } from "./run.ts";
import { readInputs } from "./subject.ts";

/** Calls that are measured however long they take: one may be half a minute. */
const FEWEST = 1;

const [folder, seconds, count] = process.argv.slice(2) as [string, string, string];
await selectBackend("ort");
const { prompts, newTokens } = readInputs(folder);
const { config, params } = await loadModel(folder);
const generator = createGenerator(config, params);
const chosen = prompts.slice(0, Number(count));
let ids: readonly number[] = [];
const timed = (temperature: number) =>
  measure(
    async () => {
      const completions = await generator.generate(chosen, {
        maxNewTokens: newTokens,
        temperature,
        eos: null,
      });
      if (temperature === 0) ids = completions.flatMap((completion) => completion.ids);
    },
    Number(seconds),
    FEWEST,
  );
const greedy = await timed(0);
const sampled = await timed(1);
finish({ greedy, sampled }, ids);
