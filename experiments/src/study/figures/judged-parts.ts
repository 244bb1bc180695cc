/** Parts of the figures of what judges say: who they are, how settings were chosen, names of groups. */
import type { JudgeFacts } from "../comparisons.ts";
import type { ShownSetting } from "../statistics/judged.ts";
import { knobOf, short } from "./parts.ts";

/** Who judged, and how far it is to be trusted: below the title of every figure of win rates. */
export function judgeNote({ name, about, accuracy }: JudgeFacts): string {
  const trust = accuracy ? ` ${accuracyText(accuracy)}.` : "";
  return `Judge: ${name}. ${about}${trust}`;
}

/** How often a judge gives the label of people. */
export function accuracyText({
  mean,
  low,
  high,
  count,
}: NonNullable<JudgeFacts["accuracy"]>): string {
  const [at, from, to] = [mean, low, high].map((share) => short(100 * share));
  return `It gives the label of people for ${at} % [${from}, ${to}] of ${count} held-out pairs`;
}

/** Which setting of each method is shown where it has any, and why. */
export function selectionNotes(shown: readonly ShownSetting[]): string[] {
  const of = (selection: ShownSetting["selection"]) =>
    shown
      .filter((one) => one.selection === selection && knobOf(one))
      .map(({ label }) => label)
      .join("; ");
  const [only, validation, test] = [of("only"), of("validation"), of("test")];
  return [
    ...(validation === "" ? [] : [`Of most reward on validation prompts: ${validation}`]),
    ...(only === "" ? [] : [`The only setting: ${only}`]),
    ...(test === "" ? [] : [`Of most wins on these prompts, so a little too high: ${test}`]),
  ];
}
