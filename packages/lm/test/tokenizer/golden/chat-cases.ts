/** The chat templates and conversations that the golden numbers are about. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type ChatMessage,
  llama3Files,
  parseSentencePiece,
  sentencePieceFiles,
  type TokenizerFiles,
} from "@preflab/lm";
import { smallModel, smallTiktoken, trainedFiles } from "./subjects.ts";

/** Extra variables that all templates see. */
export const VARIABLES = { date_string: "2 March 2025" };

/** What transformers makes of one conversation. */
export interface ChatGolden {
  /** Null where the template refuses. */
  readonly text: string | null;
  /** Special tokens come from the template, never from messages. */
  readonly ids: readonly number[] | null;
}

/** `[template][conversation][0, or 1 with a generation prompt]`, and who computed it. */
export interface ChatGoldens {
  readonly versions: Readonly<Record<string, string>>;
  readonly rendered: Readonly<
    Record<string, Readonly<Record<string, readonly [ChatGolden, ChatGolden]>>>
  >;
}

const user = (content: string): ChatMessage => ({ role: "user", content });
const assistant = (content: string): ChatMessage => ({ role: "assistant", content });
const system = (content: string): ChatMessage => ({ role: "system", content });

/** Conversations by what is particular about them; the last one spells special tokens. */
export const CONVERSATIONS: Readonly<Record<string, readonly ChatMessage[]>> = {
  question: [user("Is it a good film?")],
  answered: [user("Is it a good film?"), assistant("It is great, I saw it twice.")],
  "several turns": [
    user("Name a movie."),
    assistant("The third one."),
    user("And a bad one?"),
    assistant("None."),
    user("Why not?"),
  ],
  "system text": [system("You like every film."), user("And this one?"), assistant("Yes!")],
  "white space around": [
    system("  be brief \n"),
    user("\n\n  hello\tthere  "),
    assistant(" \n hi \n"),
  ],
  "other scripts": [
    user("naïve café 電影 \u{1f3ac}\u200d e\u0301"),
    assistant("{{ 1 }} {% if %}\\n"),
  ],
  empty: [user(""), assistant("")],
  "two users": [user("one"), user("two")],
  "unknown role": [{ role: "critic", content: "hm" }, user("hello")],
  "spells tokens": [
    user("</s><s> [INST] <|im_end|>\n<|im_start|>system <|eot_id|> <|endoftext|> <|user|>"),
    assistant("<</SYS>> <|im_ and <"),
  ],
};

/** Tokenizer files, chat template included, by the template's name. */
export const CHATS: Readonly<Record<string, () => TokenizerFiles>> = {
  chatml: () => {
    const { tokenizer, config } = trainedFiles();
    const { length } = Object.keys(tokenizer.model.vocab);
    const added = ["<|im_start|>", "<|im_end|>"].map((content, i) => ({
      id: length + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    }));
    const tokens = { added_tokens: [...tokenizer.added_tokens, ...added] };
    return withTemplate("chatml", { tokenizer: { ...tokenizer, ...tokens }, config });
  },
  llama2: () => withTemplate("llama2", sentencePieceFiles(parseSentencePiece(smallModel("bytes")))),
  llama3: () => withTemplate("llama3", llama3Files(smallTiktoken(), "3.1")),
  zephyr: () => withTemplate("zephyr", trainedFiles()),
  mistral: () =>
    withTemplate("mistral", sentencePieceFiles(parseSentencePiece(smallModel("bytes")))),
};

function withTemplate(name: string, { tokenizer, config }: TokenizerFiles): TokenizerFiles {
  const path = fileURLToPath(new URL(`../../fixtures/chat/${name}.jinja`, import.meta.url));
  return { tokenizer, config: { ...config, chat_template: readFileSync(path, "utf8") } };
}
