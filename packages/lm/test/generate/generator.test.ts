import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { createGenerator, generate } from "../../src/generate/generator.ts";
import type { GeneratedToken } from "../../src/generate/options.ts";
import { withoutPadding } from "../../src/generate/prompts.ts";
import { trainableParameters } from "../../src/params.ts";
import { GOLDEN_MODELS, GoldenModel } from "../model/golden.ts";
import { logpOf, randomPrompts, textLogits } from "./models.ts";

/** With a cache and without one, sums run in another order; as for the golden step logits. */
const STEP_LOGITS = { atol: 3e-4, rtol: 1e-4 };
/** Of log-probabilities of such logits. */
const LOGPS = { atol: 3e-4, rtol: 0 };

beforeAll(async () => {
  await selectBackend("ort");
});

describe("generate/generator", () => {
  test.each(GOLDEN_MODELS)(
    "%s decodes what a forward pass without a cache gives",
    async (folder) => {
      const { golden, params } = await load(folder);
      const { config } = golden;
      // Past the first cache, and several times past a sliding window.
      const maxNewTokens = folder.startsWith("models/") ? 50 : 24;
      const prompts = randomPrompts(config, 3, [1, 9]);
      const completions = await generate(config, params, prompts, {
        maxNewTokens,
        temperature: 0.8,
        eos: null,
        stepLogits: true,
      });
      for (const { prompt, ids, stepLogits, logps, temperedLogps } of completions) {
        const promptIds = prompts[prompt] as number[];
        const all = textLogits(config, params, [...promptIds, ...ids.slice(0, -1)]);
        const expected = all.slice(promptIds.length - 1);
        expect(ids.length).toBe(maxNewTokens);
        expect((stepLogits as Float32Array[]).flatMap((row) => [...row])).toBeAllClose(
          expected.flat(),
          STEP_LOGITS,
        );
        const logpsAt = (temperature: number) =>
          ids.map((id, t) => logpOf(expected[t] as number[], id, temperature));
        expect(logps).toBeAllClose(logpsAt(1), LOGPS);
        expect(temperedLogps).toBeAllClose(logpsAt(0.8), LOGPS);
      }
      tf.dispose(params);
    },
  );

  test("64 rows draw the same tokens alone and together", async () => {
    const { golden, params } = await load("models/gpt_neox-pythia");
    const { config } = golden;
    const prompts = randomPrompts(config, 64, [1, 12]);
    const options = { maxNewTokens: 12, temperature: 1, topP: 0.95, seed: 3, eos: null };
    const generator = createGenerator(config, params);
    const together = await generator.generate(prompts, options);
    let differing = 0;
    for (const [i, prompt] of prompts.entries()) {
      const [alone] = await generator.generate([prompt], { ...options, firstPrompt: i });
      if (alone?.ids.join() !== together[i]?.ids.join()) differing++;
    }
    // Matrix products of other shapes round differently, so that noise next to a boundary between
    // two tokens may draw the other one: about 1e-7 of the draws. None of these 768.
    expect(differing).toBe(0);
    generator.dispose();
    tf.dispose(params);
  });

  test("rows that end leave, and the others go on as if nothing had happened", async () => {
    const { golden, params } = await load("models/llama-gqa");
    const { config } = golden;
    const prompts = randomPrompts(config, 9, [1, 6]);
    const options = { maxNewTokens: 60, temperature: 1, seed: 5 };
    const generator = createGenerator(config, params);
    const whole = await generator.generate(prompts, { ...options, eos: null });
    const eos = Array.from({ length: 8 }, (_, i) => i);
    const ended = await generator.generate(prompts, { ...options, eos });
    const expected = whole.map(({ ids }) => {
      const end = ids.findIndex((id) => eos.includes(id));
      return end < 0 ? ids : ids.slice(0, end + 1);
    });
    expect(ended.map(({ ids }) => ids)).toEqual(expected);
    const lengths = new Set(expected.map(({ length }) => length));
    expect(lengths.size, "rows end at different steps").toBeGreaterThan(3);
    ended.forEach(({ ids, finish }) => {
      expect(finish).toBe(eos.includes(ids.at(-1) as number) ? "eos" : "length");
    });
    generator.dispose();
    tf.dispose(params);
  });

  test("backend cpu draws the same tokens", async () => {
    const { golden, params } = await load("models/mistral-window");
    const prompts = randomPrompts(golden.config, 3, [1, 6]);
    const options = { maxNewTokens: 36, temperature: 1, topK: 20, seed: 1, eos: [0, 1, 2, 3] };
    const [onOrt, onCpu] = [
      await generate(golden.config, params, prompts, options),
      await onBackend("cpu", () => generate(golden.config, params, prompts, options)),
    ];
    expect(onCpu.map(({ ids }) => ids)).toEqual(onOrt.map(({ ids }) => ids));
    tf.dispose(params);
  });

  test("samples of a prompt are what as many copies of it would give, in groups of any size", async () => {
    const { golden, params } = await load("models/gpt2-tied");
    const { config } = golden;
    const prompts = randomPrompts(config, 3, [4, 8]);
    const options = { maxNewTokens: 8, temperature: 1.3, samples: 5, seed: 2, eos: null };
    const completions = await generate(config, params, prompts, options);
    expect(completions.map(({ prompt, sample }) => [prompt, sample])).toEqual(
      [0, 1, 2].flatMap((prompt) => [0, 1, 2, 3, 4].map((sample) => [prompt, sample])),
    );
    expect(new Set(completions.map(({ ids }) => ids.join())).size).toBe(15);
    const small = createGenerator(config, params, { maxRows: 4, prefillTokens: 32, idleBytes: 1 });
    const again = await small.generate(prompts, options);
    expect(again.map(({ ids }) => ids)).toEqual(completions.map(({ ids }) => ids));
    small.dispose();
    const other = await generate(config, params, prompts, { ...options, seed: 4 });
    expect(other.map(({ ids }) => ids)).not.toEqual(completions.map(({ ids }) => ids));
    tf.dispose(params);
  });

  test("padding on either side of a prompt changes nothing", () => {
    const ids = [
      [0, 0, 5, 6],
      [5, 6, 0, 0],
      [0, 5, 6, 0],
    ];
    const mask = [
      [0, 0, 1, 1],
      [1, 1, 0, 0],
      [0, 1, 1, 0],
    ];
    expect(withoutPadding(ids, mask)).toEqual([
      [5, 6],
      [5, 6],
      [5, 6],
    ]);
  });

  test("a repetition penalty counts tokens of prompt and completion, and no others", async () => {
    const { golden, params } = await load("models/qwen2-sharded");
    const { config } = golden;
    const prompts = randomPrompts(config, 150, [1, 5]);
    const completions = await generate(config, params, prompts, {
      maxNewTokens: 6,
      repetitionPenalty: 1.5,
      eos: null,
      stepLogits: true,
    });
    for (const { prompt, ids, stepLogits } of completions) {
      const text = [...(prompts[prompt] as number[])];
      for (const [t, id] of ids.entries()) {
        const scores = [...((stepLogits as Float32Array[])[t] as Float32Array)].map(
          (logit, token) => {
            if (!text.includes(token)) return logit;
            return logit > 0 ? logit / 1.5 : logit * 1.5;
          },
        );
        expect(id).toBe(scores.indexOf(Math.max(...scores)));
        text.push(id);
      }
    }
    tf.dispose(params);
  });

  test("stop tokens and strings end a completion, and its text leaves them out", async () => {
    const { golden, params } = await load("models/gpt2-tied");
    const { config } = golden;
    const generator = createGenerator(config, params);
    const prompts = randomPrompts(config, 2, [3, 3]);
    const options = { maxNewTokens: 10, eos: null };
    const whole = await generator.generate(prompts, options);
    const ids = whole[0]?.ids as number[];
    const decode = (ids: readonly number[]) => ids.map((id) => `${id} `).join("");
    const stopId = ids[4] as number;
    const end = ids.indexOf(stopId) + 1;
    const [byId] = await generator.generate(prompts, { ...options, stopIds: [stopId], decode });
    expect(byId).toMatchObject({ finish: "stop", ids: ids.slice(0, end) });
    expect(byId?.text).toBe(decode(ids.slice(0, end - 1)));
    // The end of one token and the begin of the next.
    const stop = `${String(ids[6]).at(-1)} ${String(ids[7])[0]}`;
    const [byText] = await generator.generate(prompts, { ...options, stopStrings: [stop], decode });
    const cut = decode(ids).indexOf(stop);
    expect(byText?.text).toBe(decode(ids).slice(0, cut));
    expect(byText?.finish).toBe("stop");
    expect(decode(byText?.ids ?? [])).toContain(stop);
    expect(decode((byText?.ids ?? []).slice(0, -1))).not.toContain(stop);
    generator.dispose();
    tf.dispose(params);
  });

  test("tokens are reported as they come", async () => {
    const { golden, params } = await load("models/gpt2-tied");
    const tokens: GeneratedToken[] = [];
    const completions = await generate(golden.config, params, [[1, 2], [3]], {
      maxNewTokens: 3,
      eos: null,
      onToken: (token) => tokens.push(token),
    });
    expect(tokens.map(({ prompt }) => prompt)).toEqual([0, 1, 0, 1, 0, 1]);
    for (const { prompt, ids, logps } of completions) {
      const own = tokens.filter((token) => token.prompt === prompt);
      expect(own.map(({ id }) => id)).toEqual(ids);
      expect(own.map(({ logp }) => logp)).toEqual(logps);
      expect(own.map(({ finish }) => finish)).toEqual([null, null, "length"]);
    }
    tf.dispose(params);
  });

  test.each(["ort", "cpu"])("a signal stops between steps, on backend %s", async (backend) => {
    const { golden, params } = await load("models/gpt2-tied");
    await onBackend(backend, async () => {
      const leaked = await leakedTensors(async () => {
        const generator = createGenerator(golden.config, params);
        const stop = new AbortController();
        const ids: number[] = [];
        const onToken = ({ id }: GeneratedToken) => {
          // By an event, as a key or a timer would.
          if (ids.push(id) === 3) setImmediate(() => stop.abort(new Error("enough")));
        };
        const options = { maxNewTokens: 40, eos: null };
        const aborted = generator.generate([[1, 2]], { ...options, onToken, signal: stop.signal });
        await expect(aborted).rejects.toThrow("enough");
        const [whole] = await generator.generate([[1, 2]], options);
        expect(ids.length).toBeLessThan(8);
        expect(ids).toEqual(whole?.ids.slice(0, ids.length));
        const early = generator.generate([[1]], { ...options, signal: AbortSignal.abort() });
        await expect(early).rejects.toThrow("abort");
        generator.dispose();
      });
      expect(leaked).toBe(0);
    });
    tf.dispose(params);
  });

  test("variables are read live", async () => {
    const { golden, params } = await load("models/gpt2-tied");
    const variables = trainableParameters(params);
    const generator = createGenerator(golden.config, variables);
    const options = { maxNewTokens: 8, eos: null, stepLogits: true };
    await generator.generate([[1, 2, 3]], options);
    for (const variable of Object.values(variables)) {
      tf.tidy(() => variable.assign(tf.mul(variable, 0.7)));
    }
    const [changed] = await generator.generate([[1, 2, 3]], options);
    const fresh = tf.tidy(() => Object.entries(params).map(([name, x]) => [name, tf.mul(x, 0.7)]));
    const scaled = Object.fromEntries(fresh) as Record<string, tf.Tensor>;
    // Variables cannot be packed, and products with packed weights round differently.
    const other = createGenerator(golden.config, scaled, { packWeights: false });
    const [expected] = await other.generate([[1, 2, 3]], options);
    expect(changed).toEqual(expected);
    generator.dispose();
    other.dispose();
    tf.dispose([params, variables, scaled]);
  });

  test("nothing is left behind, also after errors", async () => {
    const { golden, params } = await load("models/mistral-window");
    const { config } = golden;
    const leaked = await leakedTensors(async () => {
      const generator = createGenerator(config, params);
      const options = { maxNewTokens: 40, temperature: 1, samples: 2, repetitionPenalty: 1.1 };
      await generator.generate([[1, 2, 3], [4]], options);
      const onToken = () => {
        throw new Error("enough");
      };
      await expect(generator.generate([[1]], { ...options, onToken })).rejects.toThrow("enough");
      const first = generator.generate([[1, 2]], options);
      await expect(generator.generate([[1, 2]], options)).rejects.toThrow("one call at a time");
      await first;
      generator.dispose();
    });
    expect(leaked).toBe(0);
    tf.dispose(params);
  });

  test("requests that cannot be met are errors that say why", async () => {
    const { golden, params } = await load("models/gpt2-tied");
    const request = (options: object, prompts: number[][] = [[1]]) =>
      generate(golden.config, params, prompts, { maxNewTokens: 4, ...options });
    await expect(request({}, [[1], []])).rejects.toThrow("got none in prompt 1");
    await expect(request({}, [[128]])).rejects.toThrow("[0, 128), got 128");
    await expect(request({ maxNewTokens: 65 })).rejects.toThrow("64 positions, got 1 + 65");
    await expect(request({ maxNewTokens: 64 })).resolves.toHaveLength(1);
    await expect(request({ maxNewTokens: 0 })).rejects.toThrow("maxNewTokens an integer >= 1");
    await expect(request({ temperature: -1 })).rejects.toThrow("temperature >= 0");
    await expect(request({ topP: 0 })).rejects.toThrow("topP in (0, 1]");
    await expect(request({ minP: 2 })).rejects.toThrow("minP in [0, 1]");
    await expect(request({ topK: 0 })).rejects.toThrow("topK an integer >= 1");
    await expect(request({ stopStrings: ["x"] })).rejects.toThrow("decode");
    tf.dispose(params);
  });
});

async function load(folder: string) {
  const golden = new GoldenModel(folder);
  return { golden, params: await golden.parameters() };
}

async function onBackend<T>(backend: string, body: () => Promise<T>): Promise<T> {
  const previous = tf.getBackend();
  await tf.setBackend(backend);
  try {
    return await body();
  } finally {
    await tf.setBackend(previous);
  }
}
