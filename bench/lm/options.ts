/** The command line of `npm run bench:lm`. */
import { parseArgs } from "node:util";
import { type CommonOptions, commonArguments, namesOf, readCommon } from "../harness/arguments.ts";
import { TASKS, type Task } from "./jobs.ts";
import { SIZE_NAMES, type SizeName } from "./sizes.ts";

/** What to measure, and how. */
export interface Options extends CommonOptions {
  readonly sizes: readonly SizeName[];
  readonly only: readonly Task[];
}

/** What `--help` prints. */
export function helpText(): string {
  return `Usage: npm run bench:lm -- [options]

Measures @preflab/lm on GPT-2 style models of the sizes ${SIZE_NAMES.join(", ")}, and Hugging Face
transformers in turn where a Python has it: supervised fine-tuning, generation of 1, 16 and 64 rows,
log-probabilities, and the largest memory of each. Both load the same weights, and what they compute
is compared. Runs during which other programs kept the processors busy are repeated once, and marked
if they stay so.

  --python PATH    a Python with torch and transformers
                   (pip install -r bench/peers/requirements.txt); without it only our side runs
  --sizes LIST     default ${SIZE_NAMES}
  --rounds N       turns of each side, default 2
  --seconds N      measuring time of each part of a turn, default 2
  --only LIST      of ${TASKS}; default all
  --out DIR        where lm.json and lm.md go, default bench/results
  --help           this text

A first look, a minute:
  npm run bench:lm -- --sizes S --rounds 1 --seconds 1 --only train,logps
`;
}

/**
 * Reads the command line.
 * @throws for unknown options, sizes and tasks, and numbers below 1
 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...commonArguments(2, 2),
      sizes: { type: "string", default: SIZE_NAMES.join() },
      only: { type: "string", default: TASKS.join() },
    },
  });
  return {
    ...readCommon(values),
    sizes: namesOf("--sizes", "sizes", values.sizes, SIZE_NAMES),
    only: namesOf("--only", "tasks", values.only, TASKS),
  };
}
