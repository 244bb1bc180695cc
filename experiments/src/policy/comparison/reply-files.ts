/** What a stage of replies leaves: every reply with what was said of it, and what they add up to. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ComparedPoint, ComparedPolicy } from "../../study/comparisons.ts";
import { writeJson } from "../../study/stage-training.ts";
import { rowsOf, writeRows } from "../../text/row-files.ts";

/** A reply. */
export interface ReplyRow extends Pick<ComparedPoint, "prompts" | "temperature"> {
  /** Number of the prompt among those of its sort. */
  readonly prompt: number;
  readonly sample: number;
  /** Words of the prompt, without examples. */
  readonly question: string;
  /** Without EOS. */
  readonly text: string;
  /** The reply of the data. */
  readonly rival: string;
  /** EOS included. */
  readonly tokens: number;
  readonly gold: number;
  /** The judge's, over the reply of the data; null where it was not understood. */
  readonly preference: number | null;
}

const REPLIES = "replies.jsonl";
const POLICY = "policy.json";

/** Writes both. */
export async function writeReplies(
  folder: string,
  rows: readonly ReplyRow[],
  policy: ComparedPolicy,
): Promise<void> {
  await writeRows(join(folder, REPLIES), rows);
  await writeJson(join(folder, POLICY), policy);
}

/** All replies of a finished stage. */
export function readReplies(folder: string): Promise<ReplyRow[]> {
  return rowsOf<ReplyRow>(join(folder, REPLIES));
}

/** What the replies of a finished stage add up to. */
export async function readComparedPolicy(folder: string): Promise<ComparedPolicy> {
  return JSON.parse(await readFile(join(folder, POLICY), "utf8")) as ComparedPolicy;
}
