/** Who takes turns, how each is started, and how much faster than the peer ours has to be. */
import { type Command, nodeCommand, pythonCommand } from "../harness/processes.ts";
import type { SizeName } from "./sizes.ts";

/** Our layouts of a batch, then the peer's precisions, in the order of their turns. */
export const CONTENDERS = ["concatenated", "shared-prompt", "TRL fp32", "TRL bf16"] as const;

/** Name of a contender. */
export type Contender = (typeof CONTENDERS)[number];

/** Those that ours are compared with. */
export const PEERS = ["TRL fp32", "TRL bf16"] as const satisfies readonly Contender[];

/** Name of a peer. */
export type Peer = (typeof PEERS)[number];

/** What a program is given. */
export interface Job {
  /** Of the model. */
  readonly folder: string;
  /** File of the pairs. */
  readonly pairs: string;
  readonly python: string | null;
  readonly threads: number;
  /** Of measuring. */
  readonly seconds: number;
}

/** Whether a contender needs Python. */
export function isPeer(contender: Contender): contender is Peer {
  return PEERS.some((peer) => peer === contender);
}

/** The program of a contender. */
export function commandOf(contender: Contender, job: Job): Command {
  const { folder, pairs, python, threads, seconds } = job;
  const given = [folder, pairs, `${seconds}`];
  if (isPeer(contender)) {
    const precision = contender === "TRL bf16" ? "bf16" : "fp32";
    return pythonCommand(python, "dpo.py", ...given, `${threads}`, precision);
  }
  return nodeCommand(new URL("train.ts", import.meta.url), ...given, contender);
}

/** Our pairs per second over a peer's that are aimed at; null where nothing is promised. */
export function targetOf(peer: Peer, size: SizeName): number | null {
  if (size === "L") return null;
  return peer === "TRL fp32" ? 2 : 1.3;
}
