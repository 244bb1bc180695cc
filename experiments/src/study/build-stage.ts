/** Builds one stage of a study in this process. */
import type { Io } from "../io.ts";
import type { Stage, StageReporter } from "./experiment.ts";
import type { Study } from "./study.ts";

/**
 * Builds a stage whose inputs are finished, if it is not finished itself.
 * @returns whether there was anything to do
 * @throws CommandError while another process builds it; InterruptedError
 */
export function buildStage(
  { store }: Study,
  stage: Stage,
  reporter: StageReporter,
  { signal }: Pick<Io, "signal">,
): Promise<boolean> {
  return store.finish(stage, (folder) =>
    stage.build({
      ...reporter,
      folder,
      signal,
      input: (id) => {
        if (stage.inputs.includes(id)) return store.folder(id);
        throw new Error(`study: expected an input of ${stage.id}, got ${id}.`);
      },
    }),
  );
}
