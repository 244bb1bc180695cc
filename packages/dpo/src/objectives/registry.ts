/** All objectives, and the way from a name and untrusted options to one that can be evaluated. */

import { ConfigError } from "@preflab/lm";
import { alphapo } from "./alphapo.ts";
import { aot } from "./aot.ts";
import { aotUnpaired } from "./aot-unpaired.ts";
import { apoDown } from "./apo-down.ts";
import { apoZero } from "./apo-zero.ts";
import { bcoPair } from "./bco-pair.ts";
import { cpo } from "./cpo.ts";
import { discopop } from "./discopop.ts";
import { dpop } from "./dpop.ts";
import { exoPair } from "./exo-pair.ts";
import { hinge } from "./hinge.ts";
import { ipo } from "./ipo.ts";
import { kto } from "./kto.ts";
import { ncaPair } from "./nca-pair.ts";
import type {
  ConfiguredPair,
  ConfiguredRanked,
  ConfiguredUnpaired,
  PairObjective,
  RankedObjective,
  UnpairedObjective,
} from "./objective.ts";
import { orpo } from "./orpo.ts";
import { plackettLuce } from "./plackett-luce.ts";
import { robust } from "./robust.ts";
import { sigmoid } from "./sigmoid.ts";
import { sigmoidNorm } from "./sigmoid-norm.ts";
import { simpo } from "./simpo.ts";
import { slic } from "./slic.ts";
import { sppoHard } from "./sppo-hard.ts";
import { unlikelihood } from "./unlikelihood.ts";

/** An objective of any kind. */
export type AnyObjective = PairObjective | UnpairedObjective | RankedObjective;
/** An objective of any kind, with its options resolved. */
export type AnyConfigured = ConfiguredPair | ConfiguredUnpaired | ConfiguredRanked;

/** The objectives of this package. */
export const OBJECTIVES: readonly AnyObjective[] = [
  // One line per file.
  sigmoid,
  robust,
  ipo,
  hinge,
  slic,
  exoPair,
  ncaPair,
  bcoPair,
  sppoHard,
  aot,
  aotUnpaired,
  apoZero,
  apoDown,
  discopop,
  sigmoidNorm,
  unlikelihood,
  dpop,
  simpo,
  alphapo,
  orpo,
  cpo,
  kto,
  plackettLuce,
];

/**
 * The objective that untrusted settings describe.
 * @param raw `{name, ...options}`
 * @param objectives where names are looked up: those of this package, or more
 * @throws ConfigError for an unknown name, unknown options and values that are not allowed
 */
export function parseObjective(
  raw: unknown,
  objectives: readonly AnyObjective[] = OBJECTIVES,
): AnyConfigured {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    throw new ConfigError(
      `objective: expected an object with a name and options, got ${JSON.stringify(raw)}.`,
    );
  }
  const { name, ...options } = raw as Readonly<Record<string, unknown>>;
  const objective = objectives.find((candidate) => candidate.name === name);
  if (objective) return objective.configure(options);
  const names = objectives.map((candidate) => candidate.name).join(", ");
  throw new ConfigError(`objective: expected a name of ${names}, got ${JSON.stringify(name)}.`);
}
