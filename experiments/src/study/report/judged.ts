/** Sections of a report with what judges say of replies: win rates, lengths, new topics, judges. */

import type { Comparisons } from "../comparisons.ts";
import { accuracyText } from "../figures/judged-parts.ts";
import type { JudgedAnalysis } from "../statistics/analysis.ts";
import type { JudgedPoint, JudgedSetting } from "../statistics/judged.ts";
import { EVEN, type Judged } from "../statistics/preference.ts";
import { type Content, details, html, type Markup, table } from "./markup.ts";
import { difference, NONE, plain, withError, withInterval } from "./numbers.ts";
import type { Named } from "./sections.ts";

type Prompts = JudgedPoint["prompts"];

/** Win rates of the settings that stand for their methods, and of all. */
export function winRateTables({ settings, shown }: JudgedAnalysis, named: Named): Content {
  const win = ({ win: rate }: JudgedPoint) => sided(rate, EVEN, withInterval(rate));
  const gold = (point: JudgedPoint) => withInterval(point.gold);
  const of = (which: readonly JudgedSetting[], cell: Cell) =>
    temperatureTable(which, "test", cell, named);
  return [
    of(shown, win),
    html`<p><small>T is the sampling temperature. Coloured where the interval excludes ${EVEN}.</small></p>`,
    details("Win rates of all settings", of(settings, win)),
    details("Gold reward of all settings", of(settings, gold)),
  ];
}

/** Differences of the subject's win rates from those of all others. */
export function rivalsTable({ againstRivals: rivals }: JudgedAnalysis, named: Named): Content {
  const temperatures = [...new Set(rivals.flatMap((rival) => rival.temperatures))];
  const sorted = temperatures.sort((a, b) => a - b);
  const cell = (found: Judged | undefined) =>
    found ? sided(found, 0, difference(found)) : html`${NONE}`;
  const rows = rivals.map(({ rival, overall, each, temperatures: own }) => [
    ...nameOf(rival, named),
    cell(overall),
    ...sorted.map((temperature) => cell(each[own.indexOf(temperature)])),
  ]);
  const [first] = rivals;
  if (!first) return null;
  return [
    html`<h3>Differences from other methods</h3>
<p>Win rate of ${first.subject.label} less that of others on the same prompts; coloured where the interval excludes 0.</p>`,
    table(["method", "setting", "mean over T", ...sorted.map(temperatureName)], rows),
  ];
}

/** Raw win rates beside those at equal lengths. */
export function lengthTables({ settings, shown }: JudgedAnalysis, named: Named): Content {
  const temperatures = shown.flatMap(({ points }) =>
    points.filter(({ prompts }) => prompts === "test").map(({ temperature }) => temperature),
  );
  if (temperatures.length === 0) return null;
  const highest = Math.max(...temperatures);
  const head = ["win rate", "at equal lengths", "tokens of a reply", "gold reward"];
  const rows = (which: readonly JudgedSetting[], isShown: (temperature: number) => boolean) =>
    which.flatMap((setting) =>
      setting.points
        .filter(({ prompts, temperature }) => prompts === "test" && isShown(temperature))
        .map(({ temperature, win, lengthControlled, length, gold }) => [
          ...nameOf(setting, named),
          `${temperature}`,
          withInterval(win),
          lengthControlled === null ? NONE : lengthControlled.toFixed(3),
          plain(length),
          plain(gold.mean),
        ]),
    );
  const names = ["method", "setting", "temperature"];
  return [
    html`<h3>Win rates at equal lengths</h3>
<p>Judges may favour length. A logistic model of the judge's word with the difference of lengths tells what it would be for replies as long as those of the data.</p>`,
    table(
      [...names, ...head],
      rows(shown, (temperature) => temperature === highest),
    ),
    details(
      "All settings at all temperatures",
      table(
        [...names, ...head],
        rows(settings, () => true),
      ),
    ),
  ];
}

/** Replies to topics that no policy has seen, with standard errors. */
export function newTopicsSection({ settings, shown }: JudgedAnalysis, named: Named): Content {
  const win = (point: JudgedPoint) => withError(point.win.mean, point.winError);
  const gold = (point: JudgedPoint) => withError(point.gold.mean, point.goldError);
  const of = (which: readonly JudgedSetting[], cell: Cell) =>
    temperatureTable(which, "new topics", cell, named);
  const own = of(shown, win);
  if (!own) return null;
  return [
    html`<p>Win rates against the data's replies about topics that neither the policies nor their data have seen, by sampling temperature T, ± standard errors over prompts and seeds.</p>`,
    own,
    details("Win rates of all settings on new topics", of(settings, win)),
    details("Gold reward of all settings on new topics", of(settings, gold)),
  ];
}

/** Who judged, how far judges agree, and whether they favour a place. */
export function judgesSection({ judge, agreement, position_bias: biases }: Comparisons): Content {
  const agreements = agreement.map((row) => [
    row.pairs,
    row.first,
    row.second,
    withInterval(row.agreement),
    `${row.agreement.count}`,
    plain(row.first_rate),
    plain(row.second_rate),
    isSameSide(row.first_rate, row.second_rate) ? "yes" : html`<span class="below">no</span>`,
  ]);
  const places = biases.map(({ judge: name, first_preferred: first }) => [
    name,
    withInterval(first),
    `${first.count}`,
    first.low > EVEN ? "the first place" : first.high < EVEN ? "the second place" : "neither",
  ]);
  return [
    html`<p>Win rates are the word of <strong>${judge.name}</strong>. ${judge.about}${judge.accuracy ? ` ${accuracyText(judge.accuracy)}.` : null}</p>`,
    agreements.length === 0
      ? null
      : html`<h3>Agreement</h3>
<p>${agreementSentence(agreement)}</p>
${table(["policies", "judge", "other judge", "agreement [interval]", "pairs", "judge prefers the first policy", "other judge", "same policy preferred"], agreements)}`,
    places.length === 0
      ? null
      : html`<h3>Places</h3>
<p>Share of judgements for the reply that was seen first. Both orders are asked and averaged, so that favouring a place moves no win rate; it makes more ties.</p>
${table(["judge", "first preferred [interval]", "judgements", "favours"], places)}`,
  ];
}

function agreementSentence(rows: Comparisons["agreement"]): string {
  const shares = rows.map(({ agreement }) => agreement.mean);
  const chance = rows.filter(({ agreement }) => agreement.low <= EVEN).length;
  const same = rows.filter((row) => isSameSide(row.first_rate, row.second_rate)).length;
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map((x) => plain(100 * x));
  const excluded =
    chance === 0
      ? "which the interval of every row excludes"
      : `which the interval of ${chance} of ${rows.length} rows does not exclude`;
  return (
    `Judges agree on ${least === most ? least : `${least} to ${most}`} % of pairs; two that toss coins ` +
    `would agree on half of them, ${excluded}. Both prefer the same policy in ${same} of ` +
    `${rows.length} rows: only there could one judge stand for the other.`
  );
}

function isSameSide(a: number, b: number): boolean {
  return (a - EVEN) * (b - EVEN) > 0;
}

/** What a table says of a point. */
type Cell = (point: JudgedPoint) => Content;

/** A row for each setting, a column for each temperature; null without any. */
function temperatureTable(
  settings: readonly JudgedSetting[],
  prompts: Prompts,
  cell: Cell,
  named: Named,
): Markup | null {
  const own = settings.map((setting) => ({
    setting,
    points: setting.points.filter((point) => point.prompts === prompts),
  }));
  const known = own.filter(({ points }) => points.length > 0);
  const temperatures = [
    ...new Set(known.flatMap(({ points }) => points.map(({ temperature }) => temperature))),
  ].sort((a, b) => a - b);
  const rows = known.map(({ setting, points }) => [
    ...nameOf(setting, named),
    `${setting.policies.length}`,
    ...temperatures.map((at) => {
      const point = points.find(({ temperature }) => temperature === at);
      return point ? cell(point) : NONE;
    }),
  ]);
  return table(["method", "setting", "seeds", ...temperatures.map(temperatureName)], rows);
}

function temperatureName(temperature: number): string {
  return `T = ${temperature}`;
}

function nameOf({ group, setting }: JudgedSetting, named: Named): Content[] {
  return [named(group), html`<span class="name">${setting}</span>`];
}

/** A number coloured by the side of `even` that its interval is on. */
function sided(
  { low, high }: { readonly low: number; readonly high: number },
  even: number,
  text: string,
): Markup {
  const side = low > even ? "above" : high < even ? "below" : "";
  return html`<span class="${side}">${text}</span>`;
}
