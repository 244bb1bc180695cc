/** What completions of a policy say of it: estimates that enumeration can be compared with. */

import { completionRow, generate, klMeter, meanAndError, type Params } from "@preflab/lm";
import type { ListedEstimates } from "../study/enumeration.ts";
import { estimates, type PerString, standardError } from "./exact.ts";
import { LONGEST } from "./strings.ts";
import { MAX_LENGTH, type Task } from "./task.ts";

/**
 * Samples a policy, and estimates its reward and its divergence from the reference.
 * @param params the policy's
 * @param logps the same policy, enumerated
 * @param samples of each prompt
 */
export async function samplePolicy(
  task: Task,
  params: Params,
  logps: PerString,
  { samples, seed }: { readonly samples: number; readonly seed: number },
): Promise<ListedEstimates> {
  const { config, prompts, reference, referenceLogps, rewards } = task;
  const completions = await generate(config, params, prompts, {
    ...{ maxNewTokens: LONGEST, temperature: 1, samples, seed },
  });
  const meter = klMeter(
    () => ({ config, params }),
    () => ({ config, params: reference }),
  );
  const rows = completions.map(({ prompt, ids }) =>
    completionRow(prompts[prompt] as readonly number[], ids),
  );
  const measured = await meter.measure(rows, { batchSize: 512, maxLength: MAX_LENGTH });
  meter.dispose();
  const { mean: kl, error: klError } = meanAndError(measured.exact);
  const perString = estimates(logps, referenceLogps);
  // By enumeration: of k3, the deviation in a sample says little.
  const errorOf = (numbers: PerString) => standardError(logps, numbers, samples);
  const meanOf = (numbers: ArrayLike<number>) => meanAndError(numbers).mean;
  const gold = completions.map(({ prompt, ids }) => task.rewardOf(prompt, ids));
  return {
    ...{ reward: meanOf(gold), reward_error: errorOf(rewards), kl, kl_error: klError },
    ...{ kl_k1: meanOf(measured.k1), kl_k1_error: errorOf(perString.k1) },
    ...{ kl_k3: meanOf(measured.k3), kl_k3_error: errorOf(perString.k3) },
    least_kl: measured.exact.reduce((least, x) => Math.min(least, x), Number.POSITIVE_INFINITY),
  };
}
