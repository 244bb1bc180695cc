/** report.html: one page with everything in it, which needs neither network nor script. */
import { stylesOf } from "../figures/parts.ts";
import type { StudyResults } from "../results.ts";
import type { Analysis } from "../statistics/analysis.ts";
import { SCRIPT, STYLE } from "./assets.ts";
import { enumerationPart } from "./enumeration.ts";
import {
  bestOfNTable,
  configurationSection,
  costsTable,
  deviationsTable,
  runsTable,
  type StudyTimings,
  samplesSection,
  statementsSection,
  timingsSection,
} from "./facts.ts";
import {
  judgesSection,
  lengthTables,
  newTopicsSection,
  rivalsTable,
  winRateTables,
} from "./judged.ts";
import { repliesSection } from "./judged-samples.ts";
import { replyRules, replyVerdict } from "./judged-verdict.ts";
import { type Content, html, Markup } from "./markup.ts";
import {
  differencesTable,
  gapsTable,
  groupsTable,
  type Named,
  settingsTables,
  verdictSection,
} from "./sections.ts";
import { verdictOf, verdictRules } from "./verdict.ts";

/** What a report is made of. */
export interface ReportParts {
  readonly results: StudyResults;
  readonly analysis: Analysis;
  /** SVG by the name of the figure, in the colours of the page. */
  readonly pictures: Readonly<Record<string, string>>;
  readonly timings: StudyTimings | null;
}

/** A section by its id, title and content. */
type Section = readonly [id: string, title: string, content: Content];

/** The page. Equal parts give equal pages. */
export function reportHtml(parts: ReportParts): string {
  const { results, analysis } = parts;
  const { labels, experiment, preset, seeds } = results;
  const sections = sectionsOf(parts);
  const links = sections.map(([id, title]) => html`<a href="#${id}">${title}</a>`);
  const body = sections.map(
    ([id, title, content]) => html`<section id="${id}"><h2>${title}</h2>\n${content}\n</section>\n`,
  );
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${labels.title}: ${preset}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${labels.title}</h1>
<p class="facts">experiment ${experiment}, preset ${preset}, ${results.runs.length} runs, ${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}, ${analysis.prompts} test prompts</p>
<p class="about">${labels.about}</p>
</header>
<main>
${verdicts(results, analysis)}
<nav aria-label="sections">${links}</nav>
${body}
</main>
<div id="tip" role="status"></div>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}

/** The verdict on replies, if any were judged, and the one on reward. */
function verdicts(results: StudyResults, analysis: Analysis): Content {
  const { labels, comparisons } = results;
  const { judged, options } = analysis;
  const onReplies = judged && comparisons ? replyVerdict(judged, comparisons) : null;
  const onReward = verdictOf(results, analysis);
  const title = onReplies ? "Verdict on reward against KL" : "Verdict";
  const reward = verdictSection(
    { id: "verdict", title },
    onReward,
    verdictRules(labels, options.level),
  );
  if (!onReplies) return reward;
  const replies = { id: "verdict-replies", title: "Verdict on replies" };
  return [verdictSection(replies, onReplies, replyRules(labels, options.level)), "\n", reward];
}

/** Sections of studies whose replies were judged. */
function judgedSections(
  { results: { comparisons }, analysis: { judged } }: ReportParts,
  named: Named,
  picture: (name: string) => Content,
): Section[] {
  if (!comparisons || !judged) return [];
  const topics = newTopicsSection(judged, named);
  return [
    [
      "replies",
      "Replies against those of the data",
      [
        picture("win-rate"),
        winRateTables(judged, named),
        picture("win-rate-settings"),
        rivalsTable(judged, named),
        lengthTables(judged, named),
        picture("best-of-n"),
      ],
    ],
    ...(topics === null ? [] : [["new-topics", "New topics", topics] as const]),
    ["judges", "Judges", judgesSection(comparisons)],
  ];
}

function sectionsOf(parts: ReportParts): Section[] {
  const { results, analysis, pictures, timings } = parts;
  const named = namesOf(results);
  const picture = (name: string): Content => {
    const svg = pictures[name];
    return svg === undefined ? null : html`<figure>${new Markup(ownIds(svg, name))}</figure>`;
  };
  const curves = [
    ...[picture("learning-curves"), picture("win-rate-training"), picture("chosen-logp")],
  ];
  const replies = analysis.judged ? repliesSection(analysis.judged, named) : null;
  return [
    ...judgedSections(parts, named, picture),
    [
      "frontier",
      "Reward against KL",
      [
        picture("frontier"),
        settingsTables(analysis, named),
        html`<p><small>Final policies, means over runs. Brackets: ${analysis.options.level * 100} % intervals from ${analysis.options.replicates} resamplings of seeds and test prompts.</small></p>`,
        runsTable(results, named),
      ],
    ],
    [
      "statistics",
      "Comparison at fixed KL",
      [
        html`<p>Difference of rewards at the same KL; coloured where the interval excludes 0.</p>`,
        differencesTable(analysis) ?? html`<p>No KL at which methods could be compared.</p>`,
        groupsTable(analysis, named),
        html`<h3>Gap to the limit</h3>`,
        gapsTable(analysis, named) ??
          html`<p>The limit is not known where methods were evaluated.</p>`,
        html`<h3>Best of n</h3>`,
        bestOfNTable(results),
        enumerationPart(results),
      ],
    ],
    [
      "kl",
      "What sets the KL, and over-optimisation",
      [picture("target-kl"), picture("beta-kl"), picture("over-optimisation")],
    ],
    ["training", "Training", curves],
    ["samples", "Samples", replies ?? samplesSection(results, analysis, named)],
    ["costs", "Costs", costsTable(results, timings, named)],
    ["statements", "Statements", statementsSection(results)],
    ["deviations", "Deviations from the paper", deviationsTable(results)],
    ["configuration", "Configuration", configurationSection(results)],
    ["machine", "Machine and times", timingsSection(timings)],
  ];
}

function namesOf(results: StudyResults): Named {
  const styles = stylesOf(results);
  return (group) => {
    const color = styles.find((style) => style.group === group)?.color ?? "gray";
    return html`<span class="name"><span class="swatch" style="background:${color}"></span>${group}</span>`;
  };
}

/** Every picture numbers its clip paths from 0, and ids of a page are unique. */
function ownIds(svg: string, name: string): string {
  return svg.replace(/(\bid="|url\(#)/g, `$1${name}-`);
}
