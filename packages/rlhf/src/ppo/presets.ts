/**
 * Published settings of PPO, with the source of every number. A source names what it covers by the
 * path of a setting, or of an object of settings.
 */

import { LM_HUMAN_PREFERENCES, N_DETAILS } from "./presets/lm-human-preferences.ts";
import { PAPER } from "./presets/paper.ts";
import type { PpoPreset } from "./presets/preset.ts";
import { TRL_1_10 } from "./presets/trl-1-10.ts";
import { TRL_CLASSIC } from "./presets/trl-classic.ts";
import { TUNED } from "./presets/tuned.ts";

/** Names of the presets. */
export const PRESET_NAMES = [
  "lm-human-preferences",
  "n-details",
  "trl-classic",
  "trl-1.10",
  "paper",
  "tuned",
] as const;

/** Name of a preset. */
export type PresetName = (typeof PRESET_NAMES)[number];

/** All presets. */
export const PRESETS: Readonly<Record<PresetName, PpoPreset>> = {
  "lm-human-preferences": LM_HUMAN_PREFERENCES,
  "n-details": N_DETAILS,
  "trl-classic": TRL_CLASSIC,
  "trl-1.10": TRL_1_10,
  paper: PAPER,
  tuned: TUNED,
};
