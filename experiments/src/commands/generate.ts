/** `preflab generate`: completions of prompts. The work is in ../inference/generate-rows.ts. */
import { access } from "node:fs/promises";
import type { Command } from "commander";
import { addBackendOptions, type BackendOptions, startBackend } from "../backend.ts";
import type { RowCompletion } from "../inference/generate-rows.ts";
import type { Io } from "../io.ts";
import { integerFrom } from "../options.ts";
import { progressTo, toJson } from "../output.ts";
import { addSamplingOptions, type SamplingFlags } from "../sampling.ts";

interface GenerateCommandOptions extends BackendOptions, SamplingFlags {
  readonly model: string;
  readonly in: string;
  readonly maxNewTokens: number;
  readonly samples: number;
  readonly batchSize: number;
  readonly json?: true;
}

const HELP = `
Rows, one JSON object per line:
  {"prompt": "..."}      a text; what the tokenizer puts before texts, such as BOS, is added
  {"ids": [..]}          token ids, taken as they are; they need no tokenizer. With an
                         "attentionMask", those that it calls padding (0) are left out

Results with --json, one line per completion, in the order of the rows, the samples of a row
one after the other:
  {"ids": [new ids], "text": "..." or null without a tokenizer, "finish": "eos", "length" or "stop"}

Examples:
  $ preflab generate --model models/pythia-70m --in prompts.jsonl --max-new-tokens 64
  $ preflab generate --model models/pythia-70m --in prompts.jsonl --max-new-tokens 64 \\
      --temperature 0.7 --top-p 0.9 --samples 4 --seed 1 --json > samples.jsonl
  $ preflab generate --model llama.Q4_0.gguf --in prompts.jsonl --max-new-tokens 256 \\
      --stop "Human:" --stop "<|im_end|>"
`;

/** Adds `generate`. */
export function addGenerateCommand(parent: Command, io: Io): void {
  const command = parent
    .command("generate")
    .description("completions sampled from a model")
    .requiredOption("--model <dir>", "model folder or GGUF file")
    .requiredOption("--in <file>", "prompts, JSON lines")
    .requiredOption("--max-new-tokens <n>", "most tokens per completion", integerFrom(1))
    .option("--samples <k>", "completions per prompt", integerFrom(1), 1)
    .option("--batch-size <n>", "most completions computed together", integerFrom(1), 64)
    .option("--json", "print JSON lines");
  addBackendOptions(addSamplingOptions(command, 0))
    .addHelpText("after", HELP)
    .action((options: GenerateCommandOptions) => generate(options, io));
}

async function generate(options: GenerateCommandOptions, io: Io): Promise<void> {
  const [{ readJsonl }, { loadTextModel }, { promptRows }, { generateRows }] = await Promise.all([
    import("../jsonl.ts"),
    import("../inference/model.ts"),
    import("../inference/rows.ts"),
    import("../inference/generate-rows.ts"),
  ]);
  if (options.temperature === 0 && options.samples > 1) {
    io.err("warning: at --temperature 0 all samples of a prompt are the same\n");
  }
  // Known before the minutes that a large model takes to load.
  await access(options.in);
  await startBackend(options, io);
  const model = await loadTextModel(options.model);
  const progress = progressTo(io);
  let done = 0;
  try {
    const rows = promptRows(readJsonl(options.in), model, options.maxNewTokens, io);
    const sampling = { ...options, signal: io.signal };
    for await (const completion of generateRows(model, rows, sampling)) {
      done++;
      const { ids, text, finish } = completion;
      io.out(options.json ? `${toJson({ ids, text, finish })}\n` : forPeople(completion));
      progress(`${done} completions done`);
    }
  } finally {
    model.dispose();
  }
}

function forPeople({ where, finish, ids, text }: RowCompletion): string {
  return `--- ${where}, ${ids.length} tokens, ${finish}\n${text ?? ids.join(" ")}\n`;
}
