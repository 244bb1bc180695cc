/** Where studies are kept unless they are told otherwise: `runs` of the repository. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of all studies. */
export const RUNS_FOLDER: string = fileURLToPath(new URL("../../../runs", import.meta.url));

/** Folder of a study. */
export function studyFolder(experiment: string, preset: string): string {
  return join(RUNS_FOLDER, experiment, preset);
}
