/** Dialogues of transcript pairs from wherever they are, with counts of the rows that are odd. */
import { basename, dirname, join, relative } from "node:path";
import {
  DataError,
  describeProblem,
  examples,
  hashText,
  type Problem,
  readRows,
} from "@preflab/data";
import type { TransferOptions } from "@preflab/lm";
import type { PublishedDialogue } from "./split.ts";
import { type Dialogue, EDGES, type Edge, isTranscript, readPair } from "./transcript.ts";

/** What was found in a data set. */
export interface DialogueCounts {
  /** Pairs of transcripts, those left out too. */
  readonly rows: number;
  /** Rows that are no pairs, such as transcripts by themselves. */
  readonly otherRows: number;
  /** Pairs by what is odd about them, see {@link EDGES}; a pair that is kept may count twice. */
  readonly edges: Readonly<Record<Edge, number>>;
  /** Pairs by file. */
  readonly sources: Readonly<Record<string, number>>;
}

/** What became of the rows of a data set. */
export interface ReadDialogues {
  readonly dialogues: readonly PublishedDialogue[];
  readonly counts: DialogueCounts;
}

/**
 * Reads all pairs of transcripts.
 * @param data a file or folder of JSON Lines (also gzipped) or parquet with `chosen` and `rejected`,
 *   or a name on the Hugging Face Hub
 * @param hub how to fetch what is named on the Hub
 * @throws DataError for data that has no such pairs, or is damaged
 */
export async function readDialogues(
  data: string,
  hub: TransferOptions = {},
): Promise<ReadDialogues> {
  const dialogues: PublishedDialogue[] = [];
  const edges = noEdges();
  const sources: Record<string, number> = {};
  const known = new Set<number>();
  let otherRows = 0;
  const count = (source: string, found: readonly Edge[]) => {
    sources[source] = (sources[source] ?? 0) + 1;
    for (const edge of found) edges[edge]++;
  };
  for await (const item of examples(readRows(data, { hub }), { format: "hh" })) {
    if (item.kind === "problem") {
      if (item.code === "no_assistant_turn") count(sourceName(item.file, data), ["promptsDiffer"]);
      else if (item.code === "missing_field") otherRows++;
      else if (item.severity === "error") throw notTranscripts(data, describeProblem(item), [item]);
    } else if (item.kind === "preference" && isTranscript(item.example)) {
      const { file, row, split } = item.source;
      const source = sourceName(file, data);
      const { dialogue, edges: found } = readPair(item.example, item.notes);
      const isRepeated = dialogue !== null && !isNew(dialogue, known);
      count(source, isRepeated ? ["repeated"] : found);
      if (dialogue === null || isRepeated) continue;
      dialogues.push({ ...dialogue, row, source, isTest: split === "test" });
    }
  }
  if (dialogues.length === 0) throw notTranscripts(data, "none");
  const rows = Object.values(sources).reduce((sum, pairs) => sum + pairs, 0);
  return { dialogues, counts: { rows, otherRows, edges, sources } };
}

function noEdges(): Record<Edge, number> {
  return Object.fromEntries(Object.keys(EDGES).map((edge) => [edge, 0])) as Record<Edge, number>;
}

/** @param known hashes of earlier ones; grows */
function isNew({ prompt, chosen, rejected }: Dialogue, known: Set<number>): boolean {
  const hash = hashText(JSON.stringify([prompt, [chosen, rejected].sort()]));
  if (known.has(hash)) return false;
  known.add(hash);
  return true;
}

/** Of files in folders below, with the innermost folder: many of them have the same name. */
function sourceName(file: string, data: string): string {
  const folder = dirname(file);
  const isBelow = file !== data && relative(data, folder) !== "";
  return isBelow ? join(basename(folder), basename(file)) : basename(file);
}

function notTranscripts(data: string, got: string, problems: readonly Problem[] = []): DataError {
  return new DataError(
    `${data}: expected pairs of transcripts (chosen and rejected, with turns "Human:" and ` +
      `"Assistant:"), got ${got}. Give the folder of Anthropic's HH data.`,
    problems,
  );
}
