import { describe, expect, test } from "vitest";
import { type Judge, type Judgement, judgementOf, NO_COST } from "../../../src/judges/judge.ts";
import { panelResults } from "../../../src/policy/comparison/panel.ts";
import type { JudgePanel } from "../../../src/policy/task.ts";

const PAIRS = ["p", "q", "r", "s"].map((prompt) => ({ prompt, reply: "yes", rival: "no" }));
const SETS = [{ name: "A against B", pairs: PAIRS, prompts: [0, 1, 2, 3] }];
const { signal } = new AbortController();

/** A judge that says what is given, one for each pair. */
function saying(name: string, judgements: readonly Judgement[]): Judge {
  return { name, cost: NO_COST, compare: async (pairs) => pairs.map((_, i) => at(judgements, i)) };
}

const at = (judgements: readonly Judgement[], i: number) => judgements[i] as Judgement;

const plain = (preference: number | null): Judgement => ({ preference, views: [] });

/** What a judge that sees both orders chose, the reply first and then the rival first. */
const seen = (one: "A" | "B", other: "A" | "B"): Judgement =>
  judgementOf([
    { first: "reply", choice: one, comparison: "" },
    { first: "rival", choice: other, comparison: "" },
  ]);

describe("policy/comparison/panel", () => {
  test("people are compared with each other, and a judge with all of them", async () => {
    const panel: JudgePanel = {
      members: [
        { name: "S", judges: [saying("S", [1, 1, 0.5, 0].map(plain))] },
        {
          name: "person",
          judges: [
            [1, 1, 1, 0],
            [1, 0, 1, 1],
          ].map((said) => saying("person", said.map(plain))),
        },
      ],
      agreements: [
        ["S", "person"],
        ["person", "person"],
      ],
    };
    const { agreement, position_bias } = await panelResults(panel, SETS, signal);
    const [judge, people] = agreement;
    // With the first person 1, 1, 1/2, 1; with the second 1, 0, 1/2, 0.
    expect(judge).toMatchObject({ pairs: "A against B", first: "S", second: "person" });
    expect(judge?.agreement).toMatchObject({ mean: 5 / 8, count: 8 });
    expect([judge?.first_rate, judge?.second_rate]).toEqual([2.5 / 4, 6 / 8]);
    expect(people?.agreement).toMatchObject({ mean: 2 / 4, count: 4 });
    expect([people?.first_rate, people?.second_rate]).toEqual([3 / 4, 3 / 4]);
    expect(position_bias).toEqual([]);
  });

  test("the same judge twice tells more about its prompts than about its pairs", async () => {
    const judges = [1, 2, 3].map(() => saying("J", [1, 0, 1, 0].map(plain)));
    const truth = [saying("gold", [1, 1, 1, 1].map(plain))];
    const of = async (count: number) => {
      const members = [
        { name: "J", judges: judges.slice(0, count) },
        { name: "gold", judges: truth },
      ];
      const panel: JudgePanel = { members, agreements: [["J", "gold"]] };
      return (await panelResults(panel, SETS, signal)).agreement[0]?.agreement;
    };
    const [one, three] = [await of(1), await of(3)];
    expect([one?.count, three?.count]).toEqual([4, 12]);
    expect(three?.low).toBeCloseTo(one?.low as number, 12);
    expect(three?.high).toBeCloseTo(one?.high as number, 12);
  });

  test("ties of what counts as right and words not understood are left out", async () => {
    const panel: JudgePanel = {
      members: [
        { name: "J", judges: [saying("J", [1, 0, null, 1].map(plain))] },
        { name: "gold", judges: [saying("gold", [1, 1, 0, 0.5].map(plain))] },
      ],
      agreements: [["J", "gold"]],
    };
    const { agreement } = await panelResults(panel, SETS, signal);
    expect(agreement[0]?.agreement).toMatchObject({ mean: 1 / 2, count: 2 });
    expect([agreement[0]?.first_rate, agreement[0]?.second_rate]).toEqual([2 / 3, 2.5 / 4]);
  });

  test("a judge that sees orders is said to favour the first place, or not", async () => {
    const biased = [seen("A", "A"), seen("A", "B"), seen("A", "A"), seen("B", "A")];
    const panel: JudgePanel = {
      members: [{ name: "J", judges: [saying("J", biased)] }],
      agreements: [],
    };
    const { position_bias } = await panelResults(panel, SETS, signal);
    // A was chosen twice, once, twice and once.
    expect(position_bias).toEqual([
      { judge: "J", first_preferred: expect.objectContaining({ mean: 6 / 8, count: 8 }) },
    ]);
  });
});
