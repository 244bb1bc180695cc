import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type ChatMessage,
  ChatTemplate,
  ChatTemplateError,
  chatTemplate,
  RandomStream,
} from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { CHATS, type ChatGoldens, CONVERSATIONS, VARIABLES } from "./golden/chat-cases.ts";
import { trainedFiles } from "./golden/subjects.ts";
import { tokenizerOf } from "./shared-data.ts";

const path = fileURLToPath(new URL("../fixtures/chat/golden.json", import.meta.url));
const goldens: ChatGoldens = JSON.parse(readFileSync(path, "utf8"));
const NOW = new Date(2025, 2, 2, 15, 4, 5);

describe("tokenizer/chat-template", () => {
  test("every template and conversation has golden numbers", () => {
    expect(Object.keys(goldens.rendered)).toEqual(Object.keys(CHATS).sort());
    for (const rendered of Object.values(goldens.rendered)) {
      expect(Object.keys(rendered)).toEqual(Object.keys(CONVERSATIONS));
    }
  });

  test.each(Object.keys(CHATS))("%s: text and ids are those of transformers", (name) => {
    const template = templateOf(name);
    const options = { variables: VARIABLES };
    for (const [conversation, messages] of Object.entries(CONVERSATIONS)) {
      for (const addGenerationPrompt of [false, true]) {
        const rows = goldens.rendered[name]?.[conversation];
        const { text, ids } = rows?.[addGenerationPrompt ? 1 : 0] ?? { text: null, ids: null };
        const render = () => template.render(messages, { ...options, addGenerationPrompt });
        if (text === null) expect(render, conversation).toThrow(ChatTemplateError);
        else {
          expect(render(), conversation).toBe(text);
          const ours = template.encode(messages, { ...options, addGenerationPrompt });
          expect([...ours], conversation).toEqual(ids);
        }
      }
    }
  });

  test("special tokens come from the template alone, whatever messages spell", () => {
    const template = templateOf("chatml");
    const { specialIds } = tokenizerOf(CHATS["chatml"]?.() ?? trainedFiles());
    const special = (messages: readonly ChatMessage[]): number[] =>
      [...template.encode(messages, ADD)].filter((id) => specialIds.has(id));
    // Fragments of tokens, so that wholes arise within messages and at their edges.
    const fragments = [
      "<|",
      "|>",
      "im_start",
      "im_end",
      "<|im_end|>",
      "<|endoftext",
      " ",
      "\n",
      "a",
    ];
    const random = new RandomStream(1, "fragments");
    const below = (bound: number): number => random.uint32() % bound;
    const content = (): string =>
      Array.from({ length: below(7) }, () => fragments[below(fragments.length)]).join("");
    const expected = special([user("x"), assistant("y")]);
    expect(expected).toHaveLength(5);
    for (let run = 0; run < 300; run++) {
      const [first, second] = [content(), content()];
      const messages = [user(first), assistant(second)];
      expect(special(messages), JSON.stringify(messages)).toEqual(expected);
      expect(template.render(messages, ADD)).toContain(`user\n${first}<|im_end|>`);
    }
  });

  test("messages may lie next to each other, or inside what the template writes", () => {
    const template = ours(
      "{{ bos_token }}{% for m in messages %}{{ m.content | trim }}{% endfor %}>",
    );
    for (const contents of [
      ["<|endof", "text|>"],
      ["<|endoftext|", ""],
      [" <|endoftext| ", " "],
      ["<|", "endoftext", "|"],
    ]) {
      const ids = template.encode(contents.map(user), ADD);
      expect([...ids].filter((id) => id === 0)).toEqual([0]);
    }
    for (const [source, content] of [
      ["{{ messages[0].content }}>", "a <|endoftext|"],
      ["{{ messages[0].content | trim }}>", "a <|endoftext| "],
      ["<{{ messages[0].content }}", "|endoftext|> a"],
      ["<{{ messages[0].content | trim }}", " |endoftext|> a"],
    ] as const) {
      expect(ours(source).encode([user(content)], ADD), source).not.toContain(0);
    }
    expect(ours("<|{{ messages[0].content }}|>").encode([user("endoftext")], ADD)).not.toContain(0);
    expect(
      ours("<|{{ messages[0].role }}|>").encode([{ role: "endoftext", content: "" }], ADD),
    ).toEqual(Int32Array.of(0));
  });

  test("templates see messages as they are, unless these spell special tokens", () => {
    const shout = ours("{{ messages[0].content | upper }} {{ messages[0].content | length }}");
    expect(shout.render([user("<hello>\ue000")], ADD)).toBe("<HELLO>\ue000 8");
    expect(shout.render([user("a <|endoftext|>")], ADD)).toBe("A <|ENDOFTEXT|> 15");
    const search = ours("{{ '<|endoftext|>' in messages[0].content }}");
    expect(search.render([user("a <|endoftext|>")], ADD)).toBe("false");
  });

  test("the template of a tokenizer may be one of several", () => {
    const named = (chat_template: unknown) => {
      const { tokenizer, config } = trainedFiles();
      return tokenizerOf({ tokenizer, config: { ...config, chat_template } });
    };
    expect(chatTemplate(named(undefined))).toBeNull();
    expect(chatTemplate(named("one"))?.source).toBe("one");
    const several = named([
      { name: "default", template: "plain" },
      { name: "tool_use", template: "tools" },
    ]);
    expect(chatTemplate(several)?.source).toBe("plain");
    expect(chatTemplate(several, "tool_use")?.source).toBe("tools");
    expect(() => chatTemplate(several, "rag")).toThrow('"rag", got default, tool_use');
    expect(() => chatTemplate(named(7))).toThrow("got 7");
    expect(() => chatTemplate(named([{ name: "default" }]))).toThrow("a name and a template");
  });

  test("the clock is the caller's", () => {
    const format = "%Y-%m-%d %H:%M:%S %y %b %B %a %A %I %p %e %-d %%";
    const template = ours(`{{ strftime_now("${format}") }}`);
    const shown = "2025-03-02 15:04:05 25 Mar March Sun Sunday 03 PM  2 2 %";
    expect(template.render([], { ...ADD, now: NOW })).toBe(shown);
    expect(() => template.render([], ADD)).toThrow("expected the option now");
    expect(() => ours('{{ strftime_now("%Q") }}').render([], { ...ADD, now: NOW })).toThrow('"%Q"');
  });

  test("variables and globals are there", () => {
    const source =
      "{{ tools is none }} {{ range(3) | join }} {{ range(4, 0, -2) | join }} {{ x.y }}";
    const variables = { x: { y: "z" } };
    expect(ours(source).render([], { ...ADD, variables })).toBe("true 012 42 z");
    expect(ours("{{ unk_token }}|{{ eos_token }}").render([], ADD)).toBe("|<|endoftext|>");
  });

  test("templates that are none, and conversations that do not fit, are errors that say so", () => {
    expect(() => ours("{% if %}")).toThrow(ChatTemplateError);
    expect(() => ours("{{ messages[0].content.nothing() }}").render([user("a")], ADD)).toThrow(
      ChatTemplateError,
    );
    const refusing = ours("{{ raise_exception('no system text, please') }}");
    expect(() => refusing.render([], ADD)).toThrow("chat template: no system text, please");
  });

  test("an example is a prompt and the reply that continues it", () => {
    const messages = [user("Is it good?"), assistant("It is.")];
    for (const name of Object.keys(CHATS)) {
      const template = templateOf(name);
      const example = template.example(messages, { variables: VARIABLES });
      const options = { variables: VARIABLES, addGenerationPrompt: false };
      const whole = template.encode(messages, options);
      expect([...example.promptIds, ...example.completionIds]).toEqual([...whole]);
      expect(example.prompt + example.completion).toBe(template.render(messages, options));
      expect(example.completion).toContain("It is.");
      expect(example.prompt).not.toContain("It is.");
    }
    const forgetful = ours("{% if messages | length == 1 %}one{% else %}two{% endif %}");
    expect(() => forgetful.example(messages)).toThrow('got "two" for "one"');
    expect(() => forgetful.example([user("a")])).toThrow("got user");
    expect(() => forgetful.example([])).toThrow("got none");
  });
});

const ADD = { addGenerationPrompt: true };

function templateOf(name: string): ChatTemplate {
  const template = chatTemplate(tokenizerOf(CHATS[name]?.() ?? trainedFiles()));
  if (!template) throw new Error(`expected a template ${name}`);
  return template;
}

function ours(source: string): ChatTemplate {
  return new ChatTemplate(tokenizerOf(trainedFiles()), source);
}

function user(content: string): ChatMessage {
  return { role: "user", content };
}

function assistant(content: string): ChatMessage {
  return { role: "assistant", content };
}
