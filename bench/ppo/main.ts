/** `npm run bench:ppo`: measures, compares and writes the results. See --help. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { withFolder } from "../harness/folder.ts";
import { describeMachine } from "../harness/machine.ts";
import { findPython } from "../harness/processes.ts";
import { publish } from "../harness/publish.ts";
import { type Entrant, takeTurns } from "../harness/turns.ts";
import { commandOf, type Job, SIDES } from "./contenders.ts";
import { helpText, type Options, parseOptions } from "./options.ts";
import { markdown, type Results, titleOf } from "./report.ts";
import { PHASES, type Run } from "./run.ts";
import { SIZES, type SizeName, TEXTS, type Variant } from "./sizes.ts";
import { writeSubject } from "./subject.ts";
import { type CaseTurns, summarise } from "./summary.ts";

const PEER = `import torch, transformers
print("transformers", transformers.__version__, "on PyTorch", torch.__version__)`;
/** Times that a disturbed run is made. */
const TRIES = 2;
const NAME = "ppo";

const options = parseOptions(process.argv.slice(2));
if (options.help) process.stdout.write(helpText());
else await main(options);

async function main({
  sizes,
  endings,
  trunks,
  rounds,
  seconds,
  ...options
}: Options): Promise<void> {
  const { python, found } = await findPython(options.python, PEER, "transformers");
  if (python === null) log(found);
  const machine = await describeMachine(found);
  const done: CaseTurns[] = [];
  let results: Results = {
    machine,
    rounds,
    seconds,
    sizes: Object.fromEntries(sizes.map((name) => [name, SIZES[name]])),
    texts: TEXTS,
    rows: [],
    failures: [],
  };
  for (const size of sizes) {
    for (const ending of endings) {
      await withFolder(`preflab-bench-${size}`, async (folder) => {
        await writeSubject(folder, SIZES[size], ending);
        for (const trunk of trunks) {
          const job: Job = { folder, trunk, python, threads: machine.processors, seconds };
          done.push(await measureCase(size, { trunk, ending }, job, rounds));
          // After every case: a run that is cut short leaves what it measured.
          results = { ...results, rows: summarise(done), failures: failuresOf(done) };
          publish(options.out, NAME, results, markdown(results));
        }
      });
    }
  }
  reportProblems(results);
  process.stdout.write(readFileSync(join(options.out, `${NAME}.md`), "utf8"));
}

async function measureCase(
  size: SizeName,
  variant: Variant,
  job: Job,
  rounds: number,
): Promise<CaseTurns> {
  const entrants = SIDES.filter((side) => side === "ours" || job.python !== null).map(
    (side): Entrant => ({ id: side, command: commandOf(side, job) }),
  );
  const turns = await takeTurns<Run>({
    entrants,
    rounds,
    tries: TRIES,
    title: `${size} ${titleOf(variant)}`,
    describe: ({ ms, phases, rssMiB }) => {
      const parts = PHASES.map((phase) => `${phase} ${phases[phase].toFixed(0)}`);
      return `${ms.toFixed(0)} ms (${parts.join(", ")}), ${rssMiB.toFixed(0)} MiB`;
    },
    log,
  });
  return { size, variant, turns };
}

function failuresOf(done: readonly CaseTurns[]): Results["failures"] {
  return done.flatMap(({ size, variant, turns }) =>
    turns.flatMap(({ id, failure }) =>
      failure ? [{ id: `${titleOf(variant)} ${id}`, size, reason: failure }] : [],
    ),
  );
}

function reportProblems({ rows, failures }: Results): void {
  const wrong = rows.filter(({ agreement }) => agreement?.isSame === false);
  for (const { size, variant, agreement, meanLength } of wrong) {
    log(
      `${size} ${titleOf(variant)}: expected both sides to compute the same, got a difference of ` +
        `${agreement?.difference} and completions of ${meanLength.ours} and ${meanLength.peer} tokens.`,
    );
  }
  if (wrong.length + failures.length > 0) process.exitCode = 1;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
