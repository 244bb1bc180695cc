/** `preflab run`: one run of an experiment, and what it needs. The work is in ../study. */
import { type Command, Option } from "commander";
import { addBackendOptions, type BackendOptions, startBackend } from "../backend.ts";
import { CommandError, UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { integerFrom } from "../options.ts";
import { progressTo, toJson } from "../output.ts";
import { addStudyOptions, type StudyFlags, studyOptions } from "../study/flags.ts";

const HELP = `
Builds the run of that index, and before it whatever it needs that is not there: data, backbone,
preferences, reward model. What is finished is found again by everything that decides it (settings,
code, data), so the same command does nothing the second time. preflab sweep does all runs.

Every stage has a number of threads that is part of its key; it is used whatever --threads says.

Examples:
  $ preflab run --experiment sentiment --list
  $ preflab run --experiment sentiment --index 3
  $ preflab run --experiment sentiment --preset smoke --stage backbone
`;

interface RunFlags extends StudyFlags, BackendOptions {
  readonly index?: number;
  readonly stage?: string;
  readonly key?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Adds `run`. */
export function addRunCommand(parent: Command, io: Io): void {
  const command = parent.command("run").description("one run of an experiment");
  addBackendOptions(addStudyOptions(command), "ort")
    .option("--index <n>", "which run, from 0", integerFrom(0))
    .addOption(new Option("--stage <id>", "a stage by its id, such as backbone").conflicts("index"))
    .option("--key <hash>", "the key that the stage must have, as sweep expects it")
    .option("--list", "list stages and runs instead")
    .option("--json", "progress as lines of JSON on stdout")
    .addHelpText("after", HELP)
    .action((flags: RunFlags) => run(flags, io));
}

async function run(flags: RunFlags, io: Io): Promise<void> {
  const { openStudy, withInputs } = await import("../study/study.ts");
  const { buildStage } = await import("../study/build-stage.ts");
  const study = await openStudy(studyOptions(flags));
  const { stages, runs } = study.plan;
  if (flags.list) {
    const index = new Map(runs.map((id, i) => [id, i]));
    for (const { id, title } of stages) io.out(`${index.get(id) ?? "-"}\t${id}\t${title}\n`);
    return;
  }
  const id = flags.stage ?? runs[flags.index ?? Number.NaN];
  if (id === undefined) {
    throw new UsageError(
      `expected --index from 0 to ${runs.length - 1}, or --stage, got ${flags.index ?? "neither"}.`,
    );
  }
  const target = study.stage(id);
  if (flags.key !== undefined && flags.key !== study.store.key(id)) {
    throw new CommandError(
      `${id}: expected the key ${flags.key}, got ${study.store.key(id)}. Sources or data have ` +
        "changed since the sweep began; begin it again.",
    );
  }
  const { threads = 1 } = target;
  await startBackend({ ...flags, threads }, { ...io, err: flags.json ? () => {} : io.err });
  const tell = progressTo(io);
  for (const stage of withInputs(study, id)) {
    const built = await buildStage(
      study,
      stage,
      {
        say: (say) =>
          flags.json ? io.out(`${toJson({ stage: stage.id, say })}\n`) : io.err(`${say}\n`),
        progress: (progress) => {
          const { done, total, note = "" } = progress;
          if (flags.json) io.out(`${toJson({ stage: stage.id, progress })}\n`);
          else tell(`${stage.title}: ${done}/${total}  ${note}`);
        },
      },
      io,
    );
    if (!flags.json) io.err(`${stage.id}: ${built ? "built" : "found"}\n`);
  }
  if (!flags.json) io.out(`${study.store.folder(id)}\n`);
}
