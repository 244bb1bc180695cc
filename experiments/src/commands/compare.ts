/** `preflab compare`: completions of several models side by side. The work is in ../compare. */
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { addBackendOptions, type BackendOptions, startBackend } from "../backend.ts";
import type { ComparedModel, ComparedRow } from "../compare/compare.ts";
import type { Io } from "../io.ts";
import type { OpenJudge } from "../judges/open.ts";
import { integerFrom } from "../options.ts";
import { toJson } from "../output.ts";
import { addSamplingOptions, type SamplingFlags } from "../sampling.ts";

interface CompareFlags extends BackendOptions, SamplingFlags {
  readonly models: readonly string[];
  readonly prompts: string;
  readonly judge?: string;
  readonly maxNewTokens?: number;
  readonly batchSize: number;
  readonly out?: string;
  readonly json?: true;
}

/** Most models that can be told apart on a screen. */
const MOST_MODELS = 8;

/** Width of what is written to no terminal, columns. */
const WIDTH = 80;

const HELP = `
Prompts, one JSON object per line:
  {"prompt": "..."}      a text, which every model continues as it is
  {"messages": [{"role": "user", "content": "..."}, ..]}
                         a conversation, which goes through the chat template of each model;
                         prompt may hold one too

The judge compares the first model with each of the others. Its file has a section judge:
  judge: {kind: learned, path: runs/reward/model}      a reward model; prompts are texts then
  judge: {kind: endpoint, url: "http://localhost:8000/v1", model: NAME, cache: judgements}
                                                       any OpenAI-compatible service; keyEnv names
                                                       the environment variable that holds its key

With --out, JSON lines, one per prompt; judgements are null without a judge:
  {"prompt": .., "completions": {NAME: {"text", "finish"}, ..},
   "judgements": [{"model", "rival", "preference", "views"}, ..]}
With --json, one object {"rows": [those lines], "judge": NAME, "winRates": [..], "cost": {..}}.
A preference is the probability that the first model's completion is better, null if the judge
could not be understood.

Examples:
  $ preflab compare --models runs/sft/model,runs/dpo/model --prompts prompts.jsonl
  $ preflab compare --models runs/dpo/model,runs/ppo/model,runs/sft/model --prompts prompts.jsonl \\
      --judge judge.yaml --temperature 0.7 --seed 1 --out compared.jsonl
  $ preflab compare --models run/dpo-beta0.1-seed0,dialogue/quick/preferred-ft --prompts prompts.jsonl
  $ preflab compare --models someone/chat-model,other.Q4_0.gguf --prompts chats.jsonl --json
`;

/** Adds `compare`. */
export function addCompareCommand(parent: Command, io: Io): void {
  const command = parent
    .command("compare")
    .description("completions of several models side by side, and a judge's word")
    .requiredOption("--models <a,b>", `2 to ${MOST_MODELS} models or runs`, modelList)
    .requiredOption("--prompts <file>", "prompts, JSON lines")
    .option("--judge <file>", "settings of a judge, YAML (default: none judges)")
    .option(
      "--max-new-tokens <n>",
      "most tokens per completion (default: 256, or fewer where a model has less room)",
      integerFrom(1),
    )
    .option("--batch-size <n>", "most completions computed together", integerFrom(1), 16)
    .option("--out <file>", "file to write as JSON lines")
    .option("--json", "print JSON");
  addBackendOptions(addSamplingOptions(command, 0))
    .addHelpText("after", HELP)
    .action((flags: CompareFlags) => compare(flags, io));
}

function modelList(text: string): readonly string[] {
  const models = text.split(",").map((model) => model.trim());
  const isList = models.length >= 2 && models.length <= MOST_MODELS && !models.includes("");
  if (isList) return models;
  throw new InvalidArgumentError(`Expected 2 to ${MOST_MODELS} models, separated by commas.`);
}

async function compare(flags: CompareFlags, io: Io): Promise<void> {
  const [{ distinctNames }, { readComparePrompts, requireTexts }, { completionsOf }] =
    await Promise.all([
      import("../compare/names.ts"),
      import("../compare/prompts.ts"),
      import("../compare/compare.ts"),
    ]);
  const names = distinctNames(flags.models);
  const models = flags.models.map((path, i) => ({ path, name: names[i] ?? path }));
  // All that can be wrong is known before the minutes that models take.
  await access(flags.prompts);
  if (flags.out !== undefined) await access(dirname(flags.out));
  const prompts = await readComparePrompts(flags.prompts, io);
  const opened = flags.judge === undefined ? null : await judgeFrom(flags.judge);
  try {
    if (opened?.readsTextsOnly) requireTexts(prompts);
    await requireModels(models);
    await startBackend(flags, io);
    const rows = await completionsOf(models, prompts, flags, io);
    await write(flags.out, rows);
    await judgeAndShow(rows, models, opened, flags, io);
  } finally {
    opened?.dispose();
  }
}

async function judgeFrom(path: string): Promise<OpenJudge> {
  const [{ readConfigFile }, { openJudge, readOpenJudgeSettings }] = await Promise.all([
    import("../training/config-file.ts"),
    import("../judges/open.ts"),
  ]);
  const file = await readConfigFile(path, []);
  return openJudge(file.read("settings", (reader) => readOpenJudgeSettings(reader, "judge")));
}

/** @throws CheckpointError when one is not there, or no language model */
async function requireModels(models: readonly ComparedModel[]): Promise<void> {
  const [{ CheckpointError, openModel, resolveModel }, { modelPlace }] = await Promise.all([
    import("@preflab/lm"),
    import("../inference/model-place.ts"),
  ]);
  for (const { path } of models) {
    const { config, close } = await openModel((await resolveModel(await modelPlace(path))).path);
    await close();
    if (config.labels === undefined) continue;
    throw new CheckpointError(
      `${path}: expected a language model, got one that scores texts. Name it in the file of --judge.`,
    );
  }
}

async function judgeAndShow(
  unjudged: readonly ComparedRow[],
  models: readonly ComparedModel[],
  opened: OpenJudge | null,
  { out, json }: CompareFlags,
  io: Io,
): Promise<void> {
  const [{ judged, winRatesOf }, { showRow, showWinRates }] = await Promise.all([
    import("../compare/compare.ts"),
    import("../compare/show.ts"),
  ]);
  const judge = opened?.judge ?? null;
  const rows = judge ? await judged(unjudged, models, judge, io.signal) : unjudged;
  if (judge) await write(out, rows);
  const winRates = winRatesOf(rows);
  if (json) {
    const { name = null, cost = null } = judge ?? {};
    io.out(`${toJson({ rows, judge: name, winRates, cost }, 2)}\n`);
    return;
  }
  rows.forEach((row, i) => {
    io.out(showRow(row, i + 1, io.columns ?? WIDTH));
  });
  if (judge) io.out(showWinRates(winRates, judge.name));
}

/** Completions are written before they are judged too: a judge that fails costs none of them. */
async function write(out: string | undefined, rows: readonly ComparedRow[]): Promise<void> {
  if (out === undefined) return;
  const { writeTextAtomically } = await import("@preflab/lm");
  await writeTextAtomically(out, rows.map((row) => `${toJson(row)}\n`).join(""));
}
