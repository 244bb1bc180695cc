/** The stages that make tokens of dialogues: the tokenizer, then texts, pairs and prompts with it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SplitName } from "@preflab/data";
import type { Stage } from "../../study/experiment.ts";
import { writeJson } from "../../study/stage-training.ts";
import { quantile } from "../../study/statistics/bootstrap.ts";
import { rowsOf, writeRows } from "../../text/row-files.ts";
import { openTokenizer, TOKENIZER, tokenizerStage } from "../../text/tokenizer-stage.ts";
import { CHAT_TEMPLATE, dialogueEncoder, dialogueMarks, SPEAKERS } from "./chat.ts";
import { DIALOGUES, dialoguesIn } from "./dialogue-files.ts";
import { readIdLists, writeIdLists } from "./id-file.ts";
import type { HhSettings } from "./settings.ts";
import type { PartDialogue } from "./split.ts";
import {
  type DialoguePair,
  type DialoguePrompt,
  dialoguePairs,
  dialoguePrompts,
  type EncodedDialogue,
  isMeasured,
  type Made,
  type TokenLimits,
  textPieces,
} from "./token-rows.ts";

/** Id of the stage with texts, pairs and prompts. */
export const TOKENS = "tokens";

const FACTS = "tokens.json";
/** Parts with tokens. The judge's part is none of them: no method has to do with it. */
export const TOKEN_PARTS: readonly SplitName[] = ["train", "validation", "test"];

/** Rows of a kind in a part. */
export interface RowCounts extends Readonly<Record<"cut" | "tooLong" | "repeated", number>> {
  readonly rows: number;
  readonly tokens: number;
}

/** Lengths in tokens. */
export interface TokenLengths {
  readonly median: number;
  /** 90 in 100 are not longer. */
  readonly p90: number;
}

/** What is known of the tokens of a part. */
export interface PartTokenFacts {
  readonly texts: RowCounts;
  readonly pairs: RowCounts & { readonly singleTurn: number };
  readonly prompts: RowCounts & {
    readonly singleTurn: number;
    /** See {@link isMeasured}. */
    readonly measured: number;
  };
  /** Of all dialogues whose prompt is one question, nothing cut; null without any. */
  readonly singleTurn: {
    /** With BOS and the tokens of both turns. */
    readonly prompt: TokenLengths;
    /** With EOS. */
    readonly chosen: TokenLengths;
    readonly rejected: TokenLengths;
  } | null;
}

/** What is known of the tokens. */
export interface TokenFacts {
  readonly vocabulary: number;
  readonly parts: Readonly<Record<SplitName, PartTokenFacts>>;
}

/** The stage that trains the tokenizer, on training dialogues alone. */
export function dialogueTokenizerStage(settings: Pick<HhSettings, "vocabulary">): Stage {
  return tokenizerStage(settings, {
    from: DIALOGUES,
    texts: async (folder) => turnTexts(await dialoguesIn(folder, "train")),
    specialTokens: Object.values(SPEAKERS),
    chatTemplate: CHAT_TEMPLATE,
  });
}

/** The stage that tokenizes. */
export function tokenStage({ limits }: Pick<HhSettings, "limits">): Stage {
  return {
    id: TOKENS,
    title: "texts, pairs and prompts",
    config: { limits: { ...limits } },
    inputs: [DIALOGUES, TOKENIZER],
    build: async ({ folder, input, signal, progress, say }) => {
      const { tokenizer, ends } = await openTokenizer(input(TOKENIZER));
      const marks = dialogueMarks(tokenizer, ends);
      const encode = dialogueEncoder(tokenizer);
      const facts: Partial<Record<SplitName, PartTokenFacts>> = {};
      for (const part of TOKEN_PARTS) {
        signal.throwIfAborted();
        progress({ done: TOKEN_PARTS.indexOf(part), total: TOKEN_PARTS.length });
        const dialogues = await dialoguesIn(input(DIALOGUES), part);
        const encoded = dialogues.map((dialogue) => {
          const { prompt, chosen, rejected } = dialogue;
          return { dialogue, ids: encode(prompt, [chosen, rejected]) };
        });
        const texts = textPieces(encoded, limits, marks);
        const pairs = dialoguePairs(encoded, limits, marks);
        const prompts = dialoguePrompts(encoded, limits, marks);
        await writeIdLists(textFile(folder, part), texts.rows);
        await writeRows(pairFile(folder, part), pairs.rows);
        await writeRows(promptFile(folder, part), prompts.rows);
        const own = factsOf(encoded, limits, texts, pairs, prompts);
        facts[part] = own;
        say(
          `${part}: ${own.texts.tokens} tokens of text, ${own.pairs.rows} pairs, ` +
            `${own.prompts.rows} prompts, ${own.prompts.singleTurn} of one question, ` +
            `${own.prompts.measured} of them with a chosen reply of at most ${limits.reply} tokens`,
        );
      }
      const { vocabSize: vocabulary } = tokenizer;
      await writeJson(join(folder, FACTS), { vocabulary, parts: facts });
    },
  };
}

/** Texts of a part to learn the language from, of a finished stage. */
export function readTexts(folder: string, part: SplitName): Promise<number[][]> {
  return readIdLists(textFile(folder, part));
}

/** Pairs of a part, of a finished stage. */
export function readDialoguePairs(folder: string, part: SplitName): Promise<DialoguePair[]> {
  return rowsOf<DialoguePair>(pairFile(folder, part));
}

/** Prompts of a part, of a finished stage. */
export function readDialoguePrompts(folder: string, part: SplitName): Promise<DialoguePrompt[]> {
  return rowsOf<DialoguePrompt>(promptFile(folder, part));
}

/** What is known of them. */
export async function readTokenFacts(folder: string): Promise<TokenFacts> {
  return JSON.parse(await readFile(join(folder, FACTS), "utf8")) as TokenFacts;
}

function* turnTexts(dialogues: readonly PartDialogue[]): Generator<string> {
  for (const { prompt, chosen, rejected } of dialogues) {
    for (const { content } of prompt) yield content;
    yield chosen;
    yield rejected;
  }
}

function factsOf(
  encoded: readonly EncodedDialogue[],
  limits: TokenLimits,
  texts: Made<readonly number[]>,
  pairs: Made<DialoguePair>,
  prompts: Made<DialoguePrompt>,
): PartTokenFacts {
  const single = encoded.filter(({ dialogue }) => dialogue.prompt.length === 1);
  const lengths = (of: (row: EncodedDialogue) => number): TokenLengths => {
    const sorted = single.map(of).sort((a, b) => a - b);
    return { median: quantile(sorted, 0.5), p90: quantile(sorted, 0.9) };
  };
  const reply = (i: number) => lengths(({ ids }) => ids.replies[i]?.length ?? 0);
  return {
    texts: countsOf(texts, (ids) => ids.length),
    pairs: {
      ...countsOf(pairs, ({ promptIds, chosenIds, rejectedIds }) => {
        return 2 * promptIds.length + chosenIds.length + rejectedIds.length;
      }),
      singleTurn: singleTurns(pairs.rows),
    },
    prompts: {
      ...countsOf(prompts, ({ ids }) => ids.length),
      singleTurn: singleTurns(prompts.rows),
      measured: prompts.rows.filter((prompt) => isMeasured(prompt, limits)).length,
    },
    singleTurn:
      single.length === 0
        ? null
        : {
            prompt: lengths(({ ids }) => ids.prompt.length),
            ...{ chosen: reply(0), rejected: reply(1) },
          },
  };
}

function countsOf<Row>({ rows, ...counts }: Made<Row>, tokensOf: (row: Row) => number): RowCounts {
  return {
    ...counts,
    ...{ rows: rows.length, tokens: rows.reduce((sum, row) => sum + tokensOf(row), 0) },
  };
}

function singleTurns(rows: readonly (DialoguePair | DialoguePrompt)[]): number {
  return rows.filter(({ meta }) => meta.singleTurn).length;
}

function textFile(folder: string, part: SplitName): string {
  return join(folder, `texts.${part}.ids`);
}

function pairFile(folder: string, part: SplitName): string {
  return join(folder, `pairs.${part}.jsonl`);
}

function promptFile(folder: string, part: SplitName): string {
  return join(folder, `prompts.${part}.jsonl`);
}
