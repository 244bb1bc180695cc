/** The stage that reads dialogues and divides them, and its files: JSON Lines for each part. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hubOptions } from "../../hub.ts";
import type { Stage } from "../../study/experiment.ts";
import { writeJson } from "../../study/stage-training.ts";
import { rowsOf, writeRows } from "../../text/row-files.ts";
import { type DialogueCounts, readDialogues } from "./dialogues.ts";
import {
  type DialoguePart,
  PARTS,
  type PartDialogue,
  type SplitShares,
  splitDialogues,
} from "./split.ts";
import { isSingleTurn } from "./transcript.ts";

/** Id of the stage. */
export const DIALOGUES = "dialogues";

const FACTS = "dialogues.json";

/** Sizes of a part. */
export interface PartCounts {
  readonly dialogues: number;
  /** Whose prompt is one question. */
  readonly singleTurn: number;
  /** Different first questions, near duplicates counted once. */
  readonly groups: number;
}

/** What is known of the dialogues. */
export interface DialogueFacts extends DialogueCounts {
  readonly parts: Readonly<Record<DialoguePart, PartCounts>>;
  /** Whether a test part was published, and kept as it is. */
  readonly publishedTest: boolean;
  /** Left out of published training data, since test dialogues begin alike. */
  readonly leaks: number;
}

/**
 * The stage that reads dialogues.
 * @param data see {@link readDialogues}
 * @param isLocal whether its content is part of the stage's key; of a name on the Hub, the name is
 */
export function dialogueStage(data: string, isLocal: boolean, shares: SplitShares): Stage {
  return {
    id: DIALOGUES,
    title: "dialogues",
    config: { shares: { ...shares }, ...(!isLocal && { data }) },
    inputs: [],
    ...(isLocal && { files: [data] }),
    build: async ({ folder, say, signal }) => {
      const { dialogues, counts } = await readDialogues(data, { ...hubOptions(), signal });
      const { parts, leaks } = splitDialogues(dialogues, shares);
      for (const part of PARTS) await writeRows(fileOf(folder, part), parts[part]);
      const facts: DialogueFacts = {
        ...counts,
        parts: {
          train: countsOf(parts.train),
          validation: countsOf(parts.validation),
          test: countsOf(parts.test),
          judge: countsOf(parts.judge),
        },
        publishedTest: dialogues.some(({ isTest }) => isTest),
        leaks,
      };
      await writeJson(join(folder, FACTS), facts);
      say(
        `dialogues: ${PARTS.map((part) => `${parts[part].length} ${part}`).join(", ")}; ` +
          `${counts.rows - dialogues.length + leaks} of ${counts.rows} left out`,
      );
    },
  };
}

/** Dialogues of a part, from a finished stage. */
export function dialoguesIn(folder: string, part: DialoguePart): Promise<PartDialogue[]> {
  return rowsOf<PartDialogue>(fileOf(folder, part));
}

/** What is known of them. */
export async function readDialogueFacts(folder: string): Promise<DialogueFacts> {
  return JSON.parse(await readFile(join(folder, FACTS), "utf8")) as DialogueFacts;
}

function fileOf(folder: string, part: DialoguePart): string {
  return join(folder, `${part}.jsonl`);
}

function countsOf(dialogues: readonly PartDialogue[]): PartCounts {
  return {
    dialogues: dialogues.length,
    singleTurn: dialogues.filter(isSingleTurn).length,
    groups: new Set(dialogues.map(({ group }) => group)).size,
  };
}
