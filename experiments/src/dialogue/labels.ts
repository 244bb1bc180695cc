/** Words of the experiment for figures and reports. */
import { GROUP } from "../policy/methods/specs.ts";
import type { StudyLabels } from "../study/results.ts";
import { BASE } from "./grid.ts";

/** Words. */
export const LABELS: StudyLabels = {
  title: "Single-turn dialogue",
  about:
    "A language model learns to answer questions from pairs of replies that it did not write. Policies " +
    "begin as the reference, which was fine-tuned on the chosen replies. Reward is how helpful a reply " +
    "to a held-out question is; KL is how far a policy has moved from the reference. The task is a " +
    "small stand-in for the one of Rafailov et al. 2023: none of these numbers are the paper's.",
  reward: "helpfulness",
  proxy: "learned reward",
  reference: GROUP.preferred,
  subject: GROUP.dpo,
  rivals: [GROUP.ppo, GROUP.gold],
  claim:
    "DPO learns dialogue from preferences as well as any method (Rafailov et al. 2023, section 6.2)",
  groups: [
    ...[GROUP.dpo, GROUP.bestOfN, GROUP.ppo, GROUP.gold, GROUP.preferred],
    ...[BASE, GROUP.fewShot],
  ],
};
