import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { DIALOGUES } from "../../../src/dialogue/hh/dialogue-files.ts";
import {
  decisive,
  judgeSettings,
  LOCAL_JUDGE,
  PAPER_JUDGE,
} from "../../../src/dialogue/paper/judge-settings.ts";
import {
  ENDPOINT_JUDGE,
  endpointJudgeStage,
  pairJudge,
  readEndpointFacts,
} from "../../../src/dialogue/paper/judge-stage.ts";
import type { EndpointSettings } from "../../../src/judges/settings.ts";
import { temporaryFolder } from "../../fixtures.ts";
import { chatService, repliesIn, settingsFor, verdict } from "../../judges/chat-service.ts";
import { buildStages } from "../../study/build-stages.ts";
import { writeLines } from "../../text/files.ts";

/** Dialogues that the judge's part has; in the first three of four the chosen reply is longer. */
const JUDGED = Array.from({ length: 8 }, (_, i) => ({
  prompt: [{ role: "user", content: `Question ${i}?` }],
  ...{ chosen: i % 4 === 3 ? "Yes." : "Yes, and more of it.", rejected: "No, never." },
  ...{ row: i, source: "helpful.jsonl", group: i },
}));

async function facts(settings: EndpointSettings) {
  const root = temporaryFolder();
  mkdirSync(join(root, DIALOGUES));
  writeLines(join(root, DIALOGUES), "judge.jsonl", JUDGED);
  const folderOf = await buildStages([endpointJudgeStage(settings, 8, 0)], root);
  return readEndpointFacts(folderOf(ENDPOINT_JUDGE));
}

function judgeFile(text: string): string {
  const path = join(temporaryFolder(), "judge.yaml");
  writeFileSync(path, text);
  return path;
}

describe("dialogue/paper/judge-settings", () => {
  test("a file takes the place of the paper's judge, and answers are kept in any case", () => {
    const url = "http://127.0.0.1:11434/v1";
    const path = judgeFile(`judge: {kind: endpoint, url: "${url}", model: small}`);
    const settings = judgeSettings(PAPER_JUDGE, { PREFLAB_JUDGE: path });
    expect(settings).toMatchObject({ url, model: "small", keyEnv: null });
    expect(settings.cache).toBe(PAPER_JUDGE.cache);
    expect(judgeSettings(LOCAL_JUDGE, {})).toBe(LOCAL_JUDGE);
  });

  test("files that are missing, or name no service, are errors", () => {
    const open = (path: string) => () => judgeSettings(PAPER_JUDGE, { PREFLAB_JUDGE: path });
    expect(open("/no/such/judge.yaml")).toThrow(/PREFLAB_JUDGE: expected a file with settings/);
    expect(open(judgeFile("judge: {kind: gold}"))).toThrow(/expected a judge of kind endpoint/);
    expect(open(judgeFile("judge: {kind: endpoint, model: m}"))).toThrow(/url/);
  });

  test("what does not decide answers does not decide stages", () => {
    const patient = { ...PAPER_JUDGE, retries: 9, keyEnv: "OTHER", cache: null, concurrency: 1 };
    expect(decisive(patient)).toEqual(decisive(PAPER_JUDGE));
    expect(decisive({ ...PAPER_JUDGE, model: "other" })).not.toEqual(decisive(PAPER_JUDGE));
  });
});

describe("dialogue/paper/judge-stage", () => {
  test("agreement with people is known before anything is trained, in both orders", async () => {
    const service = await chatService();
    const { agreement, first, invalid, cost } = await facts(
      settingsFor(service, { order: "random" }),
    );
    // It takes the longer reply.
    expect(agreement).toMatchObject({ mean: 0.75, count: 8 });
    expect(first).toMatchObject({ mean: 0.5, count: 16 });
    expect({ invalid, requests: cost.requests }).toEqual({ invalid: 0, requests: 16 });
  });

  test("a place that it favours shows", async () => {
    const service = await chatService();
    service.next.push(...Array.from({ length: 16 }, () => ({ body: verdict("A") })));
    const { agreement, first } = await facts(settingsFor(service));
    expect(first?.mean).toBe(1);
    expect(agreement.mean).toBe(0.5);
  });

  test("a judge that is never understood, or has no key, ends it", async () => {
    const service = await chatService();
    service.next.push(...Array.from({ length: 16 }, () => ({ body: verdict("neither") })));
    await expect(facts(settingsFor(service, { retries: 0 }))).rejects.toThrow(
      /expected answers about 8 pairs, got 8/,
    );
    vi.stubEnv("MADE_UP_KEY", undefined);
    await expect(facts(settingsFor(service, { keyEnv: "MADE_UP_KEY" }))).rejects.toThrow(
      /MADE_UP_KEY, got none/,
    );
    vi.unstubAllEnvs();
  });

  test("replies are shown without the space that their tokens begin with", async () => {
    const service = await chatService();
    const judge = pairJudge(settingsFor(service, { order: "random" }));
    const pair = { prompt: "Why?", reply: " So. ", rival: "So it is." };
    await judge.compare([pair], new AbortController().signal);
    const shown = service.calls.map(repliesIn).flatMap(({ a, b }) => [a, b]);
    expect(shown.sort()).toEqual(["So it is.", "So."]);
    expect(judge.cost.requests).toBe(1);
  });
});
