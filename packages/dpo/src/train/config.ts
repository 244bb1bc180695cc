/** Settings of preference training. */

import {
  ConfigError,
  OptionReader,
  readTrainerConfig,
  TRAINER_DEFAULTS,
  type TrainerConfig,
} from "@preflab/lm";
import { LAYOUTS, type Layout } from "../groups/layout.ts";
import {
  type AnyConfigured,
  type AnyObjective,
  OBJECTIVES,
  parseObjective,
} from "../objectives/registry.ts";
import { parseWeightedSum } from "../objectives/weighted-sum.ts";

const REFERENCE_MODES = ["precomputed", "live"] as const;

/** How a reference follows the policy: TR-DPO, Gorbatovski et al. 2024 (arXiv:2404.09656), Eq. 4. */
export interface ReferenceSync {
  /** Steps between two updates; 0 for none. */
  readonly every: number;
  /** Share of the policy in the new reference, in `[0, 1]`. */
  readonly mix: number;
}

/** Settings of a run. */
export interface DpoConfig extends TrainerConfig {
  readonly objective: AnyConfigured;
  /** `shared-prompt` computes a prompt once for all its completions. */
  readonly layout: Layout;
  /** Whether the reference's log-probabilities are computed before training or with each batch. */
  readonly referenceLogps: (typeof REFERENCE_MODES)[number];
  readonly referenceSync: ReferenceSync;
  /** Weight of the chosen response's negative log-likelihood per token (RPO); 0 for none. */
  readonly nllWeight: number;
  /** Weight of supervised fine-tuning on chosen responses, all tokens alike; 0 for none. */
  readonly sftWeight: number;
  /** What tokens beyond the shorter response count (LD-DPO), in `[0, 1]`; 1 is the plain sum. */
  readonly ldAlpha: number;
  /** Weights pairs by how likely the policy is to give their responses (WPO). */
  readonly wpo: boolean;
}

/** Settings from an untrusted object. @throws ConfigError for unknown keys and bad values */
export function parseDpoConfig(
  raw: unknown,
  objectives: readonly AnyObjective[] = OBJECTIVES,
): DpoConfig {
  const reader = new OptionReader("dpo", raw);
  const config = readDpoConfig(reader, objectives);
  reader.finish();
  return config;
}

/** Settings from a reader whose other keys the caller reads. @throws ConfigError */
export function readDpoConfig(
  reader: OptionReader,
  objectives: readonly AnyObjective[] = OBJECTIVES,
  defaults: Pick<DpoConfig, "referenceLogps"> = { referenceLogps: "precomputed" },
): DpoConfig {
  const config: DpoConfig = {
    ...readTrainerConfig(reader, TRAINER_DEFAULTS),
    objective: readObjective(reader, objectives),
    layout: reader.choice("layout", "concatenated", LAYOUTS),
    referenceLogps: reader.choice("referenceLogps", defaults.referenceLogps, REFERENCE_MODES),
    referenceSync: readSync(reader.object("referenceSync")),
    nllWeight: reader.number("nllWeight", 0, 0, Number.MAX_VALUE),
    sftWeight: reader.number("sftWeight", 0, 0, Number.MAX_VALUE),
    ldAlpha: reader.number("ldAlpha", 1, 0, 1),
    wpo: reader.boolean("wpo", false),
  };
  checkTogether(reader, config);
  return config;
}

function readObjective(reader: OptionReader, objectives: readonly AnyObjective[]): AnyConfigured {
  const raw = reader.value("objective") ?? { name: "sigmoid" };
  try {
    return Array.isArray(raw) ? parseWeightedSum(raw, objectives) : parseObjective(raw, objectives);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message, path } = reader.error("objective", error.message);
    throw new ConfigError(message, [...path, ...error.path]);
  }
}

function readSync(reader: OptionReader): ReferenceSync {
  const sync = { every: reader.integer("every", 0, 0), mix: reader.number("mix", 0.6, 0, 1) };
  reader.finish();
  return sync;
}

/** @throws ConfigError for settings that exclude each other */
function checkTogether(reader: OptionReader, config: DpoConfig): void {
  const { objective, dropout, referenceSync, referenceLogps, ldAlpha, wpo } = config;
  if (dropout > 0) {
    throw reader.error(
      "dropout",
      `expected dropout 0, got ${dropout}: policy and reference are compared, which noise in one of ` +
        "them makes meaningless.",
    );
  }
  if (referenceSync.every > 0 && referenceLogps === "precomputed") {
    throw reader.error(
      "referenceSync",
      "expected referenceLogps live with referenceSync, got precomputed: a reference that changes " +
        "cannot be computed before training.",
    );
  }
  if (referenceSync.every > 0 && !objective.usesReference) {
    throw reader.error(
      "referenceSync",
      `expected referenceSync with an objective that compares with a reference, got ${objective.name}.`,
    );
  }
  const pairOnly = {
    nllWeight: config.nllWeight > 0,
    sftWeight: config.sftWeight > 0,
    ldAlpha: ldAlpha < 1,
    wpo,
  };
  for (const [name, isSet] of Object.entries(pairOnly)) {
    if (!isSet || objective.kind === "pair") continue;
    throw reader.error(
      name,
      `expected ${name} with an objective on pairs, got ${objective.name}, which takes ` +
        `${objective.kind} responses.`,
    );
  }
  if (wpo && objective.batchLevel) {
    throw reader.error(
      "wpo",
      `expected wpo with an objective on single pairs, got ${objective.name}, whose losses belong ` +
        "to the batch.",
    );
  }
}
