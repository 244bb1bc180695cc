/**
 * Dialogues cut to a length. Prompts lose their oldest turns, always up to one of the user's, so that
 * what is left begins as a dialogue does. Replies are never cut: what they were preferred for may be
 * at their end, and without EOS they would not teach to stop. Pure.
 */
import type { DialogueIds, DialogueMarks } from "./chat.ts";

type Marks = Pick<DialogueMarks, "bos" | "human">;

/** The shortest piece that there is something to learn from. */
const LEAST = 2;

/**
 * The last turns of a prompt, behind BOS.
 * @param room most tokens
 * @returns null where not even the last question has room
 */
export function cutPrompt(
  prompt: readonly number[],
  room: number,
  { bos, human }: Marks,
): readonly number[] | null {
  if (prompt.length <= room) return prompt;
  const first = prompt.findIndex(
    (_, i) => beginsWith(prompt, i, human) && prompt.length - i + 1 <= room,
  );
  return first < 0 ? null : [bos, ...prompt.slice(first)];
}

/** A dialogue whose prompt is cut such that each reply has room; null where that cannot be. */
export function cutDialogue(
  { prompt, replies }: DialogueIds,
  maxLength: number,
  marks: Marks,
): DialogueIds | null {
  const longest = Math.max(...replies.map(({ length }) => length));
  const kept = cutPrompt(prompt, maxLength - longest, marks);
  return kept && { prompt: kept, replies };
}

/**
 * All of a dialogue in pieces: as many questions with their replies as have room, behind BOS. Those
 * that are longer than a piece go on in further ones, without BOS.
 * @param ids BOS and all turns
 */
export function piecesOf(ids: readonly number[], maxLength: number, marks: Marks): number[][] {
  const pieces: number[][] = [];
  let piece: number[] = [];
  for (const exchange of exchangesOf(ids, marks)) {
    if (piece.length > 0 && piece.length + exchange.length <= maxLength) {
      piece.push(...exchange);
      continue;
    }
    if (piece.length > 0) pieces.push(piece);
    piece = [marks.bos, ...exchange];
    while (piece.length > maxLength) {
      pieces.push(piece.slice(0, maxLength));
      piece = piece.slice(maxLength);
    }
  }
  return [...pieces, piece].filter(({ length }) => length >= LEAST);
}

/** Questions with their replies, without BOS. */
function exchangesOf(ids: readonly number[], { human }: Marks): number[][] {
  const starts = ids.flatMap((_, i) => (i === 1 || beginsWith(ids, i, human) ? [i] : []));
  return starts.map((start, i) => ids.slice(start, starts[i + 1] ?? ids.length));
}

function beginsWith(ids: readonly number[], at: number, words: readonly number[]): boolean {
  return words.every((id, i) => ids[at + i] === id);
}
