/** `preflab score`: scores of texts by a reward model. The work is in ../inference/reward-scores.ts. */
import { access } from "node:fs/promises";
import { type Command, Option } from "commander";
import { addBackendOptions, type BackendOptions, startBackend } from "../backend.ts";
import type { ScoringOptions } from "../inference/reward-scores.ts";
import type { Io } from "../io.ts";
import { integerFrom } from "../options.ts";
import { progressTo, toJson } from "../output.ts";

interface ScoreOptions extends BackendOptions, ScoringOptions {
  readonly model: string;
  readonly in: string;
  readonly json?: true;
}

const OUTPUTS: readonly NonNullable<ScoringOptions["output"]>[] = ["probability", "log_odds"];

const HELP = `
The model: a reward model as preflab reward writes it, in RUN/model, or any folder that transformers
reads as AutoModelForSequenceClassification. It reads a text up to its last token.
  one label       the score, normalised where reward_normalization.json has gain and bias
  several labels  what --output says of the label that --label names, from 0

Rows, one JSON object per line:
  {"prompt": "...", "completion": "..."}    texts, or messages, tokenised as in training: with the
                                            end-of-text token after the completion
  {"promptIds": [..], "completionIds": [..]} or {"ids": [..]}
                                            token ids, taken as they are; they need no tokenizer

Results with --json, one line per row, in the order of the rows:
  {"score": x}

Examples:
  $ preflab score --model runs/reward/model --in completions.jsonl
  $ preflab score --model runs/reward/model --in completions.jsonl --json > scores.jsonl
  $ preflab score --model models/sentiment --in reviews.jsonl --label 1 --output log_odds
`;

/** Adds `score`. */
export function addScoreCommand(parent: Command, io: Io): void {
  const command = parent
    .command("score")
    .description("scores of a reward model")
    .requiredOption("--model <dir>", "folder of a reward model or classifier")
    .requiredOption("--in <file>", "rows to score, JSON lines")
    .option("--label <n>", "of a classifier: the label that is scored, from 0", integerFrom(0))
    .addOption(
      new Option(
        "--output <what>",
        "of a classifier: what is printed of the label (default: probability)",
      ).choices(OUTPUTS),
    )
    .option("--batch-size <n>", "most rows computed together", integerFrom(1), 16)
    .option("--json", "print JSON lines");
  addBackendOptions(command)
    .addHelpText("after", HELP)
    .action((options: ScoreOptions) => score(options, io));
}

async function score(options: ScoreOptions, io: Io): Promise<void> {
  const [{ readJsonl }, { rewardRows }, { loadScoringModel, rewardScoresOf }] = await Promise.all([
    import("../jsonl.ts"),
    import("../inference/reward-rows.ts"),
    import("../inference/reward-scores.ts"),
  ]);
  // Known before the time that a large model takes to load.
  await access(options.in);
  await startBackend(options, io);
  const model = await loadScoringModel(options.model, options);
  const progress = progressTo(io);
  let done = 0;
  try {
    const rows = rewardRows(readJsonl(options.in), model, io);
    for await (const score of rewardScoresOf(model, rows, io.signal)) {
      done++;
      const line = options.json ? toJson({ score }) : `row ${done}: score ${score.toFixed(4)}`;
      io.out(`${line}\n`);
      progress(`${done} rows done`);
    }
  } finally {
    model.dispose();
  }
}
