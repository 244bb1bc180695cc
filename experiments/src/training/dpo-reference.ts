/** The reference of `preflab dpo`: where its log-probabilities come from, and how long it is kept. */
import {
  cachedReferenceLogps,
  completionsPerGroup,
  type DpoConfig,
  type FollowingReference,
  followingReference,
  knownReference,
  liveReference,
  noReference,
  type Preferences,
  type ReferenceModel,
  type ReferenceSource,
  referenceLogps,
} from "@preflab/dpo";
import { ConfigError, type LoraConfig } from "@preflab/lm";
import type { Io } from "../io.ts";
import { progressTo } from "../output.ts";

/** @throws ConfigError for a reference that is to follow adapters, which it does not have */
export function checkFollowing(
  { every }: DpoConfig["referenceSync"],
  lora: LoraConfig | null,
): void {
  if (every === 0 || lora === null) return;
  throw new ConfigError(
    `referenceSync: expected every 0 with lora, got ${every}: the reference is the model without ` +
      "adapters, and has none that could follow.",
    ["referenceSync"],
  );
}

/** Examples to train on, and held-out ones. */
export interface DpoData {
  readonly train: Preferences;
  readonly held: Preferences | null;
}

/** A reference in use. */
export interface DpoReference {
  readonly train: ReferenceSource;
  readonly held: ReferenceSource;
  /** The one that moves with the policy; its variables are the checkpoints' as well. */
  readonly following: FollowingReference | null;
  /** Whether the model that it was made from is still needed. */
  readonly needsModel: boolean;
  dispose(): void;
}

/**
 * Makes the sources of reference log-probabilities that settings ask for; those that are computed
 * before training are computed here.
 * @param model null where the objective uses none; stays the caller's
 * @param cache folder of computed log-probabilities; null keeps none
 * @throws InterruptedError when the user interrupts
 */
export async function openReference(
  model: ReferenceModel | null,
  data: DpoData,
  config: DpoConfig,
  cache: string | null,
  io: Pick<Io, "err" | "signal">,
): Promise<DpoReference> {
  const completions = completionsPerGroup(data.train.groups);
  if (model === null || !config.objective.usesReference) {
    const none = noReference(completions);
    return { train: none, held: none, following: null, needsModel: false, dispose: () => {} };
  }
  if (config.referenceLogps === "precomputed") {
    const train = await precomputed(model, data.train, config, cache, io);
    const held = data.held && (await precomputed(model, data.held, config, cache, io));
    return {
      ...{ train, held: held ?? train, following: null, needsModel: false },
      dispose: () => {},
    };
  }
  const following = config.referenceSync.every > 0 ? followingReference(model.params) : null;
  const current = following ? { config: model.config, params: following.params } : model;
  const live = liveReference(current, config, completions);
  return {
    ...{ train: live, held: live, following, needsModel: following === null },
    dispose: () => {
      live.dispose();
      for (const variable of Object.values(following?.variables ?? {})) variable.dispose();
    },
  };
}

async function precomputed(
  model: ReferenceModel,
  { groups }: Preferences,
  config: DpoConfig,
  cache: string | null,
  io: Pick<Io, "err" | "signal">,
): Promise<ReferenceSource> {
  const options = { ...config, reduction: config };
  const tell = progressTo(io);
  const onProgress = (done: number) => {
    io.signal.throwIfAborted();
    tell(`reference log-probabilities of ${done} of ${groups.length} examples`);
  };
  const completions = completionsPerGroup(groups);
  if (cache === null) {
    return knownReference(await referenceLogps(model, groups, options, onProgress), completions);
  }
  const { logps, file, found } = await cachedReferenceLogps(
    cache,
    model,
    groups,
    options,
    onProgress,
  );
  io.err(`reference log-probabilities: ${found ? "found in" : "kept in"} ${file}\n`);
  return knownReference(logps, completions);
}
