/** Samples replies of a model, in one of the ways in which policies are compared. */
import { type Completion, createGenerator, type LoadedModel } from "@preflab/lm";
import {
  bestCompletion,
  CheckedReward,
  learnedReward,
  type PolicyPrompt,
  type RewardModel,
  samplePools,
} from "@preflab/rlhf";
import { batchRows } from "../parts.ts";
import type { ComparisonSettings, StudySettings } from "../settings.ts";
import type { PreferenceTask, ReplyComparison } from "../task.ts";

const TIMEOUT_MS = 600_000;

/** Samples replies. */
export interface ReplySampler {
  /**
   * Replies to prompts: one of each at temperature 0, and of best-of-n, else as many as settings say;
   * those of a prompt next to each other, with their texts.
   */
  sample(prompts: readonly PolicyPrompt[], temperature: number): Promise<readonly Completion[]>;
  /** Frees programs, not the model. */
  dispose(): void;
}

/** What replies are sampled with. */
export interface SamplerParts {
  readonly task: PreferenceTask;
  readonly model: LoadedModel;
  readonly settings: StudySettings & { readonly comparison: ComparisonSettings };
  readonly signal: AbortSignal;
}

/** Replies of the model as it is. */
export function plainSampler({ task, model, settings, signal }: SamplerParts): ReplySampler {
  const { maxNewTokens, sampledRows, comparison } = settings;
  const generator = createGenerator(model.config, model.params, { maxRows: sampledRows });
  return {
    sample: (prompts, temperature) =>
      generator.generate(
        prompts.map(({ ids }) => ids),
        {
          ...{ maxNewTokens, temperature, seed: comparison.seed, signal },
          samples: temperature === 0 ? 1 : comparison.samples,
          decode: (ids) => task.tokenizer.decode([...ids]),
        },
      ),
    dispose: () => generator.dispose(),
  };
}

/** Replies after examples, as many as the model has room for. */
export function fewShotSampler(
  parts: SamplerParts,
  { withExamples }: Pick<ReplyComparison, "withExamples">,
): ReplySampler {
  const { backbone, maxNewTokens } = parts.settings;
  const plain = plainSampler(parts);
  const most = backbone.maxLength - maxNewTokens;
  return {
    ...plain,
    sample: (prompts, temperature) =>
      plain.sample(
        prompts.map((prompt) => withExamples(prompt, most)),
        temperature,
      ),
  };
}

/** The reply that the learned reward likes best, of several; at temperature 0 they are all the same. */
export function bestOfNSampler(parts: SamplerParts, rewardModel: RewardModel): ReplySampler {
  const { task, model, settings, signal } = parts;
  const { maxNewTokens, sampledRows, backbone, comparison } = settings;
  const { bestOf, seed } = comparison;
  const plain = plainSampler(parts);
  const generator = createGenerator(model.config, model.params, { maxRows: sampledRows });
  const proxy = new CheckedReward(
    learnedReward(rewardModel, {
      batchSize: batchRows(settings),
      maxLength: backbone.maxLength,
    }),
    { timeoutMs: TIMEOUT_MS },
  );
  const best = async (prompts: readonly PolicyPrompt[], temperature: number) => {
    const pools = samplePools(
      generator,
      { prompts, proxy, gold: null },
      {
        generation: {
          ...{ maxNewTokens, temperature, samples: bestOf, seed, signal },
          decode: (ids) => task.tokenizer.decode([...ids]),
        },
        promptsAtOnce: Math.max(1, Math.floor(sampledRows / bestOf)),
      },
    );
    const replies: Completion[] = [];
    for await (const group of pools) {
      for (const { prompt, completions, proxy: scores } of group) {
        const chosen = completions[bestCompletion(scores, bestOf, { seed, prompt })];
        replies.push({ ...(chosen as Completion), prompt, sample: 0 });
      }
    }
    return replies;
  };
  return {
    sample: (prompts, temperature) =>
      temperature === 0 ? plain.sample(prompts, temperature) : best(prompts, temperature),
    dispose: () => {
      plain.dispose();
      generator.dispose();
      proxy.dispose();
    },
  };
}
