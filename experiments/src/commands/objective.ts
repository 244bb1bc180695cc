/** `preflab objective`: losses and gradients without a model. The work is in ../objective. */
import type { AnyConfigured, AnyObjective } from "@preflab/dpo";
import type { Command } from "commander";
import { addBackendOptions, type BackendOptions, startBackend } from "../backend.ts";
import { CommandError, UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import type { Evaluation } from "../objective/evaluate.ts";
import { numberThat, repeated } from "../options.ts";
import { alignedRows, toJson } from "../output.ts";

interface ObjectiveOptions extends BackendOptions {
  readonly in?: string;
  readonly beta?: number;
  readonly set?: readonly string[];
  readonly list?: true;
  readonly json?: true;
}

const HELP = `
The batch is one JSON object of columns; log-probabilities are summed over the completion, in nats,
lengths are in tokens, and "-Infinity" stands for a response that a model cannot give:
  {"policyChosenLogps": [B], "policyRejectedLogps": [B],
   "referenceChosenLogps": [B], "referenceRejectedLogps": [B],
   "chosenLengths": [B], "rejectedLengths": [B]}
  kto            {"policyLogps": [B], "referenceLogps": [B], "labels": [true, ...], "kl": x}
  plackett_luce  {"policyLogps": [B][K], "referenceLogps": [B][K]}, best response first

Results with --json:
  {"objective": name, "options": {all, resolved}, "losses": [B],
   "gradients": {"policyChosenLogps": [B], "policyRejectedLogps": [B]},
   "chosenRewards": [B], "rejectedRewards": [B]}
  gradients[i] is d losses[i] / d logps[i]. aot and aot_unpaired sort the batch: losses are in the
  order of the sorted margins, gradients are those of their mean, and "batchLevel" is true. kto and
  plackett_luce have "gradients": {"policyLogps"} and "rewards". Rewards are beta (policy -
  reference), beta policy without a reference. All numbers are computed in float32. A result without
  a value, such as that of -Infinity under both models, is an error that names the row.

Examples:
  $ preflab objective --list
  $ preflab objective sigmoid --in batch.json --beta 0.2 --set labelSmoothing=0.1 --json
  $ preflab objective ipo --in batch.json --set average=sum --backend ort
`;

/** Adds `objective`. */
export function addObjectiveCommand(parent: Command, io: Io): void {
  const command = parent
    .command("objective")
    .description("losses and gradients of a preference objective")
    .argument("[name]", "objective; --list shows them")
    .option("--in <file>", "batch of log-probabilities, JSON")
    .option(
      "--beta <x>",
      "strength of the bond to the reference (default: 0.1)",
      numberThat((x) => x > 0, "above 0"),
    )
    .option("--set <key=value>", "another option of the objective; may be repeated", repeated)
    .option("--list", "list all objectives with their papers, formulas and options")
    .option("--json", "print JSON");
  // Small vectors: starting another backend takes longer than all of the work.
  addBackendOptions(command, "cpu")
    .addHelpText("after", HELP)
    .action((name: string | undefined, options: ObjectiveOptions) =>
      options.list ? list(name, options, io) : evaluate(name, options, io),
    );
}

async function list(name: string | undefined, options: ObjectiveOptions, io: Io): Promise<void> {
  if (name !== undefined || options.in !== undefined) {
    throw new UsageError("--list: expected no name and no --in. Leave them out.");
  }
  const { OBJECTIVES, defaultsOf } = await import("@preflab/dpo");
  const entries = OBJECTIVES.map(({ name, paper, equation, options }) => ({
    name,
    paper,
    equation,
    options: defaultsOf(options),
  }));
  if (options.json) io.out(`${toJson(entries)}\n`);
  else io.out(OBJECTIVES.map(describe).join("\n"));
}

function describe({ name, paper, equation, options }: AnyObjective): string {
  const lines = Object.entries(options).map(
    ([option, spec]) => `  ${option} = ${spec.default} (${spec.allowed})\n`,
  );
  return `${name}\n  ${equation}\n  ${paper}\n${lines.join("")}`;
}

async function evaluate(
  name: string | undefined,
  options: ObjectiveOptions,
  io: Io,
): Promise<void> {
  const { OBJECTIVES } = await import("@preflab/dpo");
  if (name === undefined) {
    const names = OBJECTIVES.map((objective) => objective.name).join(", ");
    throw new UsageError(`expected the name of an objective (${names}), or --list.`);
  }
  const objective = await configure(name, options);
  if (options.in === undefined) throw new UsageError("expected --in with a batch, got none.");
  const batch = await readJson(options.in);
  const { evaluateObjective } = await import("../objective/evaluate.ts");
  await startBackend(options, io);
  const evaluation = evaluateObjective(objective, batch, options.in);
  io.out(
    options.json ? `${toJson(document(objective, evaluation))}\n` : table(objective, evaluation),
  );
}

async function configure(
  name: string,
  { beta, set = [] }: ObjectiveOptions,
): Promise<AnyConfigured> {
  const [{ parseObjective }, { parseSettings }, { ConfigError }] = await Promise.all([
    import("@preflab/dpo"),
    import("../settings.ts"),
    import("@preflab/lm"),
  ]);
  const settings = parseSettings(set);
  if (Object.hasOwn(settings, "name")) throw new UsageError("--set: expected no name.");
  if (beta !== undefined && Object.hasOwn(settings, "beta")) {
    throw new UsageError("expected beta once, got --beta and --set beta.");
  }
  try {
    return parseObjective({ ...settings, ...(beta === undefined ? {} : { beta }), name });
  } catch (error) {
    // Settings of the command line, not of a file: wrong usage.
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}

async function readJson(path: string): Promise<unknown> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new CommandError(`${path}: expected JSON (${(error as Error).message}).`);
  }
}

function document(
  { name, options, batchLevel }: AnyConfigured,
  { losses, gradients, rewards }: Evaluation,
): object {
  const level = batchLevel ? { batchLevel } : {};
  return { objective: name, options, losses, gradients, ...rewards, ...level };
}

function table(
  { name, options, batchLevel }: AnyConfigured,
  { losses, gradients, rewards }: Evaluation,
): string {
  const slopes = Object.entries(gradients).map(([key, x]) => [`d ${key}`, x] as const);
  const columns = [["losses", losses] as const, ...slopes, ...Object.entries(rewards)];
  const cell = (x: number | readonly number[] | undefined) =>
    [x ?? []]
      .flat()
      .map((number) => Number(number.toPrecision(6)))
      .join(" ");
  const rows = [
    columns.map(([key]) => key),
    ...losses.map((_, i) => columns.map(([, numbers]) => cell(numbers[i]))),
  ];
  const settings = Object.entries(options).map(([key, value]) => `${key} ${value}`);
  const note = batchLevel ? "losses of the sorted batch, gradients of their mean\n" : "";
  return `${name}: ${settings.join(", ")}\n${note}${alignedRows(rows)}`;
}
