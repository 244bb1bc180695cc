/** Who takes turns, how each is started, and how much faster than the peer ours has to be. */
import { type Command, nodeCommand, pythonCommand } from "../harness/processes.ts";
import type { Trunk } from "./sizes.ts";

/** This workspace, and a loop with transformers and PyTorch. */
export const SIDES = ["ours", "peer"] as const;

/** One of {@link SIDES}. */
export type Side = (typeof SIDES)[number];

/** Our completions per second over the peer's that are aimed at. */
export const TARGET = 2.5;

/** What a program is given. */
export interface Job {
  /** See ./subject.ts. */
  readonly folder: string;
  readonly trunk: Trunk;
  readonly python: string | null;
  readonly threads: number;
  /** Of measuring. */
  readonly seconds: number;
}

/** The program of a side. */
export function commandOf(side: Side, { folder, trunk, python, threads, seconds }: Job): Command {
  if (side === "peer") {
    return pythonCommand(python, "ppo.py", folder, `${seconds}`, `${threads}`, trunk);
  }
  return nodeCommand(new URL("train.ts", import.meta.url), folder, `${seconds}`, trunk);
}
