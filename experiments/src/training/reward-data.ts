/** Data of `preflab reward`: pairs to train on, and pairs of other prompts to evaluate on. */
import { promptSplitter, type TokenizedPair } from "@preflab/data";
import { CommandError } from "../errors.ts";
import type { Io } from "../io.ts";
import { readPairs } from "./dpo-data.ts";
import type { RewardRunSettings } from "./reward-run-settings.ts";
import type { TrainingModel } from "./training-model.ts";

/** Pairs of a run. */
export interface RewardData {
  readonly train: readonly TokenizedPair[];
  readonly held: readonly TokenizedPair[] | null;
}

/**
 * Reads the pairs, and says on stderr what became of rows.
 * @throws DataError naming file and line of bad rows unless they are to be dropped
 * @throws CommandError for a share of prompts that leaves none on one side, and for margins that are
 *   to be used and that no pair has
 */
export async function readRewardData(
  { data, truncation, training }: RewardRunSettings,
  model: TrainingModel,
  io: Pick<Io, "err">,
): Promise<RewardData> {
  for (const warning of model.tokenizer.found?.warnings ?? []) io.err(`warning: ${warning}\n`);
  const options = { data, truncation, model };
  const pairs = await readPairs(data.train, options, io);
  if (training.margins && pairs.every(({ meta }) => meta?.margin === undefined)) {
    throw new CommandError(
      `${data.train}: expected pairs with a margin, since margins is true, got none. Give rows a ` +
        "number margin, or set margins to false.",
    );
  }
  if (data.eval !== null) {
    const held = await readPairs(data.eval, options, io);
    const known = new Set(pairs.map(promptOf));
    const seen = held.filter((pair) => known.has(promptOf(pair))).length;
    if (seen > 0) {
      io.err(
        `warning: ${data.eval}: ${seen} of ${held.length} pairs have a prompt that is trained on\n`,
      );
    }
    return { train: pairs, held };
  }
  if (data.evalShare === 0) return { train: pairs, held: null };
  const split = splitByPrompt(pairs, data.evalShare);
  if (split.train.length === 0 || split.held.length === 0) {
    throw new CommandError(
      `${data.train}: expected prompts to train on and others to evaluate on, got ` +
        `${split.held.length} of ${pairs.length} pairs for the evaluation. Change data.evalShare, ` +
        "which is a share of the prompts, or name data.eval.",
    );
  }
  io.err(`${data.train}: ${split.held.length} of the pairs are held out, by their prompts\n`);
  return split;
}

/**
 * Parts of pairs without a prompt in common. Which part a prompt goes to depends on its ids alone, so
 * that runs of other seeds, and of more data, hold out the same.
 * @param share of the prompts that is held out
 */
export function splitByPrompt(
  pairs: readonly TokenizedPair[],
  share: number,
): { readonly train: readonly TokenizedPair[]; readonly held: readonly TokenizedPair[] } {
  const part = promptSplitter({ validation: share, test: 0 });
  const isHeld = (pair: TokenizedPair) => part(promptOf(pair)) === "validation";
  return { train: pairs.filter((pair) => !isHeld(pair)), held: pairs.filter(isHeld) };
}

function promptOf({ promptIds }: TokenizedPair): string {
  return Array.from(promptIds).join();
}
