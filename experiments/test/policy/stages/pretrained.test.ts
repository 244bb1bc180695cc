import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkParameters, loadModel } from "@preflab/lm";
import { fakeHub } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test, vi } from "vitest";
import {
  hubModelStage,
  loadPretrained,
  PRETRAINED,
  type RandomModel,
  randomModelStage,
  readPretrainedFacts,
} from "../../../src/policy/stages/pretrained.ts";
import type { Stage } from "../../../src/study/experiment.ts";
import { openTokenizer } from "../../../src/text/tokenizer-stage.ts";
import { madeUpReviews } from "../../sentiment/imdb/made-up.ts";
import { buildStages } from "../../study/build-stages.ts";
import { temporaryFolder } from "../../study/stages.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const NAME = "someone/tiny";

const RANDOM = {
  kind: "random",
  family: "gpt2",
  ...{ layers: 1, width: 8, heads: 2, positions: 16, vocabulary: 300, seed: 0 },
} as const;

/** A stage without a result, and a random model of made-up reviews. */
function stagesOf(model: RandomModel): readonly Stage[] {
  return [
    { id: "texts", title: "texts", config: null, inputs: [], build: async () => {} },
    randomModelStage(model, {
      from: "texts",
      read: async () => madeUpReviews(20).map(({ text }) => text),
    }),
  ];
}

/** Files of a random model as GPT-2's are published: nothing says which token ends texts but the config. */
async function publishedFiles(): Promise<Record<string, Uint8Array>> {
  const folder = (await buildStages(stagesOf(RANDOM), temporaryFolder()))(PRETRAINED);
  const files = Object.fromEntries(
    readdirSync(join(folder, "model")).map((name) => [
      name,
      Uint8Array.from(readFileSync(join(folder, "model", name))),
    ]),
  );
  const bare = new TextEncoder().encode('{"model_max_length": 1024}');
  return { ...files, "tokenizer_config.json": bare };
}

describe("policy/stages/pretrained", () => {
  test("a model from the hub is kept by name and commit, with a tokenizer that knows its ends", async () => {
    const files = await publishedFiles();
    const hub = await fakeHub({ repo: NAME, files, revisions: { main: COMMIT, [COMMIT]: COMMIT } });
    vi.stubEnv("HF_ENDPOINT", hub.url);
    vi.stubEnv("HF_HOME", temporaryFolder());
    for (const name of ["HF_HUB_CACHE", "HF_TOKEN"]) vi.stubEnv(name, undefined);
    const stage = hubModelStage({ kind: "hub", name: NAME });
    const folder = (await buildStages([stage], temporaryFolder()))(PRETRAINED);
    expect(await readPretrainedFacts(folder)).toMatchObject({
      ...{ model: `${NAME}@${COMMIT}`, layers: 1, width: 8 },
    });
    const { tokenizer, ends } = await openTokenizer(folder);
    expect(ends).toEqual({ bos: 0, eos: 0, pad: null });
    expect(tokenizer.decode([0], { skipSpecialTokens: true })).toBe("");
    const { params } = await loadPretrained(folder);
    expect(Object.keys(params).length).toBeGreaterThan(10);
    tf.dispose({ ...params });
    // What is in the cache is not asked for again.
    await hub.close();
    await buildStages([stage], temporaryFolder());
  });

  test("a random model lies in the stage's own folder", async () => {
    const folder = (await buildStages(stagesOf(RANDOM), temporaryFolder()))(PRETRAINED);
    expect((await readPretrainedFacts(folder)).model).toBeNull();
    const { config, params } = await loadPretrained(folder);
    expect(config).toMatchObject({ family: "gpt2", layers: 1, width: 8, maxPositions: 16 });
    expect(config.vocabSize).toBe((await readPretrainedFacts(folder)).vocabulary);
    tf.dispose({ ...params });
  });

  test("rows of an embedding that no token has are left out of GPT-NeoX", async () => {
    const folder = (
      await buildStages(stagesOf({ ...RANDOM, family: "gpt_neox", heads: 1 }), temporaryFolder())
    )(PRETRAINED);
    const { tokenizer } = await openTokenizer(folder);
    expect((await readPretrainedFacts(folder)).vocabulary).toBeGreaterThan(tokenizer.vocabSize);
    const whole = await loadModel(join(folder, "model"));
    const { config, params } = await loadPretrained(folder);
    expect(config).toMatchObject({ family: "gpt_neox", vocabSize: tokenizer.vocabSize });
    for (const name of ["embedding", "head"]) {
      expect(params[name]?.shape).toEqual([tokenizer.vocabSize, RANDOM.width]);
      const rows = await params[name]?.data();
      expect(rows).toEqual((await whole.params[name]?.data())?.slice(0, rows?.length));
    }
    checkParameters(config, params);
    tf.dispose([{ ...params }, { ...whole.params }]);
  });
});
