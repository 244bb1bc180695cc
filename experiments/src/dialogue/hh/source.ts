/** The task of real dialogues: what `--data` names, a tokenizer of their own and a held-out judge. */
import type { TaskSource } from "../../policy/task.ts";
import type { Stage } from "../../study/experiment.ts";
import { asJson } from "../../study/plain-data.ts";
import { isLocalData } from "../../text/data-place.ts";
import { TOKENIZER } from "../../text/tokenizer-stage.ts";
import { hhDeviations } from "./deviations.ts";
import { DIALOGUES, dialogueStage, readDialogueFacts } from "./dialogue-files.ts";
import { JUDGE, judgeStage, readJudgeFacts } from "./judge-stage.ts";
import { HH_LABELS } from "./labels.ts";
import { preferenceStage } from "./preference-stage.ts";
import type { HhSettings } from "./settings.ts";
import { openHhTask } from "./task.ts";
import { dialogueTokenizerStage, readTokenFacts, TOKENS, tokenStage } from "./token-stage.ts";

/**
 * The source of a task of real dialogues.
 * @param data a file or folder of transcript pairs, or a data set's name on the Hub
 * @throws DataError where there is nothing of that name
 */
export function hhSource(data: string, settings: HhSettings): TaskSource {
  return {
    config: asJson({ kind: "hh", settings }),
    stages: hhStages(data, settings),
    inputs: [TOKENIZER, TOKENS, JUDGE],
    files: [],
    labels: HH_LABELS,
    deviations: hhDeviations(settings),
    open: (input) => openHhTask(settings, input),
    facts: async (input) => ({
      dialogues: asJson(await readDialogueFacts(input(DIALOGUES))),
      tokens: asJson(await readTokenFacts(input(TOKENS))),
      judge: asJson(await readJudgeFacts(input(JUDGE))),
    }),
  };
}

/** Inputs before what needs them. */
function hhStages(data: string, settings: HhSettings): Stage[] {
  return [
    dialogueStage(data, isLocalData(data, "transcript pairs"), settings.shares),
    dialogueTokenizerStage(settings),
    tokenStage(settings),
    judgeStage(settings),
    preferenceStage(settings),
  ];
}
