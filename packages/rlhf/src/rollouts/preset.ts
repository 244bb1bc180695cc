/** Published settings of a method, and where their numbers come from. */

/** Where settings come from. */
export interface PresetSource {
  readonly source: string;
  /** Paths of settings, such as `kl.target`, or of objects of them, such as `kl`. */
  readonly of: readonly string[];
}

/** Settings and where they come from. */
export interface Preset<Settings> {
  readonly settings: Settings;
  readonly sources: readonly PresetSource[];
}
