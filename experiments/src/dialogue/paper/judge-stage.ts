/**
 * The stage that asks the service about pairs that people have compared, before anything is trained:
 * a key that is missing shows within minutes and not after days, and how often the service agrees
 * with people, and whether it favours a place, is known for all that follows.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RandomStream, shuffled } from "@preflab/lm";
import { CommandError } from "../../errors.ts";
import { endpointJudge } from "../../judges/endpoint/endpoint-judge.ts";
import type { Judge, JudgeCost, ReplyPair } from "../../judges/judge.ts";
import type { EndpointSettings } from "../../judges/settings.ts";
import { agreement } from "../../judges/statistics/agreement.ts";
import { positionBias } from "../../judges/statistics/position-bias.ts";
import type { Share } from "../../judges/statistics/share.ts";
import type { JudgeFacts, ShareOf } from "../../study/comparisons.ts";
import type { Stage } from "../../study/experiment.ts";
import { asJson } from "../../study/plain-data.ts";
import { writeJson } from "../../study/stage-training.ts";
import { DIALOGUES, dialoguesIn } from "../hh/dialogue-files.ts";
import { isSingleTurn, lastQuestion } from "../hh/transcript.ts";
import { decisive } from "./judge-settings.ts";

/** Id of the stage. */
export const ENDPOINT_JUDGE = "endpoint-judge";

const FILE = "endpoint-judge.json";

/** What is known of the service. */
export interface EndpointFacts {
  readonly name: string;
  /** With people, ties half. */
  readonly agreement: ShareOf;
  /** Of the first place among its choices; null where all were invalid in one of the orders. */
  readonly first: ShareOf | null;
  /** Pairs on which it was not understood. */
  readonly invalid: number;
  readonly cost: JudgeCost;
}

/** The stage that tries the judge. @param pairs of one question that it is asked about, at most */
export function endpointJudgeStage(settings: EndpointSettings, pairs: number, seed: number): Stage {
  return {
    id: ENDPOINT_JUDGE,
    title: "judge behind a service",
    config: { ...decisive(settings), pairs, sample: seed },
    inputs: [DIALOGUES],
    weight: 0.1,
    build: async ({ folder, input, signal, say }) => {
      const own = (await dialoguesIn(input(DIALOGUES), "judge")).filter(isSingleTurn);
      const dialogues = shuffled(own, new RandomStream(seed, "paper/judge")).slice(0, pairs);
      // Both orders, whatever is done later: else a place that it favours would not show.
      const judge = pairJudge({ ...settings, order: "both" });
      const judgements = await judge.compare(
        dialogues.map((dialogue) => ({
          prompt: lastQuestion(dialogue),
          ...{ reply: dialogue.chosen, rival: dialogue.rejected },
        })),
        signal,
      );
      const { rate, invalid } = agreement(
        judgements.map(({ preference }) => preference),
        dialogues.map(() => 1),
        dialogues.map(({ group }) => group),
      );
      if (rate === null) {
        throw new CommandError(
          `${judge.name}: expected answers about ${dialogues.length} pairs, got ${invalid} that are ` +
            "none. Take another model, or change its request.",
        );
      }
      const { first } = positionBias(judgements);
      const facts: EndpointFacts = {
        ...{ name: judge.name, agreement: shown(rate), first: first && shown(first) },
        ...{ invalid, cost: judge.cost },
      };
      await writeJson(join(folder, FILE), asJson(facts));
      say(`${endpointWords(facts).about}`);
    },
  };
}

/** What is known of the service, of a finished stage. */
export async function readEndpointFacts(folder: string): Promise<EndpointFacts> {
  return JSON.parse(await readFile(join(folder, FILE), "utf8")) as EndpointFacts;
}

/** The service as a judge of the task. Tokens of replies begin with a space, which it is not shown. */
export function pairJudge(settings: EndpointSettings): Judge & { dispose(): void } {
  const judge = endpointJudge(settings);
  const trimmed = ({ prompt, reply, rival }: ReplyPair): ReplyPair => {
    return { prompt, reply: reply.trim(), rival: rival.trim() };
  };
  return {
    name: judge.name,
    get cost() {
      return judge.cost;
    },
    compare: (pairs, signal) => judge.compare(pairs.map(trimmed), signal),
    // It holds nothing but counts.
    dispose: () => {},
  };
}

/** What results say of it. */
export function endpointWords({ name, agreement: agrees, first }: EndpointFacts): JudgeFacts {
  const bias = first
    ? ` Shown both orders it chose the first place in ${shareText(first)} of its answers.`
    : "";
  return {
    name,
    about:
      `A language model that is asked which reply helps more. It agrees with people on ` +
      `${shareText(agrees)} of ${agrees.count} pairs that no method has seen.${bias}`,
    accuracy: agrees,
  };
}

function shown({ mean, low, high, count }: Share): ShareOf {
  return { mean, low, high, count };
}

function shareText({ mean, low, high }: ShareOf): string {
  const percent = (share: number) => (100 * share).toFixed(1);
  return `${percent(mean)} % [${percent(low)}, ${percent(high)}]`;
}
