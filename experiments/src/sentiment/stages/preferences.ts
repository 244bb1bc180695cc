/** Completions of the reference with their gold rewards, and the pairs that follow from them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TokenizedPair } from "@preflab/data";
import { createGenerator, writeTextAtomically } from "@preflab/lm";
import { CheckedReward } from "@preflab/rlhf";
import * as tf from "@tensorflow/tfjs-core";
import type { Stage, StageContext } from "../../study/experiment.ts";
import { loadStageModel, writeJson } from "../../study/stage-training.ts";
import type { PreferenceSettings } from "../settings.ts";
import type { SentimentTask, TaskSource } from "../task.ts";
import { BACKBONE } from "./backbone.ts";

/** Id of the stage. */
export const PREFERENCES = "preferences";

const COMPLETIONS = "completions.jsonl";
/** Prompts sampled for before progress is told. */
const CHUNK = 64;
const TIMEOUT_MS = 600_000;

/** A prompt's completions. */
export interface ScoredPrompt {
  readonly promptIds: readonly number[];
  readonly completions: readonly { readonly ids: readonly number[]; readonly gold: number }[];
}

/** Of the prompts of both parts. */
export interface PreferenceFacts {
  readonly goldLabels: number;
  readonly pairs: number;
  /** Pairs of equal rewards, which are left out. */
  readonly ties: number;
  readonly sampledTokens: number;
}

/** The stage that samples and labels. */
export function preferenceStage(
  source: TaskSource,
  settings: PreferenceSettings,
  maxNewTokens: number,
): Stage {
  return {
    id: PREFERENCES,
    title: "preferences",
    config: { ...settings, maxNewTokens },
    inputs: [BACKBONE, ...source.inputs],
    files: source.files,
    weight: 0.3,
    build: async (context) =>
      build(await source.open(context.input), { ...settings, maxNewTokens }, context),
  };
}

/** Pairs of a part, the better completion chosen: labels are deterministic, as the paper's. */
export async function readPairs(
  folder: string,
  part: "train" | "validation",
): Promise<TokenizedPair[]> {
  return pairsOf(await readCompletions(folder, part)).pairs;
}

/** Completions of a part. */
export async function readCompletions(
  folder: string,
  part: "train" | "validation",
): Promise<ScoredPrompt[]> {
  const text = await readFile(join(folder, `${part}.${COMPLETIONS}`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as ScoredPrompt);
}

/** What is known of the labels. */
export async function readPreferenceFacts(folder: string): Promise<PreferenceFacts> {
  return JSON.parse(await readFile(join(folder, "preferences.json"), "utf8")) as PreferenceFacts;
}

async function build(
  task: SentimentTask,
  settings: PreferenceSettings & { readonly maxNewTokens: number },
  context: StageContext,
): Promise<void> {
  const model = await loadStageModel(context.input(BACKBONE));
  const generator = createGenerator(model.config, model.params);
  const reward = new CheckedReward(await task.gold(), { timeoutMs: TIMEOUT_MS });
  const facts = { goldLabels: 0, pairs: 0, ties: 0, sampledTokens: 0 };
  try {
    const used = task.prompts.train.slice(0, settings.prompts);
    const parts = { train: used, validation: task.prompts.validation };
    const total = used.length + task.prompts.validation.length;
    let done = 0;
    for (const part of ["train", "validation"] as const) {
      const scored: ScoredPrompt[] = [];
      const prompts = parts[part];
      for (let first = 0; first < prompts.length; first += CHUNK) {
        context.signal.throwIfAborted();
        const chunk = prompts.slice(first, first + CHUNK);
        const { completions, maxNewTokens, seed } = settings;
        const generated = await generator.generate(
          chunk.map(({ ids }) => ids),
          {
            ...{ maxNewTokens, temperature: 1, samples: completions },
            // Streams of validation prompts are not those of training prompts.
            ...{ seed, firstPrompt: first + (part === "train" ? 0 : 2 ** 31) },
          },
        );
        const gold = await reward.score(
          generated.map(({ prompt, ids }) => ({
            promptIds: chunk[prompt]?.ids ?? [],
            completionIds: ids,
            prompt: chunk[prompt]?.text ?? null,
            completion: task.tokenizer.decode([...ids]),
          })),
        );
        chunk.forEach(({ ids: promptIds }, i) => {
          const own = generated.flatMap(({ prompt, ids }, j) =>
            prompt === i ? [{ ids, gold: gold[j] as number }] : [],
          );
          scored.push({ promptIds, completions: own });
        });
        facts.sampledTokens += generated.reduce((sum, { ids }) => sum + ids.length, 0);
        done += chunk.length;
        context.progress({ done, total });
      }
      const { pairs, ties } = pairsOf(scored);
      facts.pairs += pairs.length;
      facts.ties += ties;
      facts.goldLabels += scored.length * settings.completions;
      const lines = scored.map((row) => `${JSON.stringify(row)}\n`);
      await writeTextAtomically(join(context.folder, `${part}.${COMPLETIONS}`), lines.join(""));
    }
    await writeJson(join(context.folder, "preferences.json"), facts);
  } finally {
    generator.dispose();
    reward.dispose();
    tf.dispose({ ...model.params });
  }
}

function pairsOf(prompts: readonly ScoredPrompt[]): { pairs: TokenizedPair[]; ties: number } {
  const pairs: TokenizedPair[] = [];
  let ties = 0;
  prompts.forEach(({ promptIds, completions }, row) => {
    completions.forEach((a, i) => {
      for (const b of completions.slice(i + 1)) {
        if (a.gold === b.gold) {
          ties++;
          continue;
        }
        const [chosen, rejected] = a.gold > b.gold ? [a, b] : [b, a];
        pairs.push({ promptIds, chosenIds: chosen.ids, rejectedIds: rejected.ids, meta: { row } });
      }
    });
  });
  return { pairs, ties };
}
