/** `npm run bench:engine`: measures, compares and writes the results. See --help. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describeMachine, type Machine } from "../harness/machine.ts";
import { findPython } from "../harness/processes.ts";
import { publish } from "../harness/publish.ts";
import { takeTurns } from "../harness/turns.ts";
import type { Contender, Host } from "./contenders.ts";
import { helpText, type Options, parseOptions } from "./options.ts";
import { markdown, type Results } from "./report.ts";
import { SIZES, type SizeName } from "./sizes.ts";
import { disagreements, LOSS_TOLERANCE, type Run, type SizeTurns, summarise } from "./summary.ts";

/** Times that a disturbed run is made. */
const TRIES = 3;
const NAME = "engine";

const options = parseOptions(process.argv.slice(2));
if (options.help) process.stdout.write(helpText());
else await main(options);

async function main(options: Options): Promise<void> {
  const code = "import torch; print('PyTorch', torch.__version__)";
  const { python, found } = await findPython(options.python, code, "PyTorch");
  if (python === null) log(found);
  const machine = await describeMachine(found);
  const host: Host = { python, threads: machine.processors };
  const turns: SizeTurns[] = [];
  for (const size of options.sizes) {
    const contenders = options.contenders.filter(
      ({ sizes, group }) => sizes.includes(size) && (group !== "torch" || python !== null),
    );
    turns.push(...(await measureSize(size, contenders, options, host)));
    // After every size: a run that is cut short leaves what it measured.
    const results = resultsOf(options, machine, turns);
    publish(options.out, NAME, results, markdown(results));
    reportProblems(results);
  }
  process.stdout.write(readFileSync(join(options.out, `${NAME}.md`), "utf8"));
}

async function measureSize(
  size: SizeName,
  contenders: readonly Contender[],
  { rounds, seconds }: Options,
  host: Host,
): Promise<SizeTurns[]> {
  const entrants = contenders.map(({ id, command }) => ({
    id,
    command: command(size, seconds, host),
  }));
  const turns = await takeTurns<Run>({
    entrants,
    rounds,
    tries: TRIES,
    title: size,
    describe: ({ ms }) => `${ms.toFixed(1)} ms`,
    log,
  });
  return contenders.map((contender, i) => ({
    ...(turns[i] as (typeof turns)[number]),
    contender,
    size,
  }));
}

function resultsOf(options: Options, machine: Machine, turns: readonly SizeTurns[]): Results {
  return {
    machine,
    rounds: options.rounds,
    seconds: options.seconds,
    sizes: Object.fromEntries(options.sizes.map((name) => [name, SIZES[name]])),
    rows: summarise(turns),
    failures: turns.flatMap(({ id, size, failure }) =>
      failure ? [{ id, size, reason: failure }] : [],
    ),
  };
}

function reportProblems({ rows, failures }: Results): void {
  const wrong = disagreements(rows);
  for (const { id, size, lossError } of wrong) {
    log(
      `${size} ${id}: expected losses within ${LOSS_TOLERANCE.fp32} (bf16 ${LOSS_TOLERANCE.bf16}) ` +
        `of PyTorch's, got ${lossError}. It does not compute the same model.`,
    );
  }
  if (wrong.length + failures.length > 0) process.exitCode = 1;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
