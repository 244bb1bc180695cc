import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { leakedTensors } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { EXIT, InterruptedError } from "../../src/errors.ts";
import { type Captured, capture, jsonLines } from "../capture.ts";
import { GGUF, modelPath, modelWithWords, rowsFile } from "../fixtures.ts";
import { PROGRAM } from "../program.ts";

/** Every message between a word for its role and w9, which ends turns. */
const TEMPLATE =
  "{% for m in messages %}{{ {'system': 'w5 ', 'user': 'w6 ', 'assistant': 'w7 '}[m.role] }}" +
  "{{ m.content | trim }} w9 {% endfor %}{% if add_generation_prompt %}w7{% endif %}";
const END = 9;

const GREEDY = ["--temperature", "0"];

/** A model whose tokens are words. */
function wordModel(
  template: string | null,
  settings: Readonly<Record<string, unknown>> = {},
  end = END,
): string {
  const folder = modelWithWords("llama-gqa", end, { eos_token_id: null, ...settings });
  const config = template === null ? {} : { chat_template: template };
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
  return folder;
}

/** Pipes lines into a chat. */
function chat(model: string, lines: readonly string[], ...flags: string[]): Promise<Captured> {
  const input = Readable.from(lines.map((line) => `${line}\n`));
  return capture(["chat", "--model", model, ...GREEDY, ...flags], undefined, input);
}

/** What the model continues words with, up to the one that ends turns. */
async function continued(model: string, words: string, tokens: number): Promise<string> {
  // As ids, since texts spell no special tokens.
  const ids = words.split(/\s/).map((word) => Number(word.slice(1)));
  const args = ["--in", rowsFile([{ ids }]), "--max-new-tokens", String(tokens), "--json"];
  const { out } = await capture(["generate", "--model", model, ...args, "--stop", "w9"]);
  return jsonLines<{ text: string }>(out)[0]?.text ?? "";
}

/** Someone at a keyboard. */
class Keyboard {
  readonly input: PassThrough & { isTTY?: boolean } = new PassThrough();
  out = "";
  err = "";
  readonly code: Promise<number>;

  constructor(args: readonly string[]) {
    this.input.isTTY = true;
    this.code = run(args, {
      input: this.input,
      out: (text) => {
        this.out += text;
      },
      err: (text) => {
        this.err += text;
      },
      signal: new AbortController().signal,
    });
  }

  press(keys: string): void {
    this.input.write(keys);
  }
}

describe("commands/chat", () => {
  test("replies continue what the template makes of all messages so far", async () => {
    const model = wordModel(TEMPLATE);
    const { code, out, err } = await chat(model, ["w1 w2", "", "w3"], "--max-new-tokens", "6");
    expect({ code, notes: err.includes("no chat template") }).toEqual({ code: 0, notes: false });
    const first = await continued(model, "w6 w1 w2 w9 w7", 6);
    const second = await continued(model, `w6 w1 w2 w9 w7 ${first} w9 w6 w3 w9 w7`, 6);
    expect(first).not.toBe("");
    expect(out).toBe(`${first}\n${second}\n`);
  });

  test("the token that the template sets after a reply ends it", async () => {
    const words = (await continued(wordModel(null), "w1 w2", 8)).split(" ");
    const place = words.findIndex((word, i) => i > 1 && words.indexOf(word) === i);
    const end = words[place] as string;
    const template =
      "{% for m in messages %}{{ m.content }} " +
      `{% if m.role == 'assistant' %}${end} {% endif %}{% endfor %}`;
    const model = wordModel(template, {}, Number(end.slice(1)));
    const { out } = await chat(model, ["w1 w2"], "--max-new-tokens", "8");
    expect(out).toBe(`${words.slice(0, place).join(" ")}\n`);
  });

  test("a system text comes first, and /reset keeps it alone", async () => {
    const model = wordModel(TEMPLATE);
    const flags = ["--system", "w4", "--max-new-tokens", "5"];
    const { out } = await chat(model, ["w1", "/reset", "w1", "/exit", "w2"], ...flags);
    const reply = await continued(model, "w5 w4 w9 w6 w1 w9 w7", 5);
    expect(out).toBe(`${reply}\n${reply}\n`);
  });

  test("a model without a template continues the text, and says so", async () => {
    const model = wordModel(null);
    const { out, err } = await chat(model, ["w1 w2", "w3"], "--max-new-tokens", "4");
    expect(err).toContain(`note: ${model} has no chat template: it continues your text`);
    const first = await continued(model, "w1 w2", 4);
    const second = await continued(model, `w1 w2 ${first} w3`, 4);
    expect(out).toBe(`${first}\n${second}\n`);
    const system = await chat(model, ["w1"], "--system", "w4");
    expect(system.code).toBe(EXIT.usage);
    expect(system.err).toContain("--system needs a model with a chat template");
  });

  test("a stop text is not shown", async () => {
    const model = wordModel(TEMPLATE);
    const whole = (await chat(model, ["w1"], "--max-new-tokens", "8")).out;
    const [first, second, third] = whole.split(" ");
    const stop = `${second?.at(-1)} ${third}`;
    const { out } = await chat(model, ["w1"], "--max-new-tokens", "8", "--stop", stop);
    expect(out).toBe(`${first} ${second?.slice(0, -1)}\n`);
  });

  test("turns draw from random streams of their own, by the seed", async () => {
    const model = wordModel("w6 {{ messages[-1].content }} w7");
    const draw = (seed: string) =>
      chat(model, ["w1", "w1"], "--temperature", "2", "--max-new-tokens", "9", "--seed", seed);
    const [one, again, other] = [await draw("1"), await draw("1"), await draw("2")];
    expect(again.out).toBe(one.out);
    expect(other.out).not.toBe(one.out);
    const [first, second] = one.out.split("\n");
    expect(second).not.toBe(first);
  });

  test("a conversation that no longer fits is refused, and goes on after /reset", async () => {
    const model = wordModel(TEMPLATE, { max_position_embeddings: 24 });
    const long = Array.from({ length: 30 }, () => "w1").join(" ");
    const lines = ["w1", long, "w2", "/reset", "w1"];
    const { code, out, err } = await chat(model, lines, "--max-new-tokens", "3");
    expect(code).toBe(EXIT.ok);
    expect(err).toMatch(/conversation has \d+ tokens, and the model reads 24: \/reset forgets it/);
    const replies = out.split("\n").slice(0, -1);
    expect(replies).toHaveLength(3);
    expect(replies[2]).toBe(replies[0]);
  });

  test("at a keyboard, Ctrl-C stops the reply and Ctrl-D leaves", async () => {
    const model = wordModel("{{ messages[-1].content }}", { max_position_embeddings: 100_000 });
    const flags = ["--max-new-tokens", "90000", ...GREEDY];
    const user = new Keyboard(["chat", "--model", model, ...flags]);
    await expect.poll(() => user.out).toContain("> ");
    user.press("\x03");
    await expect.poll(() => user.err).toContain("press Ctrl-D to leave");
    user.press("w1 w2\r");
    await expect.poll(() => user.out).toMatch(/w1 w2\r\n(w\d+ ){5}/);
    user.press("\x03");
    await expect.poll(() => user.err).toContain("(stopped)");
    const shown = user.out.length;
    user.press("w3\r");
    await expect.poll(() => user.out.slice(shown)).toMatch(/w3\r\n(w\d+ ){5}/);
    user.press("\x03");
    await expect.poll(() => user.err.split("(stopped)").length).toBe(3);
    user.press("\x04");
    expect(await user.code).toBe(EXIT.ok);
  });

  test("a signal ends the program, also while it waits", async () => {
    const model = wordModel(TEMPLATE);
    const stop = new AbortController();
    const input = new PassThrough();
    const ended = capture(["chat", "--model", model], stop.signal, input);
    setTimeout(() => stop.abort(new InterruptedError("interrupted.")), 50);
    expect(await ended).toMatchObject({ code: EXIT.interrupted, out: "" });
  });

  test("a template that refuses fails with its message", async () => {
    const model = wordModel("{{ raise_exception('no talking') }}");
    const { code, err } = await chat(model, ["w1"]);
    expect({ code, said: err.includes("chat template: no talking") }).toEqual({
      code: EXIT.failed,
      said: true,
    });
  });

  test("a model without a tokenizer cannot chat", async () => {
    const { code, err } = await chat(modelPath("llama-gqa"), ["w1"]);
    expect(code).toBe(EXIT.failed);
    expect(err).toContain("chat needs a tokenizer");
  });

  test("the tokens of a piped GGUF chat arrive in the program's stdout", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...PROGRAM, "chat", "--model", GGUF, "--max-new-tokens", "4"],
      { input: "ab\n", encoding: "utf8" },
    );
    expect(status, stderr).toBe(EXIT.ok);
    expect(stdout.endsWith("\n")).toBe(true);
  });

  test("nothing is left behind", async () => {
    const model = wordModel(TEMPLATE);
    await chat(model, []);
    expect(await leakedTensors(async () => void (await chat(model, ["w1", "w2"])))).toBe(0);
  });
});
