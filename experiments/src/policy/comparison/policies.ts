/** Whose replies are compared: those of all runs, and of what the reference and the base can do untrained. */
import type { ComparedPolicy } from "../../study/comparisons.ts";
import type { RunSpec } from "../methods/method.ts";
import { GROUP } from "../methods/specs.ts";
import type { StudyParts } from "../parts.ts";
import { BACKBONE } from "../stages/backbone.ts";

/** How a model is made to reply: as it is, after examples, or by choosing from several replies. */
export type ReplyMode = "sampled" | "few-shot" | "best-of-n";

/** A policy whose replies are compared. */
export interface ReplyPolicy extends Pick<ComparedPolicy, "id" | "label" | "group" | "seed"> {
  /** Stage that has its model. */
  readonly model: string;
  readonly mode: ReplyMode;
}

/** All policies of a study; those first that take longest. None where nothing is compared. */
export function replyPolicies(
  { settings, reference }: Pick<StudyParts, "settings" | "reference">,
  specs: readonly RunSpec[],
): ReplyPolicy[] {
  const { comparison } = settings;
  if (!comparison) return [];
  return [
    {
      ...{ id: "best-of-n", group: GROUP.bestOfN, seed: 0 },
      label: `${GROUP.bestOfN}, N = ${comparison.bestOf}`,
      ...{ model: reference, mode: "best-of-n" },
    },
    ...specs.map(({ id, label, group, seed, settings: method }): ReplyPolicy => {
      const model =
        method.kind === "reference" ? reference : method.kind === "model" ? method.stage : id;
      return { id, label, group, seed, model, mode: "sampled" };
    }),
    {
      ...{ id: "few-shot", label: GROUP.fewShot, group: GROUP.fewShot, seed: 0 },
      ...{ model: BACKBONE, mode: "few-shot" },
    },
  ];
}

/** Id of the stage that has the replies of a policy: `replies/` and its name. */
export function repliesId({ id }: Pick<ReplyPolicy, "id">): string {
  return `replies/${id.replace(/^run\//, "")}`;
}
