import { describe, expect, test } from "vitest";
import { cutDialogue, cutPrompt, piecesOf } from "../../../src/dialogue/hh/lengths.ts";

const MARKS = { bos: 0, human: [1] };
const [BOS, H, A, EOS] = [0, 1, 2, 0];
const FIRST = [H, 10, 11, A, 12, EOS];
const SECOND = [H, 20, A, 21, 22, EOS];
const ASKED = [H, 30, 31, A];
const PROMPT = [BOS, ...FIRST, ...SECOND, ...ASKED];

describe("dialogue/hh/lengths", () => {
  test("prompts lose their oldest turns and begin with BOS and a question", () => {
    expect(cutPrompt(PROMPT, 17, MARKS)).toBe(PROMPT);
    expect(cutPrompt(PROMPT, 16, MARKS)).toEqual([BOS, ...SECOND, ...ASKED]);
    expect(cutPrompt(PROMPT, 11, MARKS)).toEqual([BOS, ...SECOND, ...ASKED]);
    expect(cutPrompt(PROMPT, 10, MARKS)).toEqual([BOS, ...ASKED]);
    expect(cutPrompt(PROMPT, 5, MARKS)).toEqual([BOS, ...ASKED]);
    expect(cutPrompt(PROMPT, 4, MARKS)).toBeNull();
  });

  test("a question may begin with several tokens, of which one alone is none", () => {
    const words = { bos: 0, human: [H, 30] };
    expect(cutPrompt(PROMPT, 16, words)).toEqual([BOS, ...ASKED]);
    expect(piecesOf([...PROMPT, 40, EOS], 13, words)).toEqual([
      [BOS, ...FIRST, ...SECOND],
      [BOS, ...ASKED, 40, EOS],
    ]);
  });

  test("the longer reply sets the room of the prompt, and replies stay whole", () => {
    const replies = [
      [40, EOS],
      [50, 51, 52, EOS],
    ];
    const cut = cutDialogue({ prompt: PROMPT, replies }, 15, MARKS);
    expect(cut).toEqual({ prompt: [BOS, ...SECOND, ...ASKED], replies });
    expect(cutDialogue({ prompt: PROMPT, replies }, 9, MARKS)?.prompt).toEqual([BOS, ...ASKED]);
    expect(cutDialogue({ prompt: PROMPT, replies }, 8, MARKS)).toBeNull();
  });

  test("pieces have whole questions with their replies as far as these fit", () => {
    const all = [...PROMPT, 40, EOS];
    expect(piecesOf(all, 30, MARKS)).toEqual([all]);
    expect(piecesOf(all, 13, MARKS)).toEqual([
      [BOS, ...FIRST, ...SECOND],
      [BOS, ...ASKED, 40, EOS],
    ]);
    expect(piecesOf(all, 7, MARKS)).toEqual([
      [BOS, ...FIRST],
      [BOS, ...SECOND],
      [BOS, ...ASKED, 40, EOS],
    ]);
  });

  test("what is longer than a piece goes on in the next, and no token gets lost", () => {
    const reply = Array.from({ length: 17 }, (_, i) => 100 + i);
    const all = [BOS, ...ASKED, ...reply, EOS, ...FIRST];
    const pieces = piecesOf(all, 10, MARKS);
    expect(pieces.every(({ length }) => length <= 10)).toBe(true);
    expect(pieces[1]?.[0]).toBe(105);
    expect(pieces.flat().filter((id) => id > 2)).toEqual(all.filter((id) => id > 2));
  });
});
