/** What a preset is. */

import type { PpoSettings } from "../settings.ts";

/** Where settings come from. */
export interface PresetSource {
  readonly source: string;
  /** Paths of settings, such as `kl.target`, or of objects of them, such as `kl`. */
  readonly of: readonly string[];
}

/** Settings and where they come from. */
export interface Preset {
  readonly settings: PpoSettings;
  readonly sources: readonly PresetSource[];
}
