/** `npm run bench:dpo`: measures, compares and writes the results. See --help. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { withFolder } from "../harness/folder.ts";
import { describeMachine } from "../harness/machine.ts";
import { findPython } from "../harness/processes.ts";
import { publish } from "../harness/publish.ts";
import { type Entrant, takeTurns } from "../harness/turns.ts";
import { writeSubject } from "../lm/subject.ts";
import { CONTENDERS, commandOf, isPeer, type Job } from "./contenders.ts";
import { helpText, type Options, parseOptions } from "./options.ts";
import { writePairs } from "./pairs.ts";
import { markdown, type Results } from "./report.ts";
import type { Run } from "./run.ts";
import { SIZES, type SizeName, TEXT_NAMES, TEXTS, type Texts } from "./sizes.ts";
import { type CaseTurns, summarise } from "./summary.ts";

const PEER = `import torch, trl, transformers
print("TRL", trl.__version__, "with transformers", transformers.__version__, "on PyTorch", torch.__version__)`;
/** Times that a disturbed run is made. */
const TRIES = 2;
const NAME = "dpo";

const options = parseOptions(process.argv.slice(2));
if (options.help) process.stdout.write(helpText());
else await main(options);

async function main(options: Options): Promise<void> {
  const { python, found } = await findPython(options.python, PEER, "TRL");
  if (python === null) log(found);
  const machine = await describeMachine(found);
  const { rounds, seconds } = options;
  const done: CaseTurns[] = [];
  let results: Results = {
    machine,
    rounds,
    seconds,
    sizes: Object.fromEntries(options.sizes.map((name) => [name, SIZES[name]])),
    texts: TEXTS,
    rows: [],
    failures: [],
  };
  for (const size of options.sizes) {
    await withFolder(`preflab-bench-${size}`, async (folder) => {
      await writeSubject(folder, SIZES[size]);
      for (const texts of TEXT_NAMES) {
        const pairs = writePairs(folder, size, texts);
        const job: Job = { folder, pairs, python, threads: machine.processors, seconds };
        done.push(await measureCase(size, texts, job, rounds));
        // After every case: a run that is cut short leaves what it measured.
        results = { ...results, rows: summarise(done), failures: failuresOf(done) };
        publish(options.out, NAME, results, markdown(results));
      }
    });
  }
  reportProblems(results);
  process.stdout.write(readFileSync(join(options.out, `${NAME}.md`), "utf8"));
}

async function measureCase(
  size: SizeName,
  texts: Texts,
  job: Job,
  rounds: number,
): Promise<CaseTurns> {
  const entrants = CONTENDERS.filter((id) => !isPeer(id) || job.python !== null).map(
    (id): Entrant => ({ id, command: commandOf(id, job) }),
  );
  const turns = await takeTurns<Run>({
    entrants,
    rounds,
    tries: TRIES,
    title: `${size} ${texts}`,
    describe: ({ ms, rssMiB }) => `${ms.toFixed(1)} ms, ${rssMiB.toFixed(0)} MiB`,
    log,
  });
  return { size, texts, turns };
}

function failuresOf(done: readonly CaseTurns[]): Results["failures"] {
  return done.flatMap(({ size, texts, turns }) =>
    turns.flatMap(({ id, failure }) =>
      failure ? [{ id: `${texts} ${id}`, size, reason: failure }] : [],
    ),
  );
}

function reportProblems({ rows, failures }: Results): void {
  const wrong = rows.filter(({ agreement }) => !agreement.isSame);
  for (const { size, texts, contender, agreement } of wrong) {
    log(
      `${size} ${texts} ${contender}: expected the numbers of the others, got a difference of ` +
        `${agreement.difference}. Look at the losses that both programs print.`,
    );
  }
  if (wrong.length + failures.length > 0) process.exitCode = 1;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
