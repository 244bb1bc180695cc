/** What a preset of PPO is. */

import type { Preset } from "../../rollouts/preset.ts";
import type { PpoSettings } from "../settings.ts";

/** Settings of PPO and where they come from. */
export type PpoPreset = Preset<PpoSettings>;
