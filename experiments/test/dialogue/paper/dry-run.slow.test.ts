/** The paper's setting end to end: every stage and a run of each method, with a tiny random model. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { DIALOGUE } from "../../../src/dialogue/experiment.ts";
import type { EndpointFacts } from "../../../src/dialogue/paper/judge-stage.ts";
import type { StudyResults } from "../../../src/study/results.ts";
import { chatService } from "../../judges/chat-service.ts";
import { buildStages } from "../../study/build-stages.ts";
import { writeLines } from "../../text/files.ts";
import { madeUpRows } from "../hh/made-up.ts";

/** A key that must be nowhere but in the headers of requests. */
const KEY = "sk-made-up-0123456789";

describe("dialogue/paper: dry run", () => {
  test("all stages and runs are built, and judged by a service that fails now and then", async () => {
    const root = mkdtempSync(join(tmpdir(), "preflab-paper-dialogue-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    await selectBackend("ort", { threads: 1 });
    const data = join(root, "data");
    writeLines(data, "helpful-base.jsonl", madeUpRows(120, 1));
    const service = await chatService();
    service.next.push({ status: 429 }, { status: 500 }, { body: '{"choices": [' });
    const file = join(root, "judge.yaml");
    writeFileSync(
      file,
      `judge: {kind: endpoint, url: "${service.url}/v1", model: longer, keyEnv: MADE_UP_KEY,\n` +
        `  order: random, retryDelayMs: 1, cache: ${join(root, "judgements")}}\n`,
    );
    vi.stubEnv("PREFLAB_JUDGE", file);
    vi.stubEnv("MADE_UP_KEY", KEY);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });

    const plan = await DIALOGUE.plan("paper-dry-run", { seeds: null, data });
    const folderOf = await buildStages(plan.stages, join(root, "stages"));
    await plan.collect(root, folderOf);
    const text = readFileSync(join(root, "results.json"), "utf8");
    const results = JSON.parse(text) as StudyResults;

    const steps = results.runs.map(({ method, evaluations }) => [
      method,
      evaluations.map(({ step }) => step),
    ]);
    expect(Object.fromEntries(steps)).toEqual({
      ...{ dpo: [1, 2], ppo: [1, 2] },
      ...{ backbone: [0], sft: [0] },
    });
    for (const { evaluations } of results.runs) {
      const { gold, win_rate: wins = Number.NaN } = evaluations.at(-1) ?? { gold: Number.NaN };
      expect(gold > 0 && gold < 1).toBe(true);
      expect(wins >= 0 && wins <= 1).toBe(true);
    }

    const { judge, policies } = results.comparisons ?? { policies: [] };
    expect(judge?.name).toBe("longer (simple)");
    expect(judge?.about).toContain("agrees with people on");
    expect(policies.map(({ id }) => id).sort()).toEqual(
      ["best-of-n", "few-shot", ...results.runs.map(({ id }) => id)].sort(),
    );
    for (const { points } of policies) {
      expect(points.map(({ temperature }) => temperature)).toEqual([0.7, 1]);
    }

    const { pretrained, endpoint } = results.task as unknown as {
      readonly pretrained: object;
      readonly endpoint: EndpointFacts;
    };
    expect(pretrained).toMatchObject({ model: null, layers: 2, width: 32 });
    // It takes the longer reply wherever that is, so that no place is favoured.
    expect(endpoint).toMatchObject({ invalid: 0, agreement: { count: 4 }, first: { mean: 0.5 } });
    expect(results.deviations.find(({ item }) => item === "backbone")?.here).toContain("tiny");
    expect(existsSync(join(root, "report.html"))).toBe(true);

    expect(service.calls[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    for (const said of [text, readFileSync(join(root, "report.html"), "utf8")]) {
      expect(said).not.toContain(KEY);
    }
  });
});
