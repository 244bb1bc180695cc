/** `npm run bench:lm`: measures, compares and writes the results. See --help. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { withFolder } from "../harness/folder.ts";
import { describeMachine } from "../harness/machine.ts";
import { findPython } from "../harness/processes.ts";
import { publish } from "../harness/publish.ts";
import { type Entrant, takeTurns } from "../harness/turns.ts";
import { commandOf, type Host, type Job, jobsOf, SIDES } from "./jobs.ts";
import { measureMemory } from "./memory.ts";
import { helpText, type Options, parseOptions } from "./options.ts";
import { markdown, type Results } from "./report.ts";
import type { Run } from "./run.ts";
import { GENERATION, SIZES, type SizeName } from "./sizes.ts";
import { writeSubject } from "./subject.ts";
import { type JobTurns, summarise } from "./summary.ts";

const PEER = `import torch, transformers
print("transformers", transformers.__version__, "on PyTorch", torch.__version__)`;
/** Times that a disturbed run is made. */
const TRIES = 2;
const NAME = "lm";

const options = parseOptions(process.argv.slice(2));
if (options.help) process.stdout.write(helpText());
else await main(options);

async function main(options: Options): Promise<void> {
  const { python, found } = await findPython(options.python, PEER, "transformers");
  if (python === null) log(found);
  const machine = await describeMachine(found);
  const host: Host = { python, threads: machine.processors, seconds: options.seconds };
  const done: JobTurns[] = [];
  let results: Results = {
    machine,
    rounds: options.rounds,
    seconds: options.seconds,
    sizes: Object.fromEntries(options.sizes.map((name) => [name, SIZES[name]])),
    generation: GENERATION,
    rows: [],
    memory: null,
    failures: [],
  };
  // After every job: a run that is cut short leaves what it measured.
  const update = (news: Partial<Results>) => {
    results = { ...results, ...news };
    publish(options.out, NAME, results, markdown(results));
  };
  const jobs = jobsOf(options.only);
  for (const size of jobs.length > 0 ? options.sizes : []) {
    await withFolder(`preflab-bench-${size}`, async (folder) => {
      await writeSubject(folder, SIZES[size]);
      for (const job of jobs) {
        done.push(await measureJob(job, size, folder, options.rounds, host));
        update({ rows: summarise(done), failures: failuresOf(done) });
      }
    });
  }
  if (options.only.includes("memory")) {
    try {
      update({ memory: await measureMemory(log) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      update({ failures: [...results.failures, { id: "memory", size: "gpt2", reason }] });
    }
  }
  reportProblems(results);
  process.stdout.write(readFileSync(join(options.out, `${NAME}.md`), "utf8"));
}

async function measureJob(
  job: Job,
  size: SizeName,
  folder: string,
  rounds: number,
  host: Host,
): Promise<JobTurns> {
  const entrants = SIDES.filter((side) => side === "ours" || host.python !== null).map(
    (side): Entrant => ({ id: side, command: commandOf(side, job, folder, host) }),
  );
  const title = [size, job.task, job.rows].filter((part) => part !== null).join(" ");
  const describe = ({ parts }: Run) =>
    Object.entries(parts)
      .map(([name, { ms }]) => `${name} ${ms.toFixed(1)} ms`)
      .join(", ");
  const turns = await takeTurns<Run>({ entrants, rounds, tries: TRIES, title, describe, log });
  return { job, size, turns };
}

function failuresOf(done: readonly JobTurns[]): Results["failures"] {
  return done.flatMap(({ job, size, turns }) =>
    turns.flatMap(({ id, failure }) =>
      failure ? [{ id: `${job.task} ${job.rows ?? ""} ${id}`, size, reason: failure }] : [],
    ),
  );
}

function reportProblems({ rows, failures }: Results): void {
  const wrong = rows.filter(({ agreement }) => agreement?.isSame === false);
  for (const { size, title, agreement } of wrong) {
    const difference = agreement?.difference;
    log(
      `${size} ${title}: expected both sides to compute the same, got a difference of ${difference}.`,
    );
  }
  if (wrong.length + failures.length > 0) process.exitCode = 1;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
