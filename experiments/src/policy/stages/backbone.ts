/**
 * The language model that a study starts from: trained from scratch until it knows the language, or
 * a published one, fine-tuned on the task's texts or left as it is.
 */
import { join } from "node:path";
import {
  fullPolicy,
  initialParameters,
  type ModelConfig,
  type Params,
  parseConfig,
  saveModel,
  type TrainablePolicy,
  trainableParameters,
} from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { CommandError } from "../../errors.ts";
import type { Stage, StageContext } from "../../study/experiment.ts";
import { writeJson } from "../../study/stage-training.ts";
import { type MicroBatches, microBatched } from "../micro-batches.ts";
import type { BackboneSettings, ScratchBackbone } from "../settings.ts";
import type { PreferenceTask, TaskSource } from "../task.ts";
import { crossEntropyOf, type FineTuning, fineTune } from "./fine-tuning.ts";
import { loadPretrained, PRETRAINED } from "./pretrained.ts";

/** Id of the stage. */
export const BACKBONE = "backbone";

/** Nats per token that a model may be above the language's entropy, where settings do not say. */
const LARGEST_GAP = 0.05;

/** What backbone.json says. */
export interface BackboneFacts {
  readonly parameters: number;
  /** On held-out texts, nats per token. */
  readonly crossEntropy: number;
  /** Of the language; null where it cannot be known. */
  readonly entropy: number | null;
  readonly tokens: number;
}

/** The stage that trains the backbone. */
export function backboneStage(source: TaskSource, settings: BackboneSettings): Stage {
  return {
    id: BACKBONE,
    title: "backbone",
    config: { task: source.config, ...settings },
    inputs: source.inputs,
    files: source.files,
    threads: settings.threads,
    weight: 3,
    build: async (context) => build(await source.open(context.input), settings, context),
  };
}

async function build(
  task: PreferenceTask,
  settings: BackboneSettings,
  context: StageContext,
): Promise<void> {
  const { lr, seed, heldOut } = settings;
  const length = lengthOf(settings);
  const policy = await firstPolicy(task, settings, context);
  const rowsOf = (use: "train" | "validation", count: number) =>
    task.texts(use, count).map((ids) => ({ ids }));
  const rows = length === null ? [] : rowsOf("train", settings.texts);
  const measured = { held: rowsOf("validation", heldOut), ...batchesOf(settings), seed };
  try {
    const crossEntropy =
      length === null
        ? await crossEntropyOf(policy, measured)
        : await fineTune(policy, { ...measured, rows, lr, length }, context);
    const facts: BackboneFacts = {
      parameters: Object.values(policy.variables).reduce((sum, { size }) => sum + size, 0),
      crossEntropy,
      entropy: task.entropy,
      tokens: rows.reduce((sum, { ids }) => sum + ids.length, 0),
    };
    checkGap(facts, settings);
    await saveModel(join(context.folder, "model"), {
      ...{ config: policy.config, params: policy.variables, tokenizer: task.files },
    });
    await writeJson(join(context.folder, "backbone.json"), { ...facts });
  } finally {
    tf.dispose({ ...policy.variables });
  }
}

/** Null where nothing is trained. */
function lengthOf(settings: BackboneSettings): FineTuning["length"] | null {
  if (settings.kind === "scratch") return { steps: settings.steps };
  return settings.epochs === 0 ? null : { epochs: settings.epochs };
}

/** Texts of a step, of those computed together, and how long they are. */
function batchesOf(settings: BackboneSettings): MicroBatches & { readonly maxLength: number } {
  const { batchSize, maxLength } = settings;
  if (settings.kind === "scratch") return { ...microBatched(batchSize), maxLength };
  return { ...microBatched(batchSize, settings.microBatches), maxLength: settings.textLength };
}

/** The policy before its first step, whose variables the caller disposes. */
async function firstPolicy(
  task: PreferenceTask,
  settings: BackboneSettings,
  { input }: StageContext,
): Promise<TrainablePolicy> {
  if (settings.kind === "scratch") {
    const config = modelConfig(task, settings);
    return policyOf(config, initialParameters(config, settings.seed));
  }
  const { config, params } = await loadPretrained(input(PRETRAINED));
  // A published config may lack what its tokenizer says.
  return policyOf({ ...config, specialIds: task.specialIds }, params);
}

/** @param params are copied and disposed */
function policyOf(config: ModelConfig, params: Params): TrainablePolicy {
  const variables = trainableParameters(params);
  tf.dispose({ ...params });
  return fullPolicy(config, variables);
}

/** GPT-2 with the task's vocabulary. */
function modelConfig(
  { tokenizer, specialIds }: PreferenceTask,
  { layers, width, heads, maxLength }: ScratchBackbone,
): ModelConfig {
  return parseConfig({
    model_type: "gpt2",
    ...{ n_layer: layers, n_embd: width, n_head: heads, n_positions: maxLength },
    vocab_size: tokenizer.vocabSize,
    bos_token_id: specialIds.bos,
    eos_token_id: specialIds.eos,
    pad_token_id: specialIds.pad,
  });
}

/** @throws CommandError for a model that does not know the language: what follows would mean nothing */
function checkGap(
  { crossEntropy, entropy }: BackboneFacts,
  { largestGap = LARGEST_GAP }: Pick<BackboneSettings, "largestGap">,
): void {
  if (entropy === null || crossEntropy - entropy <= largestGap) return;
  throw new CommandError(
    `backbone: expected a cross-entropy within ${largestGap} nats per token of the language's ` +
      `entropy ${entropy.toFixed(3)}, got ${crossEntropy.toFixed(3)}. Train it longer.`,
  );
}
