/** Judges against each other: how often they prefer the same reply, and whether they favour a place. */
import type { Judge, Judgement, ReplyPair } from "../../judges/judge.ts";
import { agreement } from "../../judges/statistics/agreement.ts";
import { positionBias } from "../../judges/statistics/position-bias.ts";
import type { Share } from "../../judges/statistics/share.ts";
import type { Comparisons, JudgeAgreement, ShareOf } from "../../study/comparisons.ts";
import { mean } from "../../study/statistics/bootstrap.ts";
import type { JudgePanel } from "../task.ts";

/** Replies that all judges of a panel compare. */
export interface PanelPairs {
  /** Such as `DPO at T 0.25 against PPO at T 0`. */
  readonly name: string;
  readonly pairs: readonly ReplyPair[];
  /** To which prompt each belongs, for the errors. */
  readonly prompts: readonly number[];
}

/** What a panel says of sets of pairs: see {@link Comparisons}. */
export async function panelResults(
  { members, agreements }: JudgePanel,
  sets: readonly PanelPairs[],
  signal: AbortSignal,
): Promise<Pick<Comparisons, "agreement" | "position_bias">> {
  const judged: JudgedSet[] = [];
  for (const { name, pairs, prompts } of sets) {
    const judgements = new Map<string, readonly (readonly Judgement[])[]>();
    for (const { name: member, judges } of members) {
      judgements.set(member, await askAll(judges, pairs, signal));
    }
    judged.push({ name, prompts, judgements });
  }
  return {
    agreement: judged.flatMap((set) =>
      agreements.flatMap(([first, second]) => agreementOf(set, first, second) ?? []),
    ),
    position_bias: members.flatMap(({ name: judge }) => {
      const all = judged.flatMap(({ judgements }) => (judgements.get(judge) ?? []).flat());
      const { first } = positionBias(all);
      return first ? [{ judge, first_preferred: shown(first) }] : [];
    }),
  };
}

/** Judgements of a set by the name of the member, one list for each of its judges. */
interface JudgedSet extends Pick<PanelPairs, "name" | "prompts"> {
  readonly judgements: ReadonlyMap<string, readonly (readonly Judgement[])[]>;
}

async function askAll(
  judges: readonly Judge[],
  pairs: readonly ReplyPair[],
  signal: AbortSignal,
): Promise<(readonly Judgement[])[]> {
  const all: (readonly Judgement[])[] = [];
  for (const judge of judges) all.push(await judge.compare(pairs, signal));
  return all;
}

/** Agreement of every judge of one name with every one of the other; null where nothing tells it. */
function agreementOf(
  { name: pairs, prompts, judgements }: JudgedSet,
  first: string,
  second: string,
): JudgeAgreement | null {
  const [ours, theirs] = [judgements.get(first) ?? [], judgements.get(second) ?? []];
  const couples = ours.flatMap((one, i) =>
    theirs.slice(first === second ? i + 1 : 0).map((other) => [one, other] as const),
  );
  const said = couples.flatMap(([one]) => preferencesOf(one));
  const wanted = couples.flatMap(([, other]) => preferencesOf(other));
  const { rate } = agreement(
    said,
    wanted,
    couples.flatMap(() => prompts),
  );
  if (!rate) return null;
  return {
    ...{ pairs, first, second, agreement: shown(rate) },
    ...{ first_rate: meanOf(said), second_rate: meanOf(wanted) },
  };
}

function preferencesOf(judgements: readonly Judgement[]): (number | null)[] {
  return judgements.map(({ preference }) => preference);
}

function meanOf(preferences: readonly (number | null)[]): number {
  return mean(preferences.filter((preference) => preference !== null));
}

function shown({ mean, low, high, count }: Share): ShareOf {
  return { mean, low, high, count };
}
