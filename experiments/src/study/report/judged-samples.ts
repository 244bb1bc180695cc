/** Replies of all policies to the same prompts, side by side with that of the data. */
import type { ComparedSample } from "../comparisons.ts";
import type { JudgedAnalysis } from "../statistics/analysis.ts";
import { EVEN } from "../statistics/preference.ts";
import { type Content, html } from "./markup.ts";
import { plain } from "./numbers.ts";
import type { Named } from "./sections.ts";

/** Replies with the judge's word; null where none were kept. */
export function repliesSection({ shown }: JudgedAnalysis, named: Named): Content {
  const policies = shown.flatMap(({ group, setting, policies: [policy] }) =>
    policy && policy.samples.length > 0 ? [{ group, setting, samples: policy.samples }] : [],
  );
  const prompts = [...new Set(policies.flatMap(({ samples }) => samples.map((one) => one.prompt)))];
  if (prompts.length === 0) return null;
  const cards = prompts.map((prompt, i) => {
    const own = policies.flatMap(({ group, setting, samples }) => {
      const sample = samples.find((one) => one.prompt === prompt);
      return sample ? [{ group, setting, sample }] : [];
    });
    const card = (title: string, text: string) =>
      html`<div class="card"><p class="source">${title}</p><blockquote>${text}</blockquote></div>\n`;
    return html`<h3>Prompt ${i + 1}</h3><div class="cards">
${card("Prompt", prompt)}${card("Reply of the data", own[0]?.sample.rival ?? "")}${own.map(
  ({ group, setting, sample }) =>
    html`<div class="card"><p class="source">${named(group)} <small>${setting}</small></p>
<blockquote>${sample.reply}</blockquote><p class="score">${word(sample)}</p></div>\n`,
)}</div>\n`;
  });
  return [
    html`<p>From the setting of each method that stands for it, first seed, the first prompts of the test; no reply was chosen by hand. The number is the judge's preference over the reply of the data.</p>`,
    cards,
  ];
}

function word({ preference }: ComparedSample): string {
  if (preference === null) return "the judge was not understood";
  if (preference === EVEN) return `a tie (${EVEN})`;
  const who = preference > EVEN ? "preferred" : "the data's is preferred";
  return `${who} (${plain(preference)})`;
}
