import { chatTemplate, Tokenizer, trainByteLevelBpe } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import {
  dialogueEncoder,
  dialogueMarks,
  TRANSCRIPT_TEMPLATE,
} from "../../../src/dialogue/hh/chat.ts";

const ENDS = { bos: 0, eos: 0, pad: 1 };
const END = "<|endoftext|>";

/** A tokenizer without tokens for turns, as those of published models. */
function tokenizerOf(template: string): Tokenizer {
  const texts = ["\n\nHuman: What is a kite?\n\nAssistant: A toy.", "\n\nHuman: Why?"];
  const { tokenizer, config } = trainByteLevelBpe(texts, { vocabSize: 300 });
  return new Tokenizer(tokenizer, { ...config, chat_template: template });
}

describe("dialogue/hh/chat: turns behind words", () => {
  const tokenizer = tokenizerOf(TRANSCRIPT_TEMPLATE);
  const said = [
    { role: "user", content: "What is a kite?" },
    { role: "assistant", content: "A toy." },
    { role: "user", content: "Why?" },
  ];

  test("a dialogue is its transcript, with EOS behind the last reply alone", () => {
    const { prompt, replies } = dialogueEncoder(tokenizer)(said, ["It flies.", "No idea."]);
    expect(tokenizer.decode([...prompt])).toBe(
      `${END}\n\nHuman: What is a kite?\n\nAssistant: A toy.\n\nHuman: Why?\n\nAssistant:`,
    );
    expect(replies.map((ids) => tokenizer.decode([...ids]))).toEqual([
      ` It flies.${END}`,
      ` No idea.${END}`,
    ]);
  });

  test("every question begins with the marks, and nothing else does", () => {
    const { human } = dialogueMarks(tokenizer, ENDS);
    expect(tokenizer.decode([...human])).toBe("\n\nHuman:");
    const { prompt } = dialogueEncoder(tokenizer)(said, []);
    const starts = prompt.flatMap((_, i) =>
      human.every((id, j) => prompt[i + j] === id) ? [i] : [],
    );
    expect(starts).toHaveLength(2);
    expect(starts[0]).toBe(1);
  });

  test("chat puts questions as training did, and refuses other roles", () => {
    const template = chatTemplate(tokenizer);
    const ids = template?.encode(said, { addGenerationPrompt: true });
    expect([...(ids ?? [])]).toEqual(dialogueEncoder(tokenizer)(said, []).prompt);
    const system = [{ role: "system", content: "Be brief." }];
    expect(() => template?.encode(system, { addGenerationPrompt: true })).toThrow(
      /user and assist/,
    );
  });
});
