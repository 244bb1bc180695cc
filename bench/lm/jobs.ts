/** What is measured, by whom and how fast it has to be. */
import { type Command, nodeCommand, pythonCommand } from "../harness/processes.ts";
import { GENERATION, type SizeName } from "./sizes.ts";

/** What `--only` chooses from. */
export const TASKS = ["train", "generate", "logps", "memory"] as const;

/** Name of a task. */
export type Task = (typeof TASKS)[number];

/** Who takes turns: this workspace and Hugging Face transformers. */
export const SIDES = ["ours", "peer"] as const;

/** One of {@link SIDES}. */
export type Side = (typeof SIDES)[number];

/** What a side measures in one process. */
export interface Job {
  readonly task: Exclude<Task, "memory">;
  /** Rows generated at once; null for tasks that take the rows of the size. */
  readonly rows: number | null;
  /** Titles of its parts by the names that programs print. */
  readonly parts: Readonly<Record<string, string>>;
}

/** How a job is started. */
export interface Host {
  readonly python: string | null;
  readonly threads: number;
  /** Of measuring per part. */
  readonly seconds: number;
}

const JOBS: readonly Job[] = [
  { task: "train", rows: null, parts: { step: "SFT step" } },
  ...GENERATION.batches.map(
    (rows): Job => ({
      task: "generate",
      rows,
      parts: { greedy: `generate ${rows}, greedy`, sampled: `generate ${rows}, sampled` },
    }),
  ),
  { task: "logps", rows: null, parts: { score: "score" } },
];

/** The jobs of some tasks, in the order in which they are done. */
export function jobsOf(tasks: readonly Task[]): readonly Job[] {
  return JOBS.filter(({ task }) => tasks.includes(task));
}

/** The program that does a side's part of a job. @param folder see ./subject.ts */
export function commandOf(side: Side, { task, rows }: Job, folder: string, host: Host): Command {
  const { python, threads, seconds } = host;
  const count = rows === null ? [] : [`${rows}`];
  if (side === "ours") {
    return nodeCommand(new URL(`${task}.ts`, import.meta.url), folder, `${seconds}`, ...count);
  }
  const given = [task, folder, `${seconds}`, `${threads}`, ...count];
  return pythonCommand(python, "language_model.py", ...given);
}

/** Tokens per second over the peer's that are aimed at; null where nothing is promised. */
export function targetOf({ task, rows }: Job, size: SizeName): number | null {
  if (task !== "generate") return 1.7;
  if (size === "gpt2" || rows === 16) return null;
  if (size === "L") return 2;
  return rows === 1 ? 3 : 2.5;
}
