/** Words of the paper's setting, in place of those of dialogues on a small machine. */
import type { StudyLabels } from "../../study/results.ts";
import { HH_LABELS } from "../hh/labels.ts";

/** Words. */
export const PAPER_LABELS: Partial<StudyLabels> = {
  ...HH_LABELS,
  title: "Single-turn dialogue, Anthropic-HH, the paper's setting",
  about:
    "A published language model learns to answer from pairs of replies that people compared. Policies " +
    "begin as the reference, which was fine-tuned on the chosen replies. Win rates are a language " +
    "model's word on replies and the chosen ones of the data. Reward is the word of another judge, a " +
    "weak one that was trained on choices which no method saw, since that can be asked about every " +
    "sample; it is no truth. KL is how far a policy has moved from the reference. Where numbers depart " +
    "from those of Rafailov et al. 2023, the table of departures says so.",
};
