/** Puts together what was said of the replies of all policies of a study. */
import type { ComparedPolicy, Comparisons } from "../../study/comparisons.ts";
import type { RunResult, StudyLabels } from "../../study/results.ts";
import { BOOTSTRAP, Resampler } from "../../study/statistics/bootstrap.ts";
import { judgedSettings, shownSettings } from "../../study/statistics/judged.ts";
import type { PlannedStudy } from "../experiment.ts";
import type { StudySettings } from "../settings.ts";
import { type PanelPairs, panelResults } from "./panel.ts";
import { repliesId, replyPolicies } from "./policies.ts";
import { readComparedPolicy, readReplies } from "./reply-files.ts";
import { repliesSideBySide } from "./side-by-side.ts";

/** Policies whose replies are shown to a panel of judges, by group and temperature. */
export interface PolicyPair {
  readonly first: PolicyAt;
  readonly second: PolicyAt;
}

/** The setting of a group that is best on validation prompts, at a temperature. */
export interface PolicyAt {
  readonly group: string;
  readonly temperature: number;
}

/** What is known of a study when its comparisons are put together. */
export interface CollectedParts {
  readonly study: PlannedStudy<StudySettings>;
  readonly runs: readonly RunResult[];
  readonly labels: StudyLabels;
  /** For the task's panel, where it has one. */
  readonly pairs: readonly PolicyPair[];
  readonly folderOf: (id: string) => string;
}

/** @returns null where nothing is compared */
export async function comparisonsOf(parts: CollectedParts): Promise<Comparisons | null> {
  const { study, labels, folderOf } = parts;
  const { source, settings } = study.parts;
  if (!settings.comparison) return null;
  const { comparison } = await source.open(folderOf);
  if (!comparison) throw new Error("comparisonsOf: expected a task that compares replies.");
  const policies = await Promise.all(
    replyPolicies(study.parts, study.specs).map((policy) =>
      readComparedPolicy(folderOf(repliesId(policy))),
    ),
  );
  const place = ({ group }: ComparedPolicy) => {
    const index = labels.groups.indexOf(group);
    return index < 0 ? labels.groups.length : index;
  };
  const judged: Comparisons = {
    judge: comparison.facts,
    policies: policies.sort((a, b) => place(a) - place(b)),
    ...{ agreement: [], position_bias: [] },
  };
  const { panel } = comparison;
  if (!panel) return judged;
  const sets = await panelPairs(judged, parts);
  return { ...judged, ...(await panelResults(panel, sets, new AbortController().signal)) };
}

/** Replies of the setting of each group that stands for it, which no test prompt has chosen. */
async function panelPairs(
  comparisons: Comparisons,
  { runs, labels, pairs, folderOf }: CollectedParts,
): Promise<PanelPairs[]> {
  // Means alone decide which setting it is: one replicate of intervals that nobody reads.
  const resampler = new Resampler({ ...BOOTSTRAP, replicates: 1 });
  const shown = shownSettings(judgedSettings({ labels, comparisons }, resampler), { runs });
  const repliesOf = async ({ group, temperature }: PolicyAt) => {
    const policies = shown.find((setting) => setting.group === group)?.policies ?? [];
    return Promise.all(
      policies.map(async (policy) => {
        const rows = await readReplies(folderOf(repliesId(policy)));
        const isAsked = (row: (typeof rows)[number]) =>
          row.prompts === "test" && row.temperature === temperature;
        return { seed: policy.seed, rows: rows.filter(isAsked) };
      }),
    );
  };
  const sets = await Promise.all(
    pairs.map(async ({ first, second }) => ({
      name: `${named(first)} against ${named(second)}`,
      ...repliesSideBySide(await repliesOf(first), await repliesOf(second)),
    })),
  );
  return sets.filter((set) => set.pairs.length > 0);
}

function named({ group, temperature }: PolicyAt): string {
  return `${group} at T ${temperature}`;
}
