/** The command line of `npm run bench:dpo`. */
import { parseArgs } from "node:util";
import { type CommonOptions, commonArguments, namesOf, readCommon } from "../harness/arguments.ts";
import { SIZE_NAMES, type SizeName } from "./sizes.ts";

/** What to measure, and how. */
export interface Options extends CommonOptions {
  readonly sizes: readonly SizeName[];
}

/** What `--help` prints. */
export function helpText(): string {
  return `Usage: npm run bench:dpo -- [options]

Measures steps of preference training (DPO) on GPT-2 style models of the sizes ${SIZE_NAMES.join(", ")}: @preflab/dpo
with a prompt computed for each completion and once for both, and TRL's DPOTrainer in float32 and
under bfloat16 autocast where a Python has it. All load the same weights, train on the same token
ids with precomputed reference log-probabilities, and what they compute is compared. They take
turns; runs during which other programs kept the processors busy are repeated once, and marked if
they stay so.

  --python PATH    a Python with torch and trl (pip install -r bench/peers/requirements.txt);
                   without it only our side runs
  --sizes LIST     default ${SIZE_NAMES}
  --rounds N       turns of each side, default 2
  --seconds N      measuring time of a turn, default 3
  --out DIR        where dpo.json and dpo.md go, default bench/results
  --help           this text

Everything takes about 12 minutes on 2 quiet processors. A first look, a minute:
  npm run bench:dpo -- --sizes S --rounds 1 --seconds 1
`;
}

/** Reads the command line. @throws for unknown options and sizes, and numbers below 1 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...commonArguments(2, 3),
      sizes: { type: "string", default: SIZE_NAMES.join() },
    },
  });
  return {
    ...readCommon(values),
    sizes: namesOf("--sizes", "sizes", values.sizes, SIZE_NAMES),
  };
}
