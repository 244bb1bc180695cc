import { ExampleEncoder } from "@preflab/data";
import { ChatTemplate } from "@preflab/lm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bpeTokenizer, CHATML, wordTokenizer } from "../tokenizers.ts";

const bpe = bpeTokenizer();
const plain = { addSpecialTokens: false } as const;

describe("tokens/encoder: texts", () => {
  test("prompt and completions are tokenised alone, completions end with end of text", () => {
    const encoder = new ExampleEncoder(bpe);
    const pair = encoder.pair({ prompt: "the sky is", chosen: " blue.", rejected: " green." });
    expect([...Array.from(pair.promptIds)]).toEqual([...bpe.encode("the sky is", plain)]);
    expect([...Array.from(pair.chosenIds)]).toEqual([...bpe.encode(" blue.", plain), bpe.eosId]);
    expect([...Array.from(pair.rejectedIds)]).toEqual([...bpe.encode(" green.", plain), bpe.eosId]);
  });

  test("the ids of the prompt begin every row, whatever the texts are", () => {
    const encoder = new ExampleEncoder(bpe, { appendEos: false });
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: "binary" }), (prompt, completion) => {
        const { promptIds, completionIds } = encoder.row(prompt, [completion]);
        expect([...promptIds]).toEqual([...bpe.encode(prompt, plain)]);
        expect(bpe.decode([...promptIds, ...(completionIds[0] ?? [])])).toBe(
          new TextDecoder().decode(new TextEncoder().encode(prompt)) +
            new TextDecoder().decode(new TextEncoder().encode(completion)),
        );
      }),
      { numRuns: 30 },
    );
  });

  test("the end of text spelled out is no end of text", () => {
    const encoder = new ExampleEncoder(bpe);
    const { completionIds } = encoder.row("a", ["b<|endoftext|>"]);
    expect([...(completionIds[0] ?? [])].filter((id) => id === bpe.eosId)).toHaveLength(1);
  });

  test("what the tokenizer puts before a text comes before the prompt, once", () => {
    const tokenizer = wordTokenizer();
    const encoder = new ExampleEncoder(tokenizer);
    const { bosId, eosId } = tokenizer;
    expect(encoder.completion({ prompt: "a b", completion: "c" })).toEqual({
      promptIds: Int32Array.of(bosId ?? -1, 0, 1),
      completionIds: Int32Array.of(2, eosId ?? -1),
    });
  });

  test("a merge across the border is found, none where there is none", () => {
    const encoder = new ExampleEncoder(bpe);
    expect(encoder.boundaryMerges("the sky is", [" blue", "lands"])).toEqual([false, false]);
    expect(encoder.boundaryMerges("the s", ["ky is", " is"])).toEqual([true, false]);
  });

  test("labels and meta data stay, rankings keep their order", () => {
    const encoder = new ExampleEncoder(wordTokenizer(), { appendEos: false });
    const meta = { row: 7, margin: 2 };
    expect(encoder.unpaired({ prompt: "a", completion: "b", label: false, meta })).toMatchObject({
      label: false,
      meta,
    });
    const ranked = encoder.ranked({ prompt: "a", completions: ["c", "b"], meta });
    expect(ranked.completionIds.map((ids) => [...Array.from(ids)])).toEqual([[2], [1]]);
    expect(encoder.pair({ prompt: "a", chosen: "b", rejected: "c", meta }).meta).toBe(meta);
  });

  test("without an end of text, appending it is an error that says what to do", () => {
    const tokenizer = bpeTokenizer({ eos_token: null });
    expect(tokenizer.eosId).toBeNull();
    const encode = (appendEos: boolean) =>
      new ExampleEncoder(tokenizer, { appendEos }).row("a", ["b"]);
    expect(() => encode(true)).toThrow("set appendEos to false");
    expect(encode(false).completionIds).toHaveLength(1);
  });
});

describe("tokens/encoder: conversations", () => {
  const user = { role: "user", content: "hello" };
  const assistant = { role: "assistant", content: "the sky <|im_end|>" };
  const tokenizer = bpeTokenizer({ chat_template: CHATML });
  const encoder = new ExampleEncoder(tokenizer);

  test("the prompt ends where the assistant begins, the completion with the end of its turn", () => {
    const { promptIds, completionIds } = encoder.row([user], [[assistant]]);
    expect(tokenizer.decode(promptIds)).toBe(
      "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n",
    );
    const completion = completionIds[0] ?? [];
    expect(tokenizer.decode(completion)).toBe("the sky <|im_end|><|im_end|>\n");
    const end = tokenizer.idOf("<|im_end|>");
    // What the user wrote stays text.
    expect([...completion].filter((id) => id === end)).toHaveLength(1);
    expect([...completion]).not.toContain(tokenizer.eosId);
  });

  test("completions of several turns keep the shared prompt", () => {
    const { promptIds, completionIds } = encoder.row([user], [[assistant, user, assistant]]);
    expect([...promptIds]).toEqual([...encoder.row([user], []).promptIds]);
    expect(tokenizer.decode(completionIds[0] ?? [])).toContain("<|im_start|>user\nhello");
    expect(encoder.boundaryMerges([user], [[assistant]])).toEqual([false]);
  });

  test("a template that changes the prompt once there is a reply is refused", () => {
    const source = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}";
    const other = new ExampleEncoder(bpe, { template: new ChatTemplate(bpe, source) });
    expect(() => other.row([user], [[assistant]])).toThrow("begin with its prompt");
  });

  test("without a template, or with texts among messages, it is an error", () => {
    expect(() => new ExampleEncoder(bpe).row([user], [[assistant]])).toThrow("chat template");
    expect(() => encoder.row([user], ["text"])).toThrow("expected completions to be messages");
    expect(() => encoder.row("text", [[assistant]])).toThrow("expected completions to be texts");
  });
});
