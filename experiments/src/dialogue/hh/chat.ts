/**
 * How dialogues are tokens: BOS, then turns, each behind what says whose it is. For a tokenizer that
 * is trained on dialogues that is a token; for one that comes with a model it is words, as in the
 * published transcripts, which the model has met before.
 */
import { ExampleEncoder, type Message } from "@preflab/data";
import type { Tokenizer } from "@preflab/lm";
import type { TextEnds } from "../../text/tokenizer-stage.ts";
import { turnTemplate } from "../turn-template.ts";

/** What turns begin with; in no text. */
export const SPEAKERS = { user: "<|human|>", assistant: "<|assistant|>" } as const;

/** What turns of published transcripts begin with. */
const WORDS = { user: "\n\nHuman:", assistant: "\n\nAssistant:" } as const;

/**
 * Turns behind tokens, in Jinja, for tokenizers. EOS ends every reply, not the last one alone, so that
 * a model that has read nothing else learns from all of them to stop.
 */
export const CHAT_TEMPLATE: string = turnTemplate({ ...SPEAKERS, gap: "", ended: "every" });

/** Turns behind words. EOS ends the last reply, as in training of Rafailov et al. 2023. */
export const TRANSCRIPT_TEMPLATE: string = turnTemplate({ ...WORDS, gap: " ", ended: "last" });

/** Ids that have a meaning in dialogues. */
export interface DialogueMarks extends TextEnds {
  /** What the user's turns begin with. */
  readonly human: readonly number[];
}

/** Ids of a prompt, which ends where the assistant begins to speak, and of replies with EOS. */
export interface DialogueIds {
  readonly prompt: readonly number[];
  /** In the order given. */
  readonly replies: readonly (readonly number[])[];
}

/** Encodes dialogues with a tokenizer that has the template. */
export function dialogueEncoder(
  tokenizer: Tokenizer,
): (prompt: readonly Message[], replies: readonly string[]) => DialogueIds {
  const encoder = new ExampleEncoder(tokenizer);
  return (prompt, replies) => {
    const said = replies.map((content) => [{ role: "assistant", content }]);
    const { promptIds, completionIds } = encoder.row(prompt, said);
    return { prompt: [...promptIds], replies: completionIds.map((ids) => [...ids]) };
  };
}

/** Marks of a tokenizer that has tokens for turns, or words. */
export function dialogueMarks(tokenizer: Tokenizer, ends: TextEnds): DialogueMarks {
  const token = tokenizer.idOf(SPEAKERS.user);
  const words = () => Array.from(tokenizer.encode(WORDS.user, { addSpecialTokens: false }));
  return { ...ends, human: token === undefined ? words() : [token] };
}
