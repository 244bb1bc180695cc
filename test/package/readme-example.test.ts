/**
 * The engineer's story: all public packages as npm would publish them, installed into an empty folder
 * outside the workspace, run the README's fine-tuning with plain Node, and their types check.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  initialParameters,
  loadModel,
  parseConfig,
  saveModel,
  trainByteLevelBpe,
} from "@preflab/lm";
import { describeUnless } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, readText } from "../repo/workspace.ts";
import { execute, findNode, install, packPublic } from "./npm.ts";

/** Oldest and newest Node that are supported. */
const NODES = [20, 24];

const STORY_TIMEOUT_MS = 240_000;

/** Types of Node, as every TypeScript program on Node has them. */
const NODE_TYPES = "@types/node@20.19.43";

const [, PROGRAM = ""] = /^```js\n([\s\S]*?)^```/m.exec(readText("packages/dpo/README.md")) ?? [];

const folder = mkdtempSync(join(tmpdir(), "preflab-engineer-"));
const app = join(folder, "app");
mkdirSync(app);
const unreachable = install(app, [...packPublic(join(folder, "archives")), NODE_TYPES]);

afterAll(() => rmSync(folder, { recursive: true, force: true }), STORY_TIMEOUT_MS);

describe("package/readme-example", () => {
  test("the README's program is complete and has at most 30 lines of code", () => {
    const lines = PROGRAM.split("\n").filter((line) => /^(?!\s*\/\/)\s*\S/.test(line));
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.length).toBeLessThanOrEqual(30);
  });
});

describeUnless(unreachable, "package/readme-example, installed", () => {
  beforeAll(async () => {
    await selectBackend("ort");
    await saveTinyModel();
    writeFileSync(
      join(app, "pairs.jsonl"),
      PAIRS.map((row) => `${JSON.stringify(row)}\n`).join(""),
    );
    writeFileSync(join(app, "dpo.mjs"), PROGRAM);
  });

  for (const major of NODES) {
    const node = findNode(major, join(folder, `node${major}`));
    describeUnless("missing" in node ? node.missing : undefined, `Node ${major}`, () => {
      test("trains and saves", { timeout: STORY_TIMEOUT_MS }, async () => {
        const path = "path" in node ? node.path : "";
        expect(execute(path, ["--version"], app).out).toMatch(new RegExp(`^v${major}\\.`));
        rmSync(join(app, "tuned"), { recursive: true, force: true });
        const { status, out, err } = execute(path, ["dpo.mjs"], app);
        expect(status, err).toBe(0);
        const losses = out
          .trim()
          .split("\n")
          .map((line) => Number(line.split(" ")[1]));
        expect(losses).toHaveLength((2 * PAIRS.length) / 4);
        // Policy and reference are alike before the first step.
        expect(losses[0]).toBeCloseTo(Math.LN2, 5);
        expect(losses.at(-1)).toBeLessThan(Math.LN2);
        const { params } = await loadModel(join(app, "tuned"));
        tf.dispose({ ...params });
        expect(existsSync(join(app, "tuned", "tokenizer.json"))).toBe(true);
      });
    });
  }

  test("the types check, and would show a mistake", { timeout: STORY_TIMEOUT_MS }, () => {
    writeFileSync(join(app, "right.mts"), PROGRAM);
    writeFileSync(
      join(app, "wrong.mts"),
      PROGRAM.replace("{ tokenizer, maxLength }", "{ tokenizer }"),
    );
    const settings = ["--noEmit", "--strict", "--target", "es2023", "--module", "nodenext"];
    const files = ["right.mts", "wrong.mts"];
    const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), ...settings, "--types", "node"];
    const { out } = execute(process.execPath, [...tsc, ...files], app);
    // TensorFlow.js' own declarations contradict each other; programs on it set skipLibCheck.
    const ours = out.split("\n").filter((line) => /^(\w+\.mts|node_modules\/@preflab)/.test(line));
    expect(ours).toEqual([expect.stringMatching(/^wrong\.mts.*error TS2345/)]);
    const lenient = [...tsc, "--skipLibCheck", "right.mts"];
    expect(execute(process.execPath, lenient, app)).toMatchObject({ status: 0, out: "" });
  });
});

const PAIRS = Array.from({ length: 8 }, (_, i) => ({
  prompt: i % 2 === 0 ? "The film was" : "The book was",
  chosen: ` a wonder, and ${i} people said so.`,
  rejected: ` a bore, and ${i} people left.`,
}));

/** A GPT-2 in small, with a tokenizer of its own. */
async function saveTinyModel(): Promise<void> {
  const texts = PAIRS.map(({ prompt, chosen, rejected }) => `${prompt}${chosen}${rejected}`);
  const config = parseConfig({
    model_type: "gpt2",
    vocab_size: 300,
    n_embd: 16,
    n_layer: 2,
    n_head: 2,
    n_positions: 128,
    bos_token_id: 0,
    eos_token_id: 0,
  });
  const tokenizer = trainByteLevelBpe(texts, { vocabSize: 300 });
  const params = initialParameters(config, 1);
  await saveModel(join(app, "model"), { config, params, tokenizer });
  tf.dispose({ ...params });
}
