/** The task made from the published HH rows: what the study of them demands of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWithData, sharedPath } from "@preflab/testing";
import { beforeAll, expect, test } from "vitest";
import {
  DIALOGUES,
  dialoguesIn,
  readDialogueFacts,
} from "../../../src/dialogue/hh/dialogue-files.ts";
import { groupsOf } from "../../../src/dialogue/hh/groups.ts";
import { JUDGE, readJudgeFacts } from "../../../src/dialogue/hh/judge-stage.ts";
import { HH_SMALL } from "../../../src/dialogue/hh/settings.ts";
import { hhSource } from "../../../src/dialogue/hh/source.ts";
import { PARTS } from "../../../src/dialogue/hh/split.ts";
import { readTokenFacts, TOKENS } from "../../../src/dialogue/hh/token-stage.ts";
import { firstQuestion } from "../../../src/dialogue/hh/transcript.ts";
import { buildStages } from "../../study/build-stages.ts";

describeWithData(["hh"], "dialogue/hh on published rows", () => {
  let input: (id: string) => string;

  beforeAll(async () => {
    const root = mkdtempSync(join(tmpdir(), "preflab-hh-"));
    input = await buildStages(hhSource(sharedPath("hh"), HH_SMALL).stages, root);
    return () => rmSync(root, { recursive: true });
  });

  test("all rows are accounted for, odd ones as they are known", async () => {
    const { rows, otherRows, edges, parts, leaks, publishedTest } = await readDialogueFacts(
      input(DIALOGUES),
    );
    expect([rows, otherRows, leaks, publishedTest]).toEqual([7415, 0, 0, false]);
    expect(edges).toMatchObject({ promptsDiffer: 17, identicalReplies: 34, endsOnHumanTurn: 0 });
    const leftOut =
      edges.promptsDiffer + edges.identicalReplies + edges.emptyReply + edges.repeated;
    const kept = Object.values(parts).reduce((sum, { dialogues }) => sum + dialogues, 0);
    expect(kept + leftOut).toBe(7415);
  });

  test("no first question, nor one nearly like it, is in two parts", async () => {
    const questions: Record<string, Set<string>> = {};
    for (const part of PARTS) {
      const dialogues = await dialoguesIn(input(DIALOGUES), part);
      questions[part] = new Set(dialogues.map(firstQuestion));
    }
    const groups = groupsOf(Object.values(questions).flatMap((texts) => [...texts]));
    const partsOf = new Map<string | undefined, Set<string>>();
    for (const part of PARTS) {
      for (const text of questions[part] ?? []) {
        const group = groups.get(text);
        partsOf.set(group, (partsOf.get(group) ?? new Set()).add(part));
      }
    }
    expect([...partsOf.values()].filter(({ size }) => size > 1)).toHaveLength(0);
    expect(groups.size).toBeGreaterThan(6000);
  });

  test("there is enough to learn from and to test on", async () => {
    const { parts, vocabulary } = await readTokenFacts(input(TOKENS));
    expect(vocabulary).toBe(HH_SMALL.vocabulary);
    expect(parts.train.texts.tokens).toBeGreaterThan(1e6);
    expect(parts.test.prompts.singleTurn).toBeGreaterThan(200);
    expect(parts.train.pairs.tooLong / parts.train.pairs.rows).toBeLessThan(0.1);
  });

  test("the judge agrees with people more often than a coin, and knows that it is weak", async () => {
    const { agreement, logLoss } = await readJudgeFacts(input(JUDGE));
    expect(agreement.all.low).toBeGreaterThan(0.5);
    expect(logLoss).toBeLessThan(Math.LN2);
    process.stderr.write(`judge: ${JSON.stringify(agreement)}\n`);
  });
});
