/** What a policy that learns from its own samples has become, on prompts that it does not learn from. */
import { meanAndError } from "@preflab/lm";
import {
  type CheckedReward,
  type PolicyPrompt,
  type RewardInput,
  rewardInput,
} from "@preflab/rlhf";
import type { RolloutModels } from "./rollout-models.ts";
import { completionSample } from "./rollout-samples.ts";
import { sampleMeter } from "./sample-meter.ts";
import type { Sample } from "./samples.ts";

/** A line of metrics.jsonl. */
type Row = Readonly<Record<string, unknown>>;

/** What a policy was found to be. */
export interface RolloutMeasurement {
  /** Names begin with `eval/`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Lines for samples.jsonl. */
  readonly samples: readonly Sample[];
}

/** Measures a policy. */
export interface RolloutEvaluation {
  measure(step: number): Promise<RolloutMeasurement>;
  dispose(): void;
}

/** What is measured how. */
export interface RolloutEvaluationOptions {
  /** At least one. */
  readonly prompts: readonly PolicyPrompt[];
  readonly decode: ((ids: readonly number[]) => string) | null;
  /** Completions of each prompt. */
  readonly samples: number;
  readonly maxNewTokens: number;
  readonly seed: number;
  /** Texts scored together. */
  readonly batchSize: number;
  /** Lines for samples.jsonl. */
  readonly shown: number;
  /** Metrics of the run so far, from which queries are counted on. */
  readonly past: readonly Row[];
}

/**
 * An evaluation: `eval/kl` and what else `sampleMeter` measures; `eval/score` and `eval/gold` with
 * standard errors, what both rewards say of the same completions; `eval/score_queries` and
 * `eval/gold_queries`, completions that evaluations have asked about so far.
 */
export function rolloutEvaluation(
  { trained, reference, reward, gold }: RolloutModels,
  { prompts, decode, shown, past, ...options }: RolloutEvaluationOptions,
): RolloutEvaluation {
  const judges = [judge("score", reward, past), ...(gold ? [judge("gold", gold, past)] : [])];
  const ids = prompts.map((prompt) => prompt.ids);
  const sampling = { ...options, ...(decode && { decode }) };
  const meter = sampleMeter(trained.policy, reference, ids, sampling);
  const measure = async (step: number): Promise<RolloutMeasurement> => {
    const { metrics, completions } = await meter.measure();
    const inputs = completions.map((completion) => rewardInput(prompts, completion));
    const judged: (readonly [string, Judgement])[] = [];
    for (const { name, score } of judges) judged.push([name, await score(inputs)]);
    const samples = inputs.slice(0, shown).map((input, i) => ({
      ...{ step, part: "eval" },
      ...completionSample(input, completions[i]?.finish !== "length"),
      ...Object.fromEntries(judged.map(([name, { scores }]) => [name, scores[i]])),
    }));
    const numbers = judged.map(([, judgement]) => judgement.metrics);
    return { metrics: Object.assign({}, metrics, ...numbers), samples };
  };
  return { measure, dispose: () => meter.dispose() };
}

/** What a reward says. */
interface Judgement {
  readonly scores: Float64Array;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A reward whose queries are counted. @param past metrics of the run so far */
function judge(
  name: string,
  reward: CheckedReward,
  past: readonly Row[],
): { readonly name: string; score(inputs: readonly RewardInput[]): Promise<Judgement> } {
  const key = `eval/${name}_queries`;
  let queries = Number(past.findLast((row) => key in row)?.[key] ?? 0);
  const score = async (inputs: readonly RewardInput[]) => {
    const scores = await reward.score(inputs);
    queries += scores.length;
    const { mean, error } = meanAndError(scores);
    const metrics = {
      [`eval/${name}`]: mean,
      ...(scores.length > 1 && { [`eval/${name}_error`]: error }),
      [key]: queries,
    };
    return { scores, metrics };
  };
  return { name, score };
}
