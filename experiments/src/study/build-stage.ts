/** Builds one stage of a study in this process. */
import type { Io } from "../io.ts";
import type { Stage, StageReporter } from "./experiment.ts";
import type { Study } from "./study.ts";

/**
 * Builds a stage whose inputs are finished, if it is not finished itself.
 * @param isPatient waits for another process that builds it
 * @returns whether there was anything to do
 * @throws CommandError while another process builds it; InterruptedError
 */
export function buildStage(
  { store }: Study,
  stage: Stage,
  reporter: StageReporter,
  { signal }: Pick<Io, "signal">,
  isPatient = false,
): Promise<boolean> {
  const input = (id: string) => {
    if (stage.inputs.includes(id)) return store.folder(id);
    throw new Error(`study: expected an input of ${stage.id}, got ${id}.`);
  };
  return store.finish(
    stage,
    (folder, isDamaged) => {
      if (isDamaged) reporter.say("is built again: its files have changed since it was finished");
      return stage.build({ ...reporter, folder, signal, input });
    },
    isPatient ? { onWait: (reason) => reporter.say(`waiting. ${reason}`), signal } : {},
  );
}
