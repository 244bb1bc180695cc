/**
 * Rewards from a service: POST of `{"inputs": [{"prompt", "completion", "promptIds",
 * "completionIds"}]}`, answered by `{"scores": [...]}`.
 */

import { setTimeout as wait } from "node:timers/promises";
import { RewardError, type RewardFunction, type RewardInput } from "./reward-function.ts";

/** Options of {@link httpReward}. */
export interface HttpRewardOptions {
  /** Of the service. */
  readonly url: string;
  /** Completions per request. */
  readonly batchSize: number;
  /** Milliseconds that one request may take. */
  readonly timeoutMs: number;
  /** Further attempts after the first one failed for a reason that may pass. */
  readonly retries: number;
  /** Milliseconds before the first further attempt; twice as many before each one after it. */
  readonly retryDelayMs: number;
  /** Sent along, such as an authorization. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that another attempt may change. */
class PassingError extends RewardError {}

/** Scores from a service. Failures of the network and answers 429 and 5xx are tried again. */
export function httpReward(options: HttpRewardOptions): RewardFunction {
  const { url, batchSize } = options;
  const where = `http reward ${new URL(url).host}`;
  return {
    name: `http ${new URL(url).host}`,
    score: async (inputs, signal) => {
      const scores: number[] = [];
      for (let at = 0; at < inputs.length; at += batchSize) {
        scores.push(...(await scoresOf(where, inputs.slice(at, at + batchSize), options, signal)));
      }
      return scores;
    },
  };
}

async function scoresOf(
  where: string,
  inputs: readonly RewardInput[],
  options: HttpRewardOptions,
  signal: AbortSignal,
): Promise<readonly number[]> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await request(where, inputs, options, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof PassingError) || attempt >= options.retries) {
        throw error;
      }
      await wait(options.retryDelayMs * 2 ** attempt, undefined, { signal });
    }
  }
}

async function request(
  where: string,
  inputs: readonly RewardInput[],
  { url, timeoutMs, headers = {} }: HttpRewardOptions,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const body = {
    inputs: inputs.map(({ prompt, completion, promptIds, completionIds }) => ({
      prompt,
      completion,
      promptIds: Array.from(promptIds),
      completionIds: Array.from(completionIds),
    })),
  };
  const [status, text] = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  })
    .then(async (response) => [response.status, await response.text()] as const)
    .catch((error: unknown) => {
      throw new PassingError(`${where}: expected an answer, got ${reasonOf(error)}.`, {
        cause: error,
      });
    });
  if (status !== 200) {
    const Kind = status === 429 || status >= 500 ? PassingError : RewardError;
    throw new Kind(`${where}: expected status 200, got ${status}: ${text.slice(0, 200)}`);
  }
  return parseScores(where, text, inputs.length);
}

function parseScores(where: string, text: string, count: number): readonly number[] {
  const scores = (parse(text) as { scores?: unknown } | null)?.scores;
  const isNumber = (score: unknown) => typeof score === "number";
  if (Array.isArray(scores) && scores.length === count && scores.every(isNumber)) return scores;
  throw new RewardError(
    `${where}: expected {"scores": [...]} with ${count} numbers, got ${text.slice(0, 200)}`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What fetch says, which hides the reason in a cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
