/** A task of real dialogues, from the stages that have made tokens of them and have trained a judge. */
import { RandomStream, shuffled, type Tokenizer } from "@preflab/lm";
import type { PolicyPrompt } from "@preflab/rlhf";
import type { PreferenceTask, ReplyComparison } from "../../policy/task.ts";
import { openTokenizer, type TextEnds, TOKENIZER } from "../../text/tokenizer-stage.ts";
import { dialogueEncoder } from "./chat.ts";
import { JUDGE, openJudge, readJudgeFacts } from "./judge-stage.ts";
import { chosenReplies, judgedReward, judgeWords, replyJudgeOf } from "./judged-replies.ts";
import { criterionOf } from "./reply-features.ts";
import type { HhSettings } from "./settings.ts";
import { someOf } from "./some-of.ts";
import { type DialoguePrompt, isMeasured, type TokenLimits } from "./token-rows.ts";
import { readDialoguePrompts, readTexts, TOKENS } from "./token-stage.ts";

/** Dialogues in front of a prompt, for a model that has only learned the language: as in the paper. */
const EXAMPLES = 2;

/** Opens the task. Nothing about its language is known exactly. @param input folder of a stage */
export async function openHhTask(
  { limits, most, seed }: HhSettings,
  input: (id: string) => string,
): Promise<PreferenceTask> {
  const { tokenizer, ends } = await openTokenizer(input(TOKENIZER));
  const tokens = input(TOKENS);
  const texts = {
    train: await readTexts(tokens, "train"),
    validation: await readTexts(tokens, "validation"),
  };
  const train = await readDialoguePrompts(tokens, "train");
  const measured = async (part: "validation" | "test") => {
    const all = await readDialoguePrompts(tokens, part);
    return someOf(
      all.filter((prompt) => isMeasured(prompt, limits)),
      most.prompts[part],
      new RandomStream(seed, `hh/prompts/${part}`),
    );
  };
  const prompts = {
    train: someOf(train, most.prompts.train, new RandomStream(seed, "hh/prompts/train")),
    ...{ validation: await measured("validation"), test: await measured("test") },
  };
  const judge = await openJudge(input(JUDGE));
  const chosen = chosenReplies(Object.values(prompts).flat());
  const comparison: ReplyComparison = {
    facts: judgeWords(await readJudgeFacts(input(JUDGE))),
    judge: async () => replyJudgeOf(judge, [...prompts.validation, ...prompts.test]),
    rival: (prompt) => chosen.of(prompt),
    // All parts are about everything that people asked.
    newTopics: [],
    withExamples: behindExamples(exampleIds(train, limits, tokenizer), ends),
    panel: null,
  };
  return {
    ...{ tokenizer, files: tokenizer.files, specialIds: ends, prompts, comparison },
    texts: (use, count) =>
      shuffled(texts[use], new RandomStream(seed, `hh/texts/${use}`)).slice(0, count),
    gold: async () =>
      judgedReward(judge, chosen, (ids) =>
        tokenizer.decode(Array.from(ids).filter((id) => id !== ends.eos)),
      ),
    ...{ isValid: null, entropy: null },
  };
}

/**
 * The first training dialogues of one question that was asked to be answered helpfully, as ids with
 * BOS and EOS. Each takes no more room than is left for the prompt.
 */
function exampleIds(
  train: readonly DialoguePrompt[],
  limits: TokenLimits,
  tokenizer: Tokenizer,
): number[][] {
  const encode = dialogueEncoder(tokenizer);
  const room = (limits.text - limits.reply) / (EXAMPLES + 1);
  const examples: number[][] = [];
  for (const row of train) {
    if (examples.length === EXAMPLES) break;
    if (!isMeasured(row, limits) || criterionOf(row.meta.source) !== "helpful") continue;
    const { prompt, replies } = encode([{ role: "user", content: row.text }], [row.chosen]);
    const ids = [...prompt, ...(replies[0] ?? [])];
    if (ids.length <= room) examples.push(ids);
  }
  return examples;
}

/** Puts examples before prompts, as earlier turns of one dialogue. */
function behindExamples(
  examples: readonly (readonly number[])[],
  { bos }: Pick<TextEnds, "bos">,
): ReplyComparison["withExamples"] {
  return (prompt: PolicyPrompt, most: number) => {
    const turns = prompt.ids.slice(1);
    const kept: number[] = [bos];
    for (const [, ...example] of examples) {
      if (kept.length + example.length + turns.length <= most) kept.push(...example);
    }
    return { ids: [...kept, ...turns], text: prompt.text };
  };
}
