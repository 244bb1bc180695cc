/** `preflab logps`: log-probabilities of given tokens. The work is in ../inference/score-rows.ts. */
import { access } from "node:fs/promises";
import type { Command } from "commander";
import { addBackendOptions, type BackendOptions, startBackend } from "../backend.ts";
import type { Io } from "../io.ts";
import { integerFrom } from "../options.ts";
import { progressTo, toJson } from "../output.ts";

interface LogpsOptions extends BackendOptions {
  readonly model: string;
  readonly in: string;
  readonly batchSize: number;
  readonly json?: true;
}

const HELP = `
Rows, one JSON object per line:
  {"prompt": "...", "completion": "..."}    texts, tokenised one by one; no end token is added
  {"ids": [T]}                              token ids, all of which count
  {"ids": [T], "attentionMask": [T], "completionMask": [T]}
                                            1 for tokens that are no padding, 1 for those that count

Results with --json, one line per row, in the order of the rows:
  {"logps": x, "nTokens": n, "tokenLogps": [T-1]}
  tokenLogps[t] is the log-probability, in nats, of ids[t+1] given all before it, 0 at padding;
  logps sums it over the n tokens that count.

Examples:
  $ preflab logps --model models/pythia-70m --in pairs.jsonl
  $ preflab logps --model models/pythia-70m --in rows.jsonl --json > logps.jsonl
  $ preflab logps --model llama.Q4_0.gguf --in rows.jsonl --threads 8 --memory-limit 8GB
`;

/** Adds `logps`. */
export function addLogpsCommand(parent: Command, io: Io): void {
  const command = parent
    .command("logps")
    .description("log-probabilities of completions under a model")
    .requiredOption("--model <dir>", "model folder or GGUF file")
    .requiredOption("--in <file>", "rows to score, JSON lines")
    .option("--batch-size <n>", "most rows computed together", integerFrom(1), 16)
    .option("--json", "print JSON lines");
  addBackendOptions(command)
    .addHelpText("after", HELP)
    .action((options: LogpsOptions) => logps(options, io));
}

async function logps(options: LogpsOptions, io: Io): Promise<void> {
  const [{ readJsonl }, { loadTextModel }, { scoringRows }, { scoreRows }] = await Promise.all([
    import("../jsonl.ts"),
    import("../inference/model.ts"),
    import("../inference/rows.ts"),
    import("../inference/score-rows.ts"),
  ]);
  // Known before the minutes that a large model takes to load.
  await access(options.in);
  await startBackend(options, io);
  const model = await loadTextModel(options.model);
  const progress = progressTo(io);
  let done = 0;
  try {
    const rows = scoringRows(readJsonl(options.in), model, io);
    const { batchSize } = options;
    for await (const score of scoreRows(model, rows, { batchSize, signal: io.signal })) {
      done++;
      const { logps, nTokens } = score;
      const line = options.json
        ? toJson(score)
        : `row ${done}: logps ${logps.toFixed(4)}, ${nTokens} tokens`;
      io.out(`${line}\n`);
      progress(`${done} rows done`);
    }
  } finally {
    model.dispose();
  }
}
