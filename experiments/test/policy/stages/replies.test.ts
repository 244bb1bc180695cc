import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { initialParameters, parseConfig, saveModel } from "@preflab/lm";
import { NO_NORMALIZATION, saveRewardModel, withScoreHead } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { REFERENCE_RUN, trainedRuns } from "../../../src/dialogue/grid.ts";
import { PRESETS } from "../../../src/dialogue/presets.ts";
import type { DialogueSettings } from "../../../src/dialogue/settings.ts";
import { syntheticDialogueSource } from "../../../src/dialogue/synthetic-task.ts";
import {
  type ReplyRow,
  readComparedPolicy,
  readReplies,
} from "../../../src/policy/comparison/reply-files.ts";
import type { StudyParts } from "../../../src/policy/parts.ts";
import { BACKBONE } from "../../../src/policy/stages/backbone.ts";
import { PREFERRED_FT } from "../../../src/policy/stages/preferred-ft.ts";
import { repliesStages } from "../../../src/policy/stages/replies.ts";
import { REWARD_MODEL } from "../../../src/policy/stages/reward-model.ts";
import type { PreferenceTask } from "../../../src/policy/task.ts";
import type { Stage } from "../../../src/study/experiment.ts";
import { buildStages } from "../../study/build-stages.ts";
import { temporaryFolder } from "../../study/stages.ts";

const PROMPTS = 6;
const NEW_TOPICS = 3;
const SAMPLES = 2;
const SHOWN = 4;

const SOURCE = syntheticDialogueSource({
  prompts: { train: 20, validation: 10, test: 10 },
  pairsPerPrompt: 1,
  labels: { kind: "deterministic" },
  seed: 0,
});
const SMOKE = PRESETS["smoke"]?.settings as DialogueSettings;
const SETTINGS: DialogueSettings = {
  ...SMOKE,
  evaluation: { ...SMOKE.evaluation, prompts: PROMPTS, shown: SHOWN },
  comparison: {
    ...{ temperatures: [0, 1], samples: SAMPLES, newTopics: NEW_TOPICS },
    ...{ newTopicTemperatures: [0], bestOf: 4, seed: 0 },
  },
  maxNewTokens: 8,
};
const PARTS: StudyParts = { source: SOURCE, settings: SETTINGS, reference: PREFERRED_FT };

/** Untrained models, in the places of those that stages would train. */
function modelStages(task: PreferenceTask): Stage[] {
  const config = parseConfig({
    ...{ model_type: "gpt2", n_layer: 1, n_embd: 16, n_head: 2, n_positions: 160 },
    vocab_size: task.tokenizer.vocabSize,
    bos_token_id: task.specialIds.bos,
    eos_token_id: task.specialIds.eos,
  });
  const stage = (id: string, build: (folder: string) => Promise<void>): Stage => ({
    ...{ id, title: id, config: null, inputs: [] },
    build: ({ folder }) => build(join(folder, "model")),
  });
  const model = (id: string, seed: number) =>
    stage(id, async (folder) => {
      const params = initialParameters(config, seed);
      await saveModel(folder, { config, params, tokenizer: task.files });
      tf.dispose({ ...params });
    });
  return [
    ...[model(BACKBONE, 1), model(PREFERRED_FT, 2)],
    stage(REWARD_MODEL, async (folder) => {
      const params = initialParameters(config, 3);
      const made = withScoreHead(config, params, { seed: 4, deviation: 0.5 });
      mkdirSync(folder, { recursive: true });
      await saveRewardModel(folder, { ...made, normalization: NO_NORMALIZATION });
      tf.dispose([{ ...params }, { ...made.params }]);
    }),
  ];
}

describe("policy/stages/replies", () => {
  // The base and the reference: nothing here is trained.
  const specs = [...trainedRuns(SETTINGS, 0).filter(({ method }) => method === BACKBONE)];
  const stages = repliesStages(PARTS, [...specs, REFERENCE_RUN]);
  let task: PreferenceTask;
  let folderOf: (id: string) => string;

  beforeAll(async () => {
    await selectBackend("ort");
    task = await SOURCE.open(() => "");
    folderOf = await buildStages([...modelStages(task), ...stages], temporaryFolder());
  });

  const rows = (name: string) => readReplies(folderOf(`replies/${name}`));
  const at = (all: readonly ReplyRow[], prompts: ReplyRow["prompts"], temperature: number) =>
    all.filter((row) => row.prompts === prompts && row.temperature === temperature);

  test("every policy has a stage that needs its model, best-of-n the learned reward too", () => {
    expect(stages.map(({ id, inputs }) => [id, ...inputs])).toEqual([
      ["replies/best-of-n", PREFERRED_FT, REWARD_MODEL],
      ["replies/backbone-seed0", BACKBONE],
      ["replies/sft-seed0", PREFERRED_FT],
      ["replies/few-shot", BACKBONE],
    ]);
    expect(repliesStages({ ...PARTS, settings: withoutComparison() }, specs)).toEqual([]);
  });

  test("one greedy reply to a prompt, several above temperature 0, and those to new topics", async () => {
    const all = await rows("sft-seed0");
    expect(at(all, "test", 0)).toHaveLength(PROMPTS);
    expect(at(all, "test", 1)).toHaveLength(PROMPTS * SAMPLES);
    expect(at(all, "new topics", 0)).toHaveLength(NEW_TOPICS);
    expect(all).toHaveLength(PROMPTS * (1 + SAMPLES) + NEW_TOPICS);
    const questions = at(all, "test", 0).map(({ question }) => question);
    expect(questions).toEqual(task.prompts.test.slice(0, PROMPTS).map(({ text }) => text));
    const news = at(all, "new topics", 0).map(({ question }) => question);
    const known = task.comparison?.newTopics.slice(0, NEW_TOPICS) ?? [];
    expect(news).toEqual(known.map(({ text }) => text));
  });

  test("preferences are by gold scores over the reply of the data", async () => {
    const gold = await task.gold();
    for (const row of await rows("sft-seed0")) {
      const prompt = [...task.prompts.test, ...(task.comparison?.newTopics ?? [])].find(
        ({ text }) => text === row.question,
      );
      const completionIds = task.tokenizer.encode(row.rival, { addSpecialTokens: false });
      const input = { promptIds: prompt?.ids ?? [], completionIds, prompt: null, completion: null };
      const [rival = 0] = Array.from(await gold.score([input], new AbortController().signal));
      expect(row.preference).toBe((Math.sign(row.gold - rival) + 1) / 2);
    }
  });

  test("what is written is what replies add up to, with the first ones to read", async () => {
    const { points, samples, group } = await readComparedPolicy(folderOf("replies/sft-seed0"));
    expect(points.map(({ prompts, temperature }) => [prompts, temperature])).toEqual([
      ...[
        ["test", 0],
        ["test", 1],
      ],
      ["new topics", 0],
    ]);
    const all = await rows("sft-seed0");
    const own = at(all, "test", 1);
    const mean = own.reduce((sum, { preference }) => sum + Number(preference), 0) / own.length;
    expect(points[1]?.win_rate).toBeCloseTo(mean, 10);
    expect(points[1]?.per_prompt.win).toHaveLength(PROMPTS);
    expect(group).toBe(REFERENCE_RUN.group);
    const first = own.filter(({ sample, prompt }) => sample === 0 && prompt < SHOWN);
    expect(samples).toEqual(
      first.map(({ question, text, rival, preference }) => {
        return { prompt: question, reply: text, rival, preference };
      }),
    );
  });

  test("best-of-n is the reference at temperature 0, and one reply of its own above", async () => {
    const [best, reference] = [await rows("best-of-n"), await rows("sft-seed0")];
    expect(at(best, "test", 0)).toEqual(at(reference, "test", 0));
    const chosen = at(best, "test", 1);
    expect(chosen.map(({ prompt, sample }) => [prompt, sample])).toEqual(
      Array.from({ length: PROMPTS }, (_, prompt) => [prompt, 0]),
    );
    const first = at(reference, "test", 1).filter(({ sample }) => sample === 0);
    expect(chosen.map(({ text }) => text)).not.toEqual(first.map(({ text }) => text));
  });

  test("examples change what the base says, not what it is asked", async () => {
    const [base, shots] = [await rows("backbone-seed0"), await rows("few-shot")];
    const texts = (all: readonly ReplyRow[]) => at(all, "test", 1).map(({ text }) => text);
    expect(texts(shots)).not.toEqual(texts(base));
    expect(shots.map(({ question }) => question)).toEqual(base.map(({ question }) => question));
  });

  test("the same replies when it is built again", async () => {
    const [stage] = stages.filter(({ id }) => id === "replies/sft-seed0");
    const root = temporaryFolder();
    await buildStages([...modelStages(task), stage as Stage], root);
    for (const file of ["replies.jsonl", "policy.json"]) {
      const read = (folder: string) => readFileSync(join(folder, file), "utf8");
      expect(read(join(root, "replies/sft-seed0"))).toBe(read(folderOf("replies/sft-seed0")));
    }
  });
});

function withoutComparison(): StudyParts["settings"] {
  const { comparison: _, ...rest } = SETTINGS;
  return rest;
}
