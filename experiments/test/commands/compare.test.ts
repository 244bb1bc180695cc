import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { leakedTensors } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { EXIT, InterruptedError } from "../../src/errors.ts";
import { type Captured, capture, jsonLines } from "../capture.ts";
import { modelPath, modelWithWords, rowsFile, temporaryFolder } from "../fixtures.ts";
import { chatService, repliesIn } from "../judges/chat-service.ts";
import { scoringModel } from "../rewards.ts";

const PROMPTS = [{ prompt: "w5 w6" }, { prompt: "w7" }, { prompt: "w8 w9 w10" }];

const TEMPLATE =
  "{% for m in messages %}w6 {{ m.content }} w9 {% endfor %}" +
  "{% if add_generation_prompt %}w7{% endif %}";

interface Row {
  readonly prompt: unknown;
  readonly completions: Record<string, { text: string; finish: string }>;
  readonly judgements: { model: string; rival: string; preference: number | null }[] | null;
}

interface Result {
  readonly rows: Row[];
  readonly judge: string | null;
  readonly winRates: { model: string; rival: string; rate: { mean: number } | null }[];
  readonly cost: { requests: number } | null;
}

/** Two models of words, in folders of their own. */
const twoModels = () => [modelWithWords("llama-gqa"), modelWithWords("mistral-window")] as const;

function compare(
  models: readonly string[],
  prompts: Parameters<typeof rowsFile>[0],
  ...flags: string[]
): Promise<Captured> {
  const args = ["--models", models.join(), "--prompts", rowsFile(prompts)];
  return capture(["compare", ...args, "--max-new-tokens", "5", "--backend", "ort", ...flags]);
}

async function result(...args: Parameters<typeof compare>): Promise<Result> {
  const [models, prompts, ...flags] = args;
  const { code, out, err } = await compare(models, prompts, "--json", ...flags);
  expect(code, err).toBe(EXIT.ok);
  return JSON.parse(out) as Result;
}

async function generated(model: string, prompts: readonly unknown[], ...flags: string[]) {
  const args = ["--model", model, "--in", rowsFile(prompts), "--max-new-tokens", "5", ...flags];
  const { out } = await capture(["generate", "--backend", "ort", "--json", ...args]);
  return jsonLines<{ text: string; finish: string }>(out);
}

/** A file of settings, which JSON is too. */
function judgeFile(judge: unknown): string {
  const path = join(temporaryFolder(), "judge.yaml");
  writeFileSync(path, JSON.stringify({ judge }));
  return path;
}

/** A reward model that reads words. */
async function wordReward(): Promise<string> {
  const folder = await scoringModel("llama-gqa", 1, {}, modelWithWords("llama-gqa", 2));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify({ eos_token: "w2" }));
  return folder;
}

describe("commands/compare", () => {
  let models: readonly [string, string];
  let names: readonly [string, string];
  // Folders live as long as a test.
  const fresh = () => {
    models = twoModels();
    names = [basename(models[0]), basename(models[1])];
  };

  test("every model completes every prompt as generate does, and --out has the rows", async () => {
    fresh();
    const out = join(temporaryFolder(), "compared.jsonl");
    const flags = ["--temperature", "0.8", "--seed", "3"];
    const { rows, ...rest } = await result(models, PROMPTS, ...flags, "--out", out);
    expect(rest).toEqual({ judge: null, winRates: [], cost: null });
    for (const [i, model] of models.entries()) {
      const expected = await generated(model, PROMPTS, ...flags);
      const found = rows.map(({ completions }) => completions[names[i] as string]);
      expect(found).toEqual(expected.map(({ text, finish }) => ({ text, finish })));
    }
    expect(rows.map(({ prompt }) => prompt)).toEqual(PROMPTS.map(({ prompt }) => prompt));
    expect(rows.map(({ judgements }) => judgements)).toEqual([null, null, null]);
    expect(jsonLines<Row>(readFileSync(out, "utf8"))).toEqual(rows);
  });

  test("people see prompts and completions under the names of models", async () => {
    fresh();
    const { code, out } = await compare(models, PROMPTS);
    const [first] = await generated(models[0], PROMPTS);
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/^--- prompt 1 -+\nw5 w6\n/);
    expect(out).toContain(`[${names[0]}] (cut off)\n${first?.text}\n`);
    expect(out).not.toContain("judge");
  });

  test("conversations go through the chat template, whose end of a turn ends replies", async () => {
    fresh();
    const settings = JSON.stringify({ chat_template: TEMPLATE });
    const chats = [modelWithWords("llama-gqa", 9), modelWithWords("mistral-window", 9)];
    for (const model of chats) writeFileSync(join(model, "tokenizer_config.json"), settings);
    const messages = [{ role: "user", content: "w1 w2" }];
    const { rows } = await result(chats, [{ messages }, { prompt: messages }]);
    const ids = [6, 1, 2, 9, 7];
    const [expected] = await generated(chats[0] as string, [{ ids }], "--stop", "w9");
    for (const { prompt, completions } of rows) {
      expect(prompt).toEqual(messages);
      expect(completions[basename(chats[0] as string)]?.text).toBe(expected?.text);
    }
    const { code, err } = await compare([chats[0] as string, models[0]], [{ messages }]);
    expect(code).toBe(EXIT.failed);
    expect(err).toContain(`rows.jsonl:1: expected a text, since ${names[0]} has no chat template`);
  });

  test("a service judges the first model against each other", async () => {
    fresh();
    const third = modelWithWords("stablelm");
    const service = await chatService();
    const judge = judgeFile({ kind: "endpoint", model: "m", url: `${service.url}/v1` });
    const all = [...models, third];
    const { rows, winRates, cost, ...rest } = await result(all, PROMPTS, "--judge", judge);
    const rivals = [names[1], basename(third)];
    for (const { completions, judgements } of rows) {
      const length = (name: string) => completions[name]?.text.length ?? 0;
      // Its rule: the longer reply is better.
      const expected = rivals.map((rival) => {
        const preference = (Math.sign(length(names[0]) - length(rival)) + 1) / 2;
        return { model: names[0], rival, preference };
      });
      expect(judgements).toMatchObject(expected);
    }
    expect(winRates.map(({ rival }) => rival)).toEqual(rivals);
    winRates.forEach(({ rate }, k) => {
      const preferences = rows.map(({ judgements }) => judgements?.[k]?.preference ?? Number.NaN);
      expect(rate?.mean).toBeCloseTo(preferences.reduce((a, b) => a + b) / rows.length);
    });
    expect(rest.judge).toBe("m (simple)");
    expect(cost?.requests).toBe(service.calls.length);
    const texts = Object.values(rows[0]?.completions ?? {}).map(({ text }) => text);
    expect(service.calls.map(repliesIn)).toContainEqual({ a: texts[0], b: texts[1] });
  });

  test("a judge that fails costs no completions", async () => {
    fresh();
    const service = await chatService();
    service.next.push({ status: 401 });
    const judge = judgeFile({ kind: "endpoint", model: "m", url: service.url, concurrency: 1 });
    const out = join(temporaryFolder(), "compared.jsonl");
    const { code, err } = await compare(models, PROMPTS, "--judge", judge, "--out", out);
    expect(code).toBe(EXIT.failed);
    expect(err).toContain("expected answers without a key, got 401");
    const rows = jsonLines<Row>(readFileSync(out, "utf8"));
    expect(Object.keys(rows[0]?.completions ?? {})).toEqual(names);
  });

  describe("with a reward model", () => {
    test("prefers what preflab score gives more", async () => {
      fresh();
      const path = await wordReward();
      const judge = judgeFile({ kind: "learned", path, rule: "sign" });
      const { rows, winRates } = await result(models, PROMPTS, "--judge", judge);
      const texts = rows.flatMap(({ prompt, completions }) =>
        names.map((name) => ({ prompt, completion: completions[name]?.text })),
      );
      const scored = await capture([
        ...["score", "--backend", "ort", "--model", path, "--in", rowsFile(texts), "--json"],
      ]);
      const scores = jsonLines<{ score: number }>(scored.out).map(({ score }) => score);
      const expected = rows.map((_, i) => {
        return (Math.sign((scores[2 * i] as number) - (scores[2 * i + 1] as number)) + 1) / 2;
      });
      expect(rows.map(({ judgements }) => judgements?.[0]?.preference)).toEqual(expected);
      expect(winRates[0]?.rate?.mean).toBeCloseTo(expected.reduce((a, b) => a + b) / rows.length);
      const { out } = await compare(models, PROMPTS, "--judge", judge);
      expect(out).toContain(`Win rates with 95 % intervals, judge ${path}:\n  ${names[0]} against`);
    });

    test("conversations are refused before anything is computed", async () => {
      fresh();
      const judge = judgeFile({ kind: "learned", path: await wordReward() });
      const rows = [{ messages: [{ role: "user", content: "w1" }] }];
      const { code, err } = await compare(models, rows, "--judge", judge);
      expect(code).toBe(EXIT.failed);
      expect(err).toMatch(/^preflab compare: .*:1: expected a text, which a learned judge reads/);
    });

    test("leaves no tensors behind", async () => {
      const path = await wordReward();
      fresh();
      const judge = judgeFile({ kind: "learned", path });
      const leaked = await leakedTensors(async () => {
        await result(models, PROMPTS, "--judge", judge);
      });
      expect(leaked).toBe(0);
    });
  });

  test.each([
    [{ kind: "gold" }, EXIT.usage, "expected kind learned or endpoint, got gold."],
    [
      { kind: "learned", path: modelPath("llama-gqa") },
      EXIT.failed,
      "expected a reward model to judge with",
    ],
    [{ kind: "endpoint" }, EXIT.usage, "judge.yaml:1: settings.judge: expected model to be"],
    [
      { kind: "endpoint", model: "m", url: "http://127.0.0.1:1", keyEnv: "NO_SUCH_KEY" },
      EXIT.failed,
      "expected a key in the environment variable NO_SUCH_KEY",
    ],
  ])("the judge %j is refused first", async (settings, expected, message) => {
    const judge = judgeFile(settings);
    const { code, out, err } = await compare(["no", "models"], PROMPTS, "--judge", judge);
    expect({ code, out }).toEqual({ code: expected, out: "" });
    expect(err).toContain(message);
  });

  test.each([
    ["{}", "expected either prompt or messages, got no keys."],
    ['{"prompt":"a","messages":[]}', "expected either prompt or messages, got prompt, messages."],
    ['{"ids":[1]}', "expected either prompt or messages, got ids."],
    ['{"prompt":7}', "expected prompt to be a text or messages"],
    ['{"messages":[]}', "expected messages to be a list"],
    ['{"messages":[{"role":"user"}]}', "expected messages to be a list"],
  ])("the row %s is an error that names its line", async (row, message) => {
    const { code, err } = await compare(["no", "models"], `${row}\n`);
    expect(code).toBe(EXIT.failed);
    expect(err).toMatch(/^(warning: .*\n)?preflab compare: .*rows\.jsonl:1: /);
    expect(err).toContain(message);
  });

  test("a file without prompts is an error", async () => {
    const { code, err } = await compare(["no", "models"], "\n");
    expect(code).toBe(EXIT.failed);
    expect(err).toContain("expected prompts, one JSON object per line, got none.");
  });

  test("a prompt that a model cannot take is an error that names both", async () => {
    fresh();
    const small = modelWithWords("gpt2-tied");
    const prompt = "w1 ".repeat(62);
    const { code, err } = await compare([models[0], small], [{ prompt }]);
    expect(code).toBe(EXIT.failed);
    expect(err).toContain(`rows.jsonl:1 for ${basename(small)}: expected at most the model's 64`);
  });

  test("without a number of new tokens there are as many as a small model has room for", async () => {
    const small = [modelWithWords("gpt2-tied"), modelWithWords("mistral-window")];
    const args = ["--models", small.join(), "--prompts", rowsFile([{ prompt: "w1 ".repeat(60) }])];
    const { code, out, err } = await capture(["compare", ...args, "--backend", "ort", "--json"]);
    expect(code, err).toBe(EXIT.ok);
    const [row] = (JSON.parse(out) as Result).rows;
    // 64 positions, of which the last new token takes none.
    for (const { text } of Object.values(row?.completions ?? {})) {
      expect(text.trim().split(/\s+/)).toHaveLength(5);
    }
  });

  test("a model that is missing, or no language model, is found before any is loaded", async () => {
    fresh();
    const missing = await compare([models[0], "no-such-model"], PROMPTS);
    expect(missing.code).toBe(EXIT.failed);
    expect(missing.err).toContain("no-such-model");
    const reward = await compare([models[0], await wordReward()], PROMPTS);
    expect(reward.err).toContain("expected a language model, got one that scores texts.");
    for (const { err } of [missing, reward]) expect(err).not.toContain("backend");
  });

  test("a folder for --out that is missing is found first", async () => {
    fresh();
    const out = join(temporaryFolder(), "none", "compared.jsonl");
    const { code, err } = await compare(models, PROMPTS, "--out", out);
    expect({ code, exists: existsSync(out) }).toEqual({ code: EXIT.failed, exists: false });
    expect(err).toContain("ENOENT");
  });

  test.each(["a", "a,", "a,b,c,d,e,f,g,h,i"])("--models %s is wrong usage", async (list) => {
    const { code, err } = await capture(["compare", "--models", list, "--prompts", "f"]);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain("Expected 2 to 8 models, separated by commas.");
  });

  test("an interruption stops it with exit code 130", async () => {
    fresh();
    const signal = AbortSignal.abort(new InterruptedError("interrupted."));
    const args = ["--models", models.join(), "--prompts", rowsFile(PROMPTS), "--backend", "ort"];
    const { code } = await capture(["compare", ...args], signal);
    expect(code).toBe(EXIT.interrupted);
  });
});
