import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bestOfNSummary, type PoolNumbers } from "@preflab/rlhf";
import { leakedTensors } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { InterruptedError } from "../../src/errors.ts";
import { capture, jsonLines } from "../capture.ts";
import { modelPath, modelWithWords, rowsFile, temporaryFolder } from "../fixtures.ts";
import { PROGRAM } from "../program.ts";
import { moduleFile, scoringModel } from "../rewards.ts";
import { trainingCommand } from "../training-command.ts";

/** Processes that compile for seconds, on a machine that may be busy. */
const TIMEOUT_MS = 240_000;

/** Share of ids from 96 on. */
const HIGH = `export default ({ completionIds: ids }) => {
  return ids.filter((id) => id >= 96).length / ids.length;
};`;

const PROMPTS = [[4], [5, 6], [7, 8, 9], [10], [11, 12], [13]].map((promptIds) => ({ promptIds }));

const { config, args, run } = trainingCommand("best-of-n", () => ({
  model: modelPath("llama-gqa"),
  data: { prompts: rowsFile(PROMPTS), shuffle: false },
  reward: { kind: "module", path: moduleFile(HIGH) },
  n: 4,
  generation: { maxNewTokens: 4 },
  // Two prompts at once.
  batchSize: 8,
}));

interface Line {
  readonly index: number;
  readonly prompt: string | null;
  readonly promptIds: number[];
  readonly reward: number[];
  readonly gold: number[] | null;
  readonly lengths: number[];
  readonly finished: boolean[];
  readonly best: { sample: number; text: string | null; ids: number[]; finish: string };
}

interface Results {
  readonly prompts: number;
  readonly samples: number;
  readonly queries: { readonly reward: number; readonly gold: number };
  readonly results: Record<string, number | null>[];
}

const folder = () => join(temporaryFolder(), "run");
const textOf = (out: string, file: string) => readFileSync(join(out, file), "utf8");
const linesOf = (out: string) => jsonLines<Line>(textOf(out, "samples.jsonl"));
const resultsOf = (out: string) => JSON.parse(textOf(out, "results.json")) as Results;
/** What a run leaves that must not depend on what happened on the way. */
const outcome = (out: string) => [textOf(out, "samples.jsonl"), textOf(out, "results.json")];

/** Runs with success. @returns the folder and what was printed */
async function done(settings: object = {}, ...more: string[]) {
  const out = folder();
  const { code, err, out: printed } = await run(config({ ...settings }), "--out", out, ...more);
  expect(code, err).toBe(0);
  return { out, err, printed };
}

describe("commands/best-of-n", { timeout: TIMEOUT_MS }, () => {
  test("samples, scores, and leaves the folder and a table", async () => {
    const gold = {
      kind: "module",
      path: moduleFile("export default ({ completionIds }) => completionIds[0];"),
    };
    const { out, err, printed } = await done({ gold });
    const lines = linesOf(out);
    expect(lines.map(({ promptIds }) => promptIds)).toEqual(PROMPTS.map((row) => row.promptIds));
    for (const { reward, gold, best, lengths, finished } of lines) {
      expect([reward.length, gold?.length, lengths.length, finished.length]).toEqual([4, 4, 4, 4]);
      expect(reward[best.sample]).toBe(Math.max(...reward));
      expect(best.ids[0]).toBe(gold?.[best.sample]);
      expect(best.ids.filter((id) => id >= 96).length / best.ids.length).toBe(reward[best.sample]);
    }
    const summary = bestOfNSummary([1, 2, 4]);
    for (const { reward, ...rest } of lines) summary.add({ ...rest, proxy: reward } as PoolNumbers);
    const { results, ...counts } = resultsOf(out);
    expect(counts).toEqual({ prompts: 6, samples: 4, queries: { reward: 24, gold: 24 } });
    expect(results).toEqual(
      summary.results().map((row) => ({
        ...{ n: row.n, reward: row.proxy, reward_error: row.proxyError },
        ...{ gold: row.gold, gold_error: row.goldError, kl_bound: row.klBound },
        ...{ length: row.length, eos_rate: row.eosRate },
      })),
    );
    expect(results[2]?.["reward"]).toBeGreaterThan(results[0]?.["reward"] as number);
    expect(printed).toMatch(/^6 prompts, 4 completions each, 24 gold queries\nn +reward .*KL/);
    expect(printed.split("\n")).toHaveLength(7);
    expect(err).toContain("queries: 24 of reward.mjs, 24 of the gold reward reward.mjs\n");
    const manifest = JSON.parse(textOf(out, "manifest.json"));
    expect(manifest).toMatchObject({
      command: "best-of-n",
      config: { n: [1, 2, 4], data: { count: null }, generation: { temperature: 1, topP: 1 } },
      inputs: {
        model: { sha256: expect.any(String) },
        prompts: { sha256: expect.any(String) },
        reward: { sha256: expect.any(String) },
        gold: { path: gold.path },
      },
    });
  });

  test("with --json it prints the results alone, one n per line", async () => {
    const { out, printed } = await done({ n: [3, 1] }, "--json");
    expect(jsonLines(printed)).toEqual(resultsOf(out).results);
    expect(resultsOf(out).results.map(({ n, gold }) => [n, gold])).toEqual([
      [1, null],
      [3, null],
    ]);
  });

  test("count takes so many prompts, at random unless told otherwise", async () => {
    const prompts = rowsFile(PROMPTS);
    const chosen = async (data: object, seed = 0) => {
      const { out } = await done({ data: { prompts, count: 3, ...data }, n: [1], seed });
      return linesOf(out).map(({ promptIds }) => promptIds);
    };
    const first = PROMPTS.slice(0, 3).map(({ promptIds }) => promptIds);
    expect(await chosen({ shuffle: false })).toEqual(first);
    const shuffled = await chosen({});
    expect(await chosen({})).toEqual(shuffled);
    expect([await chosen({}, 1), await chosen({}, 2)]).not.toEqual([shuffled, shuffled]);
  });

  test("texts reach the reward function, and beginnings of texts serve as prompts", async () => {
    const path = moduleFile(
      "export default ({ prompt, completion }) => (prompt + completion).length;",
    );
    const text = Array.from({ length: 12 }, (_, i) => `w${i + 1}`).join(" ");
    const { out } = await done({
      model: modelWithWords("llama-gqa"),
      data: { prompts: rowsFile([{ text }, { text }]), prefixTokens: [2, 4] },
      reward: { kind: "module", path },
    });
    for (const { prompt, promptIds, reward, best } of linesOf(out)) {
      expect(prompt).toBe(promptIds.map((id) => `w${id}`).join(" "));
      expect(reward[best.sample]).toBe(`${prompt}${best.text}`.length);
    }
  });

  test("a reward model scores, also completions that end at once and are empty texts", async () => {
    const everyId = Array.from({ length: 192 }, (_, id) => id);
    const model = modelWithWords("llama-gqa", undefined, { eos_token_id: everyId });
    const { out } = await done({
      model,
      reward: { kind: "model", path: await scoringModel("llama-gqa", 1, {}, model) },
    });
    for (const { best, lengths, finished } of linesOf(out)) {
      expect(best).toMatchObject({ text: "", finish: "eos" });
      expect([lengths, finished]).toEqual([
        [1, 1, 1, 1],
        [true, true, true, true],
      ]);
    }
    expect(resultsOf(out).results[2]).toMatchObject({ length: 1, eos_rate: 1 });
  });

  test("leaves no tensors behind", async () => {
    const reward = { kind: "model", path: await scoringModel("llama-gqa", 1) };
    const leaked = await leakedTensors(() => done({ reward }));
    expect(leaked).toBe(0);
  });
});

describe("commands/best-of-n, what it refuses", { timeout: TIMEOUT_MS }, () => {
  test.each([
    [{ reward: null }, 2, "best-of-n: expected reward to be a reward function"],
    [{ reward: { kind: "gold" } }, 2, "best-of-n.reward: expected kind to be one of model"],
    [{ data: {} }, 2, "expected prompts to be a file or folder of prompts"],
    [{ data: { train: "f" } }, 2, "expected prompts to be"],
    [{ n: 0 }, 2, "expected n to be an integer from 1, or a list of different ones, got 0."],
    [{ n: [2, 2] }, 2, "or a list of different ones"],
    [{ n: [] }, 2, "or a list of different ones"],
    [{ generation: { temperature: 0 } }, 2, "expected temperature to be a number from"],
    [{ generation: { topK: 2 } }, 2, "settings maxNewTokens, temperature, topP, got topK"],
    [{ beta: 1 }, 2, "expected settings model, data, reward, gold, n, generation, batchSize, seed"],
    [{ data: { prompts: "nowhere.jsonl" } }, 1, "nowhere.jsonl: expected a file or folder"],
    [{ reward: { kind: "module", path: "nowhere.mjs" } }, 1, "ENOENT"],
    [{ reward: { kind: "model", path: "nowhere" } }, 1, 'got "nowhere"'],
  ])("%j", async (settings, exit, message) => {
    const out = folder();
    const { code, err } = await run(config(settings), "--out", out);
    expect([code, err]).toEqual([exit, expect.stringContaining(message)]);
    expect(existsSync(out)).toBe(false);
  });

  test("a reward model of another vocabulary, before anything starts", async () => {
    const path = await scoringModel("llama-gqa", 1, { vocab_size: 64 });
    const out = folder();
    for (const key of ["reward", "gold"]) {
      const { code, err } = await run(config({ [key]: { kind: "model", path } }), "--out", out);
      const message = `${key}: expected a vocabulary of 192 tokens, as the model has, got 64.`;
      expect([code, err]).toEqual([2, expect.stringMatching(`best-of-n\\.yaml:\\d+: ${message}`)]);
    }
    expect(existsSync(out)).toBe(false);
  });

  test("prompts and completions that are longer than the context", async () => {
    const model = modelPath("gpt2-tied");
    const long = rowsFile([{ promptIds: [1] }, { promptIds: Array(61).fill(2) }]);
    const { code, err } = await run(config({ model, data: { prompts: long } }));
    expect([code, err]).toEqual([1, expect.stringMatching(/jsonl:2: .*at most 60 tokens/)]);
    const { out } = await done({ model, data: { prompts: long, onError: "drop" } });
    expect(linesOf(out)).toHaveLength(1);
    const generation = { maxNewTokens: 64 };
    const tooMany = await run(config({ model, generation }));
    expect([tooMany.code, tooMany.err]).toEqual([2, expect.stringContaining("64 positions")]);
  });

  test("a model that scores texts", async () => {
    const { code, err } = await run(config({ model: await scoringModel("llama-gqa", 1) }));
    expect([code, err]).toEqual([2, expect.stringContaining("expected a language model")]);
  });

  test("a folder that holds a run, and to go on with one of other settings", async () => {
    const { out } = await done();
    const again = await run(config(), "--out", out);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("without a run, got one")]);
    const other = await run(config({ n: 2 }), "--out", out, "--resume");
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringContaining("n.2 = none instead of 4"),
    ]);
  });
});

describe("commands/best-of-n, what happens on the way", { timeout: TIMEOUT_MS }, () => {
  /** A reward function that fails in the third group, for as long as a file is there. */
  function failing(failure: string) {
    const flag = join(temporaryFolder(), "fails");
    writeFileSync(flag, "");
    const path = moduleFile(`import { existsSync } from "node:fs";
      const high = ({ completionIds: ids }) => ids.filter((id) => id >= 96).length / ids.length;
      export default {
        name: "fragile",
        score: async (inputs) => {
          if (inputs[0].promptIds.join() === "11,12" && existsSync(${JSON.stringify(flag)})) {
            ${failure}
          }
          return inputs.map(high);
        },
      };`);
    return { flag, path };
  }

  test.each([
    ["throw new Error('no memory');", "reward fragile: expected 8 scores, got an error: no memory"],
    ["return inputs.map(() => NaN);", "reward fragile: expected finite numbers, got NaN"],
    ["return [1, 2];", "reward fragile: expected a list of 8 scores, got 2"],
    ["await new Promise(() => {});", "reward fragile: expected 8 scores within 300 ms, got none"],
  ])("a reward function that does %j loses nothing", async (failure, message) => {
    const straight = await done();
    const { flag, path } = failing(failure);
    const out = folder();
    const file = config({ reward: { kind: "module", path, timeoutMs: 300 } });
    const { code, err } = await run(file, "--out", out);
    expect([code, err]).toEqual([1, expect.stringContaining(`preflab best-of-n: ${message}`)]);
    expect(err).toContain("4 of 6 prompts are kept; go on with --resume\n");
    expect(err).not.toContain("unexpected error");
    expect(linesOf(out)).toHaveLength(4);
    rmSync(flag);
    const resumed = await run(file, "--out", out, "--resume");
    expect([resumed.code, resumed.err]).toEqual([
      0,
      expect.stringContaining("going on after 4 of 6 prompts"),
    ]);
    expect(outcome(out)).toEqual(outcome(straight.out));
  });

  test("a reward function that is given up does not keep the process", () => {
    const path = moduleFile("export default () => new Promise((done) => setTimeout(done, 1e9));");
    const file = config({ reward: { kind: "module", path, timeoutMs: 100 } });
    const command = [...PROGRAM, ...args(file, "--out", folder())];
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("scores within 100 ms, got none"),
    ]);
  });

  test("after kill -9 it goes on: what is done is not sampled again, the rest is the same", async () => {
    const log = join(temporaryFolder(), "log");
    const path = moduleFile(`import { appendFileSync } from "node:fs";
      export default async ({ promptIds, completionIds: ids }) => {
        appendFileSync(${JSON.stringify(log)}, promptIds.join() + "\\n");
        await new Promise((resolve) => setTimeout(resolve, 200));
        return ids.filter((id) => id >= 96).length / ids.length;
      };`);
    const settings = { reward: { kind: "module", path } };
    const straight = await done(settings);
    const [killed, file] = [folder(), config(settings)];
    const child = spawn(process.execPath, [...PROGRAM, ...args(file, "--out", killed)]);
    child.stderr.resume();
    const samples = join(killed, "samples.jsonl");
    const isBegun = () => existsSync(samples) && readFileSync(samples).includes("\n");
    const watch = setInterval(() => isBegun() && child.kill("SIGKILL"), 5);
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    clearInterval(watch);
    expect(signal).toBe("SIGKILL");
    const kept = linesOf(killed).map(({ promptIds }) => promptIds.join());
    expect(kept.length % 2).toBe(0);
    expect(kept.length).toBeLessThan(6);
    rmSync(log);
    expect((await run(file, "--out", killed, "--resume")).code).toBe(0);
    const asked = new Set(readFileSync(log, "utf8").trim().split("\n"));
    expect([...asked].filter((ids) => kept.includes(ids))).toEqual([]);
    expect(asked.size).toBe(6 - kept.length);
    expect(outcome(killed)).toEqual(outcome(straight.out));
    rmSync(log);
    const again = await run(file, "--out", killed, "--resume");
    expect([again.code, existsSync(log)]).toEqual([0, false]);
    expect(outcome(killed)).toEqual(outcome(straight.out));
  });

  test("an interruption ends it with 130 after the group at hand", async () => {
    const controller = new AbortController();
    const reason = new InterruptedError("interrupted.");
    const [out, file] = [folder(), config()];
    const watch = setInterval(() => {
      if (existsSync(join(out, "manifest.json"))) controller.abort(reason);
    }, 1);
    const { code, err } = await capture(args(file, "--out", out), controller.signal);
    clearInterval(watch);
    expect([code, err]).toEqual([130, expect.stringMatching(/of 6 prompts are kept; go on with/)]);
    expect((await run(file, "--out", out, "--resume")).code).toBe(0);
    expect(outcome(out)).toEqual(outcome((await done()).out));
  });

  test.skipIf(process.platform !== "linux")(
    "a full disk is an error that loses nothing",
    async () => {
      const settings = { n: [128], batchSize: 128 };
      const [out, file] = [folder(), config(settings)];
      // Files of this process may have 8 kB: less than samples.jsonl will take.
      const script = `ulimit -f 8; trap "" XFSZ; exec "$@"`;
      const command = [process.execPath, ...PROGRAM, ...args(file, "--out", out)];
      const env = { ...process.env, TSX_DISABLE_CACHE: "1" };
      const limited = spawnSync("bash", ["-c", script, "bash", ...command], {
        ...{ env, encoding: "utf8" },
      });
      expect([limited.status, limited.stderr]).toEqual([1, expect.stringContaining("EFBIG")]);
      expect(limited.stderr).not.toContain("unexpected error");
      expect(limited.stderr).toMatch(/[1-5] of 6 prompts are kept; go on with --resume/);
      expect((await run(file, "--out", out, "--resume")).code).toBe(0);
      expect(outcome(out)).toEqual(outcome((await done(settings)).out));
    },
  );
});
