/** What the stages of a study are made from. */
import type { StudySettings } from "./settings.ts";
import type { TaskSource } from "./task.ts";

/** A study: its task, its numbers and where its methods begin. */
export interface StudyParts<Settings extends StudySettings = StudySettings> {
  readonly source: TaskSource;
  readonly settings: Settings;
  /** Id of the stage whose model is the reference. */
  readonly reference: string;
}

/** Texts computed together, as many as fit into the tokens that a study allows. */
export function batchRows({
  batchTokens,
  backbone,
}: Pick<StudySettings, "batchTokens" | "backbone">): number {
  return Math.max(1, Math.floor(batchTokens / backbone.maxLength));
}
