/** Who compares replies in the paper's setting: a service, by settings that a file may change. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../errors.ts";
import { type EndpointSettings, readJudgeSettings } from "../../judges/settings.ts";
import type { Json } from "../../study/experiment.ts";
import { studyFolder } from "../../study/study-folder.ts";
import { parseConfigFile } from "../../training/config-file.ts";

/** Names the file with other settings. */
const VARIABLE = "PREFLAB_JUDGE";

/** Answers of all studies of the paper's setting, each paid for once. */
const CACHE = join(studyFolder("dialogue", "paper"), "judgements");

/**
 * A model of the class of the paper's gpt-4-0314, which is not offered any more. Replies are shown in
 * one order, drawn for each pair, as in the paper. Prices are those of its list in 2025, in US dollars.
 */
export const PAPER_JUDGE: EndpointSettings = {
  kind: "endpoint",
  ...{ model: "gpt-4.1-2025-04-14", url: "https://api.openai.com/v1", keyEnv: "OPENAI_API_KEY" },
  ...{ requestTimeoutMs: 60_000, retries: 6, retryDelayMs: 1000, concurrency: 8 },
  ...{ prompt: "simple", order: "random", seed: 0, maxTokens: 256, request: {} },
  prices: { prompt: 2, completion: 8 },
  budget: { tokens: null, money: null },
  cache: CACHE,
};

/** For trials: whatever model a server on this machine has, without a key. */
export const LOCAL_JUDGE: EndpointSettings = {
  ...PAPER_JUDGE,
  ...{ model: "local", url: "http://127.0.0.1:8000/v1", keyEnv: null, retries: 1 },
  ...{ prices: { prompt: 0, completion: 0 }, cache: null },
};

/**
 * What the file that PREFLAB_JUDGE names says, as one of `preflab compare --judge`; without one the
 * fallback. Answers are kept beside the paper's studies where it names no other folder.
 * @throws UsageError for a file that is not there or has settings of no service
 */
export function judgeSettings(
  fallback: EndpointSettings,
  env: Readonly<Record<string, string | undefined>> = process.env,
): EndpointSettings {
  const path = env[VARIABLE];
  if (!path) return fallback;
  const settings = parseConfigFile(path, textOf(path), []).read("settings", (reader) =>
    readJudgeSettings(reader, "judge"),
  );
  if (settings.kind === "endpoint") return { ...settings, cache: settings.cache ?? CACHE };
  throw new UsageError(
    `${path}: expected a judge of kind endpoint, got ${settings.kind}: the held-out judge that is ` +
      "learned is the gold reward already.",
  );
}

/** What decides its answers, and so results; how patiently it is asked does not. */
export function decisive(settings: EndpointSettings): Readonly<Record<string, Json>> {
  const { url, model, prompt, order, seed, maxTokens, request } = settings;
  return { url, model, prompt, order, seed, maxTokens, request };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${VARIABLE}: expected a file with settings of a judge, got ${reason}.`);
  }
}
