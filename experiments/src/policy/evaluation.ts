/** What a policy is worth: samples from held-out prompts, the same random numbers for all policies. */
import type { TokenizedPair } from "@preflab/data";
import {
  completionRow,
  klMeter,
  liveGenerator,
  meanAndError,
  type Predictor,
  padBatch,
  paddedLength,
  sequenceLogps,
  type TokenBatch,
  type TrainablePolicy,
  tokenLogps,
  toTensors,
} from "@preflab/lm";
import { CheckedReward, distinctN, type PolicyPrompt } from "@preflab/rlhf";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import type { Evaluation, SampleText } from "../study/results.ts";
import { preferencesByPrompt } from "./comparison/points.ts";
import { replyJudge } from "./comparison/reply-judge.ts";
import type { EvaluationSettings } from "./settings.ts";
import type { PreferenceTask } from "./task.ts";

const TIMEOUT_MS = 600_000;

/** Measures of a policy. */
export interface PolicyMeasures {
  readonly numbers: Omit<Evaluation, "step" | "examples">;
  readonly samples: readonly SampleText[];
}

/** Measures one policy at many steps. */
export interface PolicyEvaluation {
  measure(): Promise<PolicyMeasures>;
  dispose(): void;
}

/** What an evaluation is made of. */
export interface EvaluationParts {
  readonly task: PreferenceTask;
  readonly policy: TrainablePolicy;
  readonly reference: Predictor;
  /** The learned reward. */
  readonly proxy: CheckedReward;
  /** Held-out pairs, whose chosen completions' log-probability is measured. */
  readonly pairs: readonly TokenizedPair[];
  readonly settings: EvaluationSettings;
  readonly maxNewTokens: number;
  readonly batchSize: number;
  /** Ends what judges are asked. */
  readonly signal: AbortSignal;
}

/**
 * An evaluation of a policy, whose weights are read at every use: everything on test prompts, and the
 * two numbers that policies are selected by on validation prompts.
 */
export async function policyEvaluation(parts: EvaluationParts): Promise<PolicyEvaluation> {
  const { task, policy, reference, proxy, settings, maxNewTokens, batchSize } = parts;
  const { samples, seed } = settings;
  const generator = liveGenerator(policy);
  const current = (): Predictor => ({ config: policy.config, params: policy.parameters() });
  const meter = klMeter(current, () => reference);
  const chosen = chosenMeter(current, parts.pairs.slice(0, settings.pairs));
  const gold = new CheckedReward(await task.gold(), { timeoutMs: TIMEOUT_MS });
  const judge = task.comparison && (await replyJudge(task.comparison, parts.signal));

  /** Completions of the prompts of a part, samples of one prompt next to each other. */
  const sample = async (part: "validation" | "test") => {
    const prompts = task.prompts[part].slice(0, settings.prompts);
    const completions = await generator.generate(
      prompts.map(({ ids }) => ids),
      { maxNewTokens, samples, seed, temperature: 1 },
    );
    const promptOf = (prompt: number) => prompts[prompt] as PolicyPrompt;
    const rows = completions.map(({ prompt, ids }) => completionRow(promptOf(prompt).ids, ids));
    const maxLength = Math.max(...rows.map(({ ids }) => ids.length));
    const inputs = completions.map(({ prompt, ids }) => ({
      promptIds: promptOf(prompt).ids,
      completionIds: ids,
      prompt: promptOf(prompt).text,
      completion: task.tokenizer.decode([...ids]),
    }));
    const kl = await meter.measure(rows, { batchSize, maxLength });
    return { prompts, completions, rows, inputs, kl, golds: await gold.score(inputs) };
  };

  const measure = async (): Promise<PolicyMeasures> => {
    const held = await sample("validation");
    const { prompts, completions, rows, inputs, kl, golds } = await sample("test");
    const isEnd = completions.map(({ finish }) => finish === "eos");
    const bodies = completions.map(({ ids }, i) => (isEnd[i] ? ids.slice(0, -1) : ids));
    const preferences = await judge?.preferences(
      completions.map(({ prompt }, i) => ({
        prompt: prompts[prompt] as PolicyPrompt,
        text: task.tokenizer.decode(bodies[i] ?? []),
      })),
    );
    const wins = preferences && meanAndError(preferencesByPrompt(preferences, samples));
    const { isValid } = task;
    const perPrompt = { gold: byPrompt(golds, samples), kl: byPrompt(kl.exact, samples) };
    const [goldMean, klMean] = [meanAndError(perPrompt.gold), meanAndError(perPrompt.kl)];
    const over = (numbers: ArrayLike<number>) => meanAndError(byPrompt(numbers, samples));
    const [k1, k3, proxyMean] = [over(kl.k1), over(kl.k3), over(await proxy.score(inputs))];
    return {
      numbers: {
        ...{ gold: goldMean.mean, gold_error: goldMean.error },
        ...{ proxy: proxyMean.mean, proxy_error: proxyMean.error },
        ...{ kl: klMean.mean, kl_error: klMean.error },
        ...{ kl_k1: k1.mean, kl_k1_error: k1.error, kl_k3: k3.mean, kl_k3_error: k3.error },
        length: mean(completions.map(({ ids }) => ids.length)),
        eos_rate: mean(isEnd.map(Number)),
        ...(isValid && {
          validity: mean(rows.map(({ ids }) => Number(isValid(Array.from(ids))))),
        }),
        distinct_2: distinctN(bodies, 2),
        chosen_logp: await chosen.measure(),
        ...(wins && { win_rate: wins.mean, win_rate_error: wins.error }),
        validation: { gold: mean(held.golds), kl: mean(held.kl.exact) },
        per_prompt: perPrompt,
      },
      samples: inputs.flatMap(({ prompt, completion }, i) =>
        i % samples === 0 && i / samples < settings.shown
          ? [{ prompt: prompt ?? "", completion, gold: golds[i] as number }]
          : [],
      ),
    };
  };
  return {
    measure,
    dispose: () => {
      generator.dispose();
      meter.dispose();
      chosen.dispose();
      gold.dispose();
      judge?.dispose();
    },
  };
}

/** Mean log-probability of chosen completions, nats. */
function chosenMeter(
  policy: () => Predictor,
  pairs: readonly TokenizedPair[],
): { measure(): Promise<number>; dispose(): void } {
  const rows = pairs.map(({ promptIds, chosenIds }) => completionRow(promptIds, chosenIds));
  const longest = Math.max(...rows.map(({ ids }) => ids.length));
  const batch = toTensors(padBatch(rows, rows.length, paddedLength(longest, longest), 0));
  const program = jit(
    (tokens: TokenBatch) =>
      tf.mean(sequenceLogps(tokenLogps(policy(), tokens), tokens.completionMask)) as tf.Scalar,
    { name: "chosenLogp" },
  );
  return {
    measure: async () => {
      const logp = await program.async(batch);
      const [value = Number.NaN] = await logp.data<"float32">();
      logp.dispose();
      return value;
    },
    dispose: () => {
      program.dispose();
      tf.dispose({ ...batch });
    },
  };
}

function mean(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((sum, x) => sum + x, 0) / numbers.length;
}

/** Means of consecutive numbers. */
function byPrompt(numbers: ArrayLike<number>, samples: number): number[] {
  return Array.from({ length: numbers.length / samples }, (_, i) =>
    mean(Array.from(numbers).slice(i * samples, (i + 1) * samples)),
  );
}
