/** Rows of token ids that methods learn from and are asked with, from dialogues of a part. Pure. */
import { hashText, type TokenizedPair } from "@preflab/data";
import type { PolicyPrompt } from "@preflab/rlhf";
import type { DialogueIds, DialogueMarks } from "./chat.ts";
import { cutDialogue, cutPrompt, piecesOf } from "./lengths.ts";
import type { PartDialogue } from "./split.ts";
import { isSingleTurn, lastQuestion } from "./transcript.ts";

/** Most tokens. */
export interface TokenLimits {
  /** Of a text that a language model learns from. */
  readonly text: number;
  /** Of a prompt with the longer of its two replies. */
  readonly pair: number;
  /** Of a prompt that replies are sampled for. */
  readonly prompt: number;
  /** Of a reply that is sampled, with EOS. */
  readonly reply: number;
}

/** A dialogue with its ids, the chosen reply before the rejected one. */
export interface EncodedDialogue {
  readonly dialogue: PartDialogue;
  readonly ids: DialogueIds;
}

/** Where a row of ids comes from. */
export interface DialogueOrigin {
  /** Row of the data set, from 0. */
  readonly row: number;
  readonly source: string;
  /** See {@link PartDialogue}. */
  readonly group: number;
  /** Whether the whole prompt is one question. */
  readonly singleTurn: boolean;
}

/** A preference pair of ids. */
export interface DialoguePair extends TokenizedPair {
  readonly promptIds: readonly number[];
  readonly chosenIds: readonly number[];
  readonly rejectedIds: readonly number[];
  readonly meta: DialogueOrigin;
}

/** A prompt to reply to, with the replies that people compared. */
export interface DialoguePrompt extends PolicyPrompt {
  /** What the user says last: all that the judge reads of the prompt. */
  readonly text: string;
  readonly chosen: string;
  readonly rejected: string;
  /** Tokens of the chosen reply with EOS, to tell whether replies of a limited length can match. */
  readonly chosenTokens: number;
  readonly meta: DialogueOrigin;
}

/** Rows that were made, and how many had to be changed or left out. */
export interface Made<Row> {
  readonly rows: readonly Row[];
  /** Lost their oldest turns. */
  readonly cut: number;
  /** Left out: the last question and the reply have no room. */
  readonly tooLong: number;
  /** Left out: equal to an earlier row. */
  readonly repeated: number;
}

/** Pieces of texts, each once: both replies of a dialogue begin with the same turns. */
export function textPieces(
  dialogues: readonly EncodedDialogue[],
  { text }: Pick<TokenLimits, "text">,
  marks: DialogueMarks,
): Made<readonly number[]> {
  const isNew = newcomers();
  let repeated = 0;
  let cut = 0;
  const rows = dialogues.flatMap(({ ids: { prompt, replies } }) =>
    replies.flatMap((reply) => {
      const pieces = piecesOf([...prompt, ...reply], text, marks);
      if (pieces.length > 1) cut++;
      const found = pieces.filter(isNew);
      repeated += pieces.length - found.length;
      return found;
    }),
  );
  return { rows, cut, tooLong: 0, repeated };
}

/** Preference pairs. */
export function dialoguePairs(
  dialogues: readonly EncodedDialogue[],
  { pair }: Pick<TokenLimits, "pair">,
  marks: DialogueMarks,
): Made<DialoguePair> {
  const rows: DialoguePair[] = [];
  let cut = 0;
  for (const { dialogue, ids } of dialogues) {
    const kept = cutDialogue(ids, pair, marks);
    if (kept === null) continue;
    if (kept.prompt.length < ids.prompt.length) cut++;
    const [chosenIds, rejectedIds] = kept.replies as readonly [number[], number[]];
    rows.push({ promptIds: kept.prompt, chosenIds, rejectedIds, meta: originOf(dialogue) });
  }
  return { rows, cut, tooLong: dialogues.length - rows.length, repeated: 0 };
}

/** Prompts, each once: of equal ones the first. */
export function dialoguePrompts(
  dialogues: readonly EncodedDialogue[],
  { prompt: room }: Pick<TokenLimits, "prompt">,
  marks: DialogueMarks,
): Made<DialoguePrompt> {
  const isNew = newcomers();
  const counts = { cut: 0, tooLong: 0, repeated: 0 };
  const rows: DialoguePrompt[] = [];
  for (const { dialogue, ids } of dialogues) {
    const kept = cutPrompt(ids.prompt, room, marks);
    if (kept === null) counts.tooLong++;
    else if (!isNew(kept)) counts.repeated++;
    else {
      if (kept.length < ids.prompt.length) counts.cut++;
      const { chosen, rejected } = dialogue;
      const chosenTokens = ids.replies[0]?.length ?? 0;
      const text = lastQuestion(dialogue);
      rows.push({ ids: kept, text, chosen, rejected, chosenTokens, meta: originOf(dialogue) });
    }
  }
  return { rows, ...counts };
}

/**
 * Whether policies are measured on a prompt: it is one question, whose chosen reply is no longer than
 * theirs may be.
 */
export function isMeasured(
  { chosenTokens, meta }: Pick<DialoguePrompt, "chosenTokens" | "meta">,
  { reply }: Pick<TokenLimits, "reply">,
): boolean {
  return meta.singleTurn && chosenTokens <= reply;
}

function originOf(dialogue: PartDialogue): DialogueOrigin {
  const { row, source, group } = dialogue;
  return { row, source, group, singleTurn: isSingleTurn(dialogue) };
}

/** A function that tells whether ids are not equal to earlier ones, but for collisions in 2^53. */
function newcomers(): (ids: readonly number[]) => boolean {
  const known = new Set<number>();
  return (ids) => {
    const { size } = known;
    known.add(hashText(ids.join()));
    return known.size > size;
  };
}
