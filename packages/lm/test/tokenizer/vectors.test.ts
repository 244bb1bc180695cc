/** Published tokenizers against the vectors of llama.cpp and the ids of the Rust library. */
import { readFileSync } from "node:fs";
import { DecodeStream, type Tokenizer } from "@preflab/lm";
import { describeWithFixture, type Fixture } from "@preflab/testing";
import { beforeAll, expect, test } from "vitest";
import {
  describeWithData,
  PUBLISHED,
  type PublishedName,
  publishedFiles,
  sharedPath,
  tokenizerOf,
} from "./shared-data.ts";

/** llama.cpp's name of a tokenizer, and ours. */
const VECTORS = [
  ["gpt-2", "gpt2"],
  ["mpt", "neox"],
  ["llama-spm", "llama2"],
  ["llama-bpe", "llama3"],
] as const;
/** So many strings are in each file. */
const VECTOR_COUNT = 46;

for (const [theirs, ours] of VECTORS) {
  const path = `tokenizers/llamacpp-vectors/ggml-vocab-${theirs}.gguf`;
  describeWithData([`${path}.inp`, `${path}.out`, PUBLISHED[ours]], `vectors of ${theirs}`, () => {
    test("every string has llama.cpp's ids", () => {
      const texts = readFileSync(sharedPath(`${path}.inp`), "utf8").split(
        "\n__ggml_vocab_test__\n",
      );
      const rows = readFileSync(sharedPath(`${path}.out`), "utf8").split("\n");
      const tokenizer = tokenizerOf(publishedFiles(ours));
      const strings = texts.slice(0, VECTOR_COUNT);
      expect(texts).toHaveLength(VECTOR_COUNT + 1);
      for (const [i, text] of strings.entries()) {
        const ids = tokenizer.encode(text, { addSpecialTokens: false });
        expect([text, [...ids].join(" ")]).toEqual([text, rows[i]?.trim()]);
      }
    });
  });
}

interface Case {
  readonly text: string;
  readonly ids: number[];
  readonly decoded: string;
  readonly decoded_skip_special: string;
  readonly decoded_prefixes?: string[];
}

const FIXTURES: readonly (readonly [string, PublishedName])[] = [
  ["gpt2", "gpt2"],
  ["gpt-neox-20b", "neox"],
];

describeWithFixture("tokenizers", "fixtures of the Rust library", (fixture: Fixture) => {
  for (const [file, name] of FIXTURES) {
    describeWithData([PUBLISHED[name]], file, () => fixtureTests(fixture, file, name));
  }
});

function fixtureTests(fixture: Fixture, file: string, name: PublishedName): void {
  const { cases } = fixture.json<{ cases: Case[] }>(`${file}.json`);
  let tokenizer: Tokenizer;
  beforeAll(() => {
    tokenizer = tokenizerOf(publishedFiles(name));
  });

  test("ids are equal, with and without special tokens added", () => {
    expect(cases.length).toBeGreaterThan(100);
    for (const { text, ids } of cases) {
      for (const addSpecialTokens of [false, true]) {
        const ours = tokenizer.encode(text, { addSpecialTokens, specialText: "token" });
        expect([text, [...ours]]).toEqual([text, ids]);
      }
    }
  });

  test("texts are equal, with and without special tokens", () => {
    for (const { ids, decoded, decoded_skip_special: skipped } of cases) {
      expect(tokenizer.decode(ids)).toBe(decoded);
      expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(skipped);
    }
  });

  test("every prefix of the ids has the same text", () => {
    for (const { ids, decoded_prefixes: prefixes = [] } of cases) {
      prefixes.forEach((text, k) => {
        expect(tokenizer.decode(ids.slice(0, k + 1))).toBe(text);
      });
    }
  });

  test("a stream gives the same text in pieces", () => {
    for (const { ids, decoded, decoded_skip_special: skipped } of cases) {
      for (const skipSpecialTokens of [false, true]) {
        const stream = new DecodeStream(tokenizer, { skipSpecialTokens });
        const pieces = ids.map((id) => stream.push(id));
        expect(pieces.join("") + stream.end()).toBe(skipSpecialTokens ? skipped : decoded);
      }
    }
  });

  test("special-token text stays text unless asked for", () => {
    const literal = cases.filter(({ text }) => text.includes("<|endoftext|>"));
    expect(literal.length).toBeGreaterThan(5);
    for (const { text } of literal) {
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      expect([...ids].filter((id) => tokenizer.specialIds.has(id))).toEqual([]);
      expect(tokenizer.decode(ids)).toBe(text.normalize(name === "neox" ? "NFC" : undefined));
    }
  });
}
