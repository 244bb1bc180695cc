/** Words of the task of real dialogues, in place of those of the embedded one. */
import { GROUP } from "../../policy/methods/specs.ts";
import type { StudyLabels } from "../../study/results.ts";

/** Words. */
export const HH_LABELS: Partial<StudyLabels> = {
  title: "Single-turn dialogue, Anthropic-HH",
  about:
    "A small language model that has read nothing but these dialogues learns to answer from pairs of " +
    "replies that people compared. Policies begin as the reference, which was fine-tuned on the chosen " +
    "replies. Reward is the word of a judge that was trained on choices which no method saw: the " +
    "probability that people prefer a reply to the chosen one of the data. The judge is weak, how weak " +
    "is printed beside it, and a policy can please it without pleasing people. KL is how far a policy " +
    "has moved from the reference. Models are far smaller than those of Rafailov et al. 2023: " +
    "none of these numbers are the paper's.",
  reward: "preference over the chosen reply (weak judge)",
  rivals: [GROUP.ppo],
};
