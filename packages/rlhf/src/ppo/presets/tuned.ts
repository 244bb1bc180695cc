/** The PPO that we compare with. */

import { N_DETAILS } from "./lm-human-preferences.ts";
import type { PpoPreset } from "./preset.ts";

/** What is best on our tasks; until measured, n-details. */
export const TUNED: PpoPreset = {
  settings: N_DETAILS.settings,
  sources: [
    {
      source: "not tuned yet: n-details",
      of: ["rollout", "score", "kl", "advantages", "update", "value", "optimizer"],
    },
  ],
};
