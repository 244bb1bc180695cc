/** `npm run bench:engine`: measures, compares and writes the results. See --help. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import type { Host } from "./contenders.ts";
import { helpText, type Options, parseOptions } from "./options.ts";
import { markdown, type Results } from "./report.ts";
import { SIZES } from "./sizes.ts";
import { disagreements, LOSS_TOLERANCE, summarise } from "./summary.ts";
import { lastLine, type Turns, takeTurns } from "./turns.ts";

const options = parseOptions(process.argv.slice(2));
if (options.help) process.stdout.write(helpText());
else await main(options);

async function main(options: Options): Promise<void> {
  const threads = availableParallelism();
  const torch = await findTorch(options.python);
  const host: Host = { python: torch.python, threads };
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  if (!host.python) log(torch.found);
  const { reason } = await selectBackend("ort");
  const machine: Results["machine"] = {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: threads,
    memoryGiB: totalmem() / 2 ** 30,
    node: process.version,
    runtime: reason.replace("ort (asked for): ", ""),
    torch: torch.found,
  };
  const turns: Turns[] = [];
  for (const size of options.sizes) {
    const contenders = options.contenders.filter(
      ({ sizes, group }) => sizes.includes(size) && (group !== "torch" || host.python !== null),
    );
    turns.push(...(await takeTurns({ ...options, contenders, size, host, log })));
    // After every size: a run that is cut short leaves what it measured.
    publish(resultsOf(options, machine, turns), options.out);
  }
  process.stdout.write(readFileSync(join(options.out, "engine.md"), "utf8"));
}

function resultsOf(
  options: Options,
  machine: Results["machine"],
  turns: readonly Turns[],
): Results {
  return {
    machine,
    rounds: options.rounds,
    seconds: options.seconds,
    sizes: Object.fromEntries(options.sizes.map((name) => [name, SIZES[name]])),
    rows: summarise(turns),
    failures: turns.flatMap(({ contender, size, failure }) =>
      failure ? [{ id: contender.id, size, reason: failure }] : [],
    ),
  };
}

function publish(results: Results, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "engine.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(folder, "engine.md"), markdown(results));
  const wrong = disagreements(results.rows);
  for (const { id, size, lossError } of wrong) {
    process.stderr.write(
      `${size} ${id}: expected losses within ${LOSS_TOLERANCE.fp32} (bf16 ${LOSS_TOLERANCE.bf16}) ` +
        `of PyTorch's, got ${lossError}. It does not compute the same model.\n`,
    );
  }
  if (wrong.length + results.failures.length > 0) process.exitCode = 1;
}

/** A Python that has torch: the given one or nothing. */
async function findTorch(python: string | null): Promise<{ python: string | null; found: string }> {
  if (python === null) {
    const missing = "no PyTorch: pass --python PATH of a Python that has it";
    return { python: null, found: `${missing} (bench/peers/requirements.txt)` };
  }
  const code = "import torch; print('PyTorch', torch.__version__)";
  const version = await lastLine({ program: python, args: ["-c", code] });
  return { python, found: version };
}
