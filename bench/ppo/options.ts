/** The command line of `npm run bench:ppo`. */
import { parseArgs } from "node:util";
import { type CommonOptions, commonArguments, namesOf, readCommon } from "../harness/arguments.ts";
import { ENDINGS, type Ending, SIZE_NAMES, type SizeName, TRUNKS, type Trunk } from "./sizes.ts";

/** What to measure, and how. */
export interface Options extends CommonOptions {
  readonly sizes: readonly SizeName[];
  readonly trunks: readonly Trunk[];
  readonly endings: readonly Ending[];
}

const ENDING_NAMES = Object.keys(ENDINGS) as Ending[];

/** What `--help` prints. */
export function helpText(): string {
  return `Usage: npm run bench:ppo -- [options]

Measures steps of PPO on GPT-2 style models of the sizes ${SIZE_NAMES.join(", ")}: sampling, scores of a reward model,
measuring policy, values and reference, and the updates, by @preflab/rlhf and by a plain loop with
transformers and PyTorch where a Python has them. Both are float32, load the same weights, sample as
many completions of the same prompts with the same settings, and what they compute of given texts is
compared. They take turns; runs during which other programs kept the processors busy are repeated
once, and marked if they stay so.

  --python PATH    a Python with torch and transformers
                   (pip install -r bench/peers/requirements.txt); without it only our side runs
  --sizes LIST     default ${SIZE_NAMES}
  --trunks LIST    of ${TRUNKS}: values from a model of their own, or a head on
                   the policy; default both
  --endings LIST   of ${ENDING_NAMES}: completions all as long as they may be, or ending by
                   themselves; default both
  --rounds N       turns of each side, default 2
  --seconds N      measuring time of a turn, default 3; at least one step is measured, after one
  --out DIR        where ppo.json and ppo.md go, default bench/results
  --help           this text

A first look, a minute:
  npm run bench:ppo -- --sizes S --trunks separate --endings full --rounds 1 --seconds 1
`;
}

/** Reads the command line. @throws for unknown options and names, and numbers below 1 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...commonArguments(2, 3),
      sizes: { type: "string", default: SIZE_NAMES.join() },
      trunks: { type: "string", default: TRUNKS.join() },
      endings: { type: "string", default: ENDING_NAMES.join() },
    },
  });
  return {
    ...readCommon(values),
    sizes: namesOf("--sizes", "sizes", values.sizes, SIZE_NAMES),
    trunks: namesOf("--trunks", "trunks", values.trunks, TRUNKS),
    endings: namesOf("--endings", "endings", values.endings, ENDING_NAMES),
  };
}
