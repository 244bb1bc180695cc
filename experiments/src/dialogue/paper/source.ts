/**
 * The task of the paper's setting: Anthropic's dialogues as transcripts in tokens of a published
 * model, and a service that compares replies. All else is as for dialogues on a small machine.
 */

import type { EndpointSettings } from "../../judges/settings.ts";
import {
  type HubModel,
  hubModelStage,
  PRETRAINED,
  type RandomModel,
  randomModelStage,
  readPretrainedFacts,
} from "../../policy/stages/pretrained.ts";
import type { TaskSource } from "../../policy/task.ts";
import type { Stage } from "../../study/experiment.ts";
import { asJson } from "../../study/plain-data.ts";
import type { Deviation } from "../../study/results.ts";
import { TOKENIZER } from "../../text/tokenizer-stage.ts";
import { DIALOGUES, dialoguesIn } from "../hh/dialogue-files.ts";
import type { HhSettings } from "../hh/settings.ts";
import { hhSource } from "../hh/source.ts";
import { decisive } from "./judge-settings.ts";
import {
  ENDPOINT_JUDGE,
  endpointJudgeStage,
  endpointWords,
  pairJudge,
  readEndpointFacts,
} from "./judge-stage.ts";
import { PAPER_LABELS } from "./labels.ts";
import { pretrainedTokenizerStage } from "./tokenizer-stage.ts";

/** All that decides the task, beside the dialogues and the judge. */
export interface PaperTask {
  readonly model: HubModel | RandomModel;
  /** Where dialogues come from unless `--data` says: a data set on the Hub. */
  readonly dialogues: string;
  readonly hh: HhSettings;
  /** Pairs of people that the judge is measured on. */
  readonly judgedPairs: number;
}

/** The source of the task. @param data dialogues on this machine; null for those of the Hub */
export function paperSource(
  data: string | null,
  { model, dialogues, hh, judgedPairs }: PaperTask,
  judge: EndpointSettings,
  deviations: readonly Deviation[],
): TaskSource {
  const base = hhSource(data ?? dialogues, hh);
  const named = new Set(deviations.map(({ item }) => item));
  return {
    ...base,
    config: asJson({
      kind: "paper",
      base: base.config,
      model,
      judgedPairs,
      judge: decisive(judge),
    }),
    stages: base.stages.flatMap((stage) =>
      stage.id === TOKENIZER
        ? [
            endpointJudgeStage(judge, judgedPairs, hh.seed),
            modelStage(model),
            pretrainedTokenizerStage(),
          ]
        : [stage],
    ),
    inputs: [...base.inputs, PRETRAINED, ENDPOINT_JUDGE],
    labels: PAPER_LABELS,
    deviations: [...deviations, ...base.deviations.filter(({ item }) => !named.has(item))],
    open: async (input) => {
      const task = await base.open(input);
      if (!task.comparison) throw new Error("paperSource: expected a task that compares replies.");
      const facts = endpointWords(await readEndpointFacts(input(ENDPOINT_JUDGE)));
      const comparison = { ...task.comparison, facts, judge: async () => pairJudge(judge) };
      return { ...task, comparison };
    },
    facts: async (input) => ({
      ...(await base.facts(input)),
      pretrained: { ...(await readPretrainedFacts(input(PRETRAINED))) },
      endpoint: asJson(await readEndpointFacts(input(ENDPOINT_JUDGE))),
    }),
  };
}

function modelStage(model: HubModel | RandomModel): Stage {
  if (model.kind === "hub") return hubModelStage(model);
  return randomModelStage(model, {
    from: DIALOGUES,
    read: async (folder) =>
      (await dialoguesIn(folder, "train")).flatMap(({ chosen, rejected }) => [chosen, rejected]),
  });
}
