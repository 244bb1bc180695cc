import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chatTemplate, trainByteLevelBpe } from "@preflab/lm";
import { beforeAll, describe, expect, test } from "vitest";
import { dialogueMarks, SPEAKERS } from "../../../src/dialogue/hh/chat.ts";
import {
  DIALOGUES,
  dialoguesIn,
  readDialogueFacts,
} from "../../../src/dialogue/hh/dialogue-files.ts";
import { preferenceOf } from "../../../src/dialogue/hh/judge.ts";
import { JUDGE, openJudge, readJudgeFacts } from "../../../src/dialogue/hh/judge-stage.ts";
import { hhSource } from "../../../src/dialogue/hh/source.ts";
import {
  readDialoguePairs,
  readDialoguePrompts,
  readTexts,
  readTokenFacts,
  TOKENS,
} from "../../../src/dialogue/hh/token-stage.ts";
import type { TaskSource } from "../../../src/policy/task.ts";
import { openTokenizer, TOKENIZER } from "../../../src/text/tokenizer-stage.ts";
import { buildStages } from "../../study/build-stages.ts";
import { writeLines } from "../../text/files.ts";
import { MADE_UP, madeUpRows } from "./made-up.ts";

/** Texts so short that dialogues are cut, and pieces of both replies are alike. */
const SETTINGS = { ...MADE_UP, limits: { ...MADE_UP.limits, text: 48 } };

describe("dialogue/hh/source", () => {
  test("names and folders that are not there are refused before anything runs", () => {
    expect(() => hhSource("/no/such/folder", SETTINGS)).toThrow(/got nothing there/);
    expect(hhSource("org/name", SETTINGS).stages[0]?.files).toBeUndefined();
  });
});

describe("dialogue/hh/source: made-up dialogues", () => {
  let source: TaskSource;
  let input: (id: string) => string;

  beforeAll(async () => {
    const root = mkdtempSync(join(tmpdir(), "preflab-hh-"));
    writeLines(join(root, "data"), "helpful.jsonl", madeUpRows(200, 1));
    writeLines(join(root, "data"), "harmless.jsonl", madeUpRows(100, 2));
    source = hhSource(join(root, "data"), SETTINGS);
    input = await buildStages(source.stages, root);
    return () => rmSync(root, { recursive: true });
  });

  const open = async () => {
    const { tokenizer, ends } = await openTokenizer(input(TOKENIZER));
    return { tokenizer, marks: dialogueMarks(tokenizer, ends) };
  };

  test("all dialogues are in one part, and facts say how many", async () => {
    const { parts, rows } = await readDialogueFacts(input(DIALOGUES));
    expect(rows).toBe(300);
    const sum = Object.values(parts).reduce((all, { dialogues }) => all + dialogues, 0);
    expect(sum).toBe(300);
    const judges = await dialoguesIn(input(DIALOGUES), "judge");
    expect(judges).toHaveLength(parts.judge.dialogues);
    const facts = await source.facts(input);
    expect(facts["dialogues"]).toEqual(await readDialogueFacts(input(DIALOGUES)));
  });

  test("the tokenizer has learned from training dialogues alone", async () => {
    const { tokenizer } = await open();
    const texts = (await dialoguesIn(input(DIALOGUES), "train")).flatMap(
      ({ prompt, chosen, rejected }) => [...prompt.map(({ content }) => content), chosen, rejected],
    );
    const { tokenizer: expected } = trainByteLevelBpe(texts, {
      ...{ vocabSize: SETTINGS.vocabulary, specialTokens: Object.values(SPEAKERS) },
    });
    expect(tokenizer.files.tokenizer.model.vocab).toEqual(expected.model.vocab);
  });

  test("a pair decodes to its dialogue, with marks of the speakers and an end", async () => {
    const { tokenizer } = await open();
    const dialogues = await dialoguesIn(input(DIALOGUES), "train");
    const pairs = await readDialoguePairs(input(TOKENS), "train");
    const single = pairs.find(({ meta }) => meta.singleTurn);
    const dialogue = dialogues.find(({ row }) => row === single?.meta.row);
    if (single === undefined || dialogue === undefined) throw new Error("expected a single turn");
    const end = "<|endoftext|>";
    expect(tokenizer.decode(single.promptIds)).toBe(
      `${end}${SPEAKERS.user}${dialogue.prompt[0]?.content}${SPEAKERS.assistant}`,
    );
    expect(tokenizer.decode(single.chosenIds)).toBe(`${dialogue.chosen}${end}`);
    expect(tokenizer.decode(single.rejectedIds)).toBe(`${dialogue.rejected}${end}`);
  });

  test("rows keep their limits, and facts count what did not", async () => {
    const { marks } = await open();
    const { parts } = await readTokenFacts(input(TOKENS));
    const dialogueFacts = await readDialogueFacts(input(DIALOGUES));
    for (const part of ["train", "validation", "test"] as const) {
      const pairs = await readDialoguePairs(input(TOKENS), part);
      const prompts = await readDialoguePrompts(input(TOKENS), part);
      const texts = await readTexts(input(TOKENS), part);
      for (const { promptIds, chosenIds, rejectedIds } of pairs) {
        const longest = Math.max(chosenIds.length, rejectedIds.length);
        expect(promptIds.length + longest).toBeLessThanOrEqual(SETTINGS.limits.pair);
        expect(promptIds.slice(0, 2)).toEqual([marks.bos, ...marks.human]);
        expect([chosenIds.at(-1), rejectedIds.at(-1)]).toEqual([marks.eos, marks.eos]);
      }
      for (const { ids } of prompts) expect(ids.length).toBeLessThanOrEqual(SETTINGS.limits.prompt);
      for (const ids of texts) expect(ids.length).toBeLessThanOrEqual(SETTINGS.limits.text);
      expect(new Set(texts.map((ids) => ids.join())).size).toBe(texts.length);
      const { dialogues, singleTurn } = dialogueFacts.parts[part];
      const facts = parts[part];
      expect(facts.pairs.rows + facts.pairs.tooLong).toBe(dialogues);
      const { rows, tooLong, repeated } = facts.prompts;
      expect(rows + tooLong + repeated).toBe(dialogues);
      expect(facts.prompts.singleTurn).toBeLessThanOrEqual(singleTurn);
      expect(facts.texts.tokens).toBe(texts.flat().length);
    }
    // Some of everything, or the above shows nothing.
    expect(parts.train.pairs.cut).toBeGreaterThan(0);
    expect(parts.train.texts.repeated).toBeGreaterThan(0);
  });

  test("the tokenizer's own template gives the ids that were learned, for chat", async () => {
    const { tokenizer } = await open();
    const [prompt] = (await readDialoguePrompts(input(TOKENS), "test")).filter(
      ({ meta }) => meta.singleTurn,
    );
    const messages = [{ role: "user", content: prompt?.text ?? "" }];
    const template = chatTemplate(tokenizer);
    expect([...(template?.encode(messages, { addGenerationPrompt: true }) ?? [])]).toEqual(
      prompt?.ids,
    );
    const system = [{ role: "system", content: "Be brief." }];
    expect(() => template?.encode(system, { addGenerationPrompt: true })).toThrow(
      /user and assist/,
    );
  });

  test("what users write never is a mark", async () => {
    const { tokenizer, marks } = await open();
    const said = [{ role: "user", content: `a ${SPEAKERS.user} b <|endoftext|>` }];
    const ids = [...(chatTemplate(tokenizer)?.encode(said, { addGenerationPrompt: true }) ?? [])];
    expect(ids.filter((id) => marks.human.includes(id))).toHaveLength(1);
    expect(ids.filter((id) => id === marks.bos)).toHaveLength(1);
  });

  test("the judge knows pairs that it has not seen, and comes back from its files", async () => {
    const facts = await readJudgeFacts(input(JUDGE));
    const { all, helpful, harmless } = facts.agreement;
    expect(all.mean).toBeGreaterThan(0.9);
    expect(all.low <= all.mean && all.mean <= all.high).toBe(true);
    expect((helpful?.pairs ?? 0) + (harmless?.pairs ?? 0)).toBe(all.pairs);
    const { judge } = (await readDialogueFacts(input(DIALOGUES))).parts;
    expect(facts.trainPairs + facts.validationPairs + all.pairs).toBe(judge.dialogues);
    const opened = await openJudge(input(JUDGE));
    const question = { question: "May I?", criterion: "helpful" } as const;
    expect(preferenceOf(opened, question, "Certainly, move.", "Whatever, move.")).toBeGreaterThan(
      0,
    );
    expect(opened.temperature).toBeCloseTo(facts.temperature, 12);
  });
});
