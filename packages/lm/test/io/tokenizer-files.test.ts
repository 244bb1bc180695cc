/** Loading and saving tokenizers in each form that folders have. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CheckpointError,
  loadTokenizer,
  parseSentencePiece,
  saveTokenizer,
  sentencePieceFiles,
} from "@preflab/lm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { smallModel, smallTiktoken, trainedFiles } from "../tokenizer/golden/subjects.ts";
import { fuzzStrings } from "../tokenizer/golden/texts.ts";
import { describeWithData, sharedPath, tokenizerOf } from "../tokenizer/shared-data.ts";

const PLAIN = { addSpecialTokens: false } as const;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "preflab-tokenizer-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Buffer | object): void {
  const raw = typeof content === "string" || Buffer.isBuffer(content);
  writeFileSync(join(folder, name), raw ? content : JSON.stringify(content));
}

describe("io/tokenizer-files", () => {
  test("what was saved loads as it was, twice the same bytes", async () => {
    const files = trainedFiles();
    await saveTokenizer(folder, files);
    expect(readdirSync(folder).sort()).toEqual(["tokenizer.json", "tokenizer_config.json"]);
    const before = readFileSync(join(folder, "tokenizer.json"));
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer).toMatchObject({ bosId: 0, eosId: 0, padId: 1, vocabSize: 1000 });
    const reference = tokenizerOf(files);
    for (const text of fuzzStrings(100, 11)) {
      expect(tokenizer.encode(text, PLAIN)).toEqual(reference.encode(text, PLAIN));
    }
    await saveTokenizer(folder, tokenizer.files);
    expect(readFileSync(join(folder, "tokenizer.json"))).toEqual(before);
  });

  test("special_tokens_map.json counts where tokenizer_config.json is silent", async () => {
    await saveTokenizer(folder, trainedFiles());
    write("tokenizer_config.json", { eos_token: "<|endoftext|>", bos_token: null });
    write("special_tokens_map.json", {
      eos_token: "<|padding|>",
      bos_token: { content: "<|endoftext|>" },
    });
    expect(await loadTokenizer(folder)).toMatchObject({ eosId: 0, bosId: 0, padId: null });
  });

  test("chat_template.jinja is the chat template", async () => {
    await saveTokenizer(folder, { ...trainedFiles(), config: { chat_template: "old" } });
    write("chat_template.jinja", "{{ messages }}\n");
    const { files } = await loadTokenizer(folder);
    expect(files.config.chat_template).toBe("{{ messages }}\n");
  });

  test("a SentencePiece model alone is converted, under what the config says", async () => {
    write("tokenizer.model", smallModel("bytes"));
    const reference = tokenizerOf(sentencePieceFiles(parseSentencePiece(smallModel("bytes"))));
    const ids = (tokenizer: typeof reference) => [
      ...tokenizer.encode("the film", { addSpecialTokens: true }),
    ];
    expect(ids(await loadTokenizer(folder))).toEqual(ids(reference));
    write("tokenizer_config.json", {
      add_bos_token: false,
      add_eos_token: true,
      pad_token: "<unk>",
      tokenizer_class: "LlamaTokenizer",
    });
    const other = await loadTokenizer(folder);
    expect(ids(other)).toEqual([...ids(reference).slice(1), 2]);
    expect(other.padId).toBe(0);
    expect(other.files.config["tokenizer_class"]).toBe("PreTrainedTokenizerFast");
  });

  test("a tiktoken model alone is converted, with the names of its version", async () => {
    write("tokenizer.model", smallTiktoken());
    expect((await loadTokenizer(folder)).idOf("<|eom_id|>")).toBeUndefined();
    write("tokenizer_config.json", { additional_special_tokens: ["<|eom_id|>"] });
    expect((await loadTokenizer(folder)).idOf("<|eom_id|>")).toBeDefined();
  });

  test("vocab.json and merges.txt are put together, added tokens included", async () => {
    const { model } = trainedFiles().tokenizer;
    const merges = (model["merges"] as string[][]).map((pair) => pair.join(" "));
    write("vocab.json", model.vocab);
    write("merges.txt", `#version: 0.2\n${merges.join("\n")}\n`);
    write("added_tokens.json", { "<new>": 1000 });
    write("special_tokens_map.json", { pad_token: "<new>" });
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer).toMatchObject({ eosId: 0, bosId: 0, padId: 1000, vocabSize: 1001 });
    const reference = tokenizerOf(trainedFiles());
    for (const text of fuzzStrings(100, 12)) {
      expect(tokenizer.encode(text, PLAIN)).toEqual(reference.encode(text, PLAIN));
    }
  });

  test("a folder without a tokenizer says what was looked for", async () => {
    await expect(loadTokenizer(folder)).rejects.toThrow(CheckpointError);
    await expect(loadTokenizer(folder)).rejects.toThrow("expected tokenizer.json, tokenizer.model");
  });

  test.each([
    ["tokenizer.json", "{"],
    ["tokenizer.json", "[]"],
    ["tokenizer_config.json", '{"eos_token": "a", "eos_token": "b"}'],
    ["chat.gguf", "GGUF"],
  ])("a damaged file is an error that names it: %s", async (name, content) => {
    await saveTokenizer(folder, trainedFiles());
    write(name, content);
    const path = name.endsWith(".gguf") ? join(folder, name) : folder;
    await expect(loadTokenizer(path)).rejects.toThrow(name);
  });
});

const GGUF = "gguf/ggml-vocab-gpt-2.gguf";
describeWithData([GGUF], "io/tokenizer-files of a GGUF file", () => {
  test("its vocabulary is a tokenizer", async () => {
    const tokenizer = await loadTokenizer(sharedPath(GGUF));
    expect([...tokenizer.encode("Hello world", PLAIN)]).toEqual([15496, 995]);
  });
});

const TINY = "weights/tiny-random-gpt2";
describeWithData([`${TINY}/tokenizer.json`], "io/tokenizer-files of a published folder", () => {
  test("its two forms give the same ids", async () => {
    const tokenizer = await loadTokenizer(sharedPath(TINY));
    expect(tokenizer).toMatchObject({ bosId: 0, eosId: 0, padId: null });
    // Its vocabulary was cut to 1,000 tokens without a thought for bytes.
    expect(tokenizer.warnings.join()).toContain("no tokens for 63 of 256 bytes");
    for (const name of ["vocab.json", "merges.txt", "tokenizer_config.json"]) {
      write(name, readFileSync(join(sharedPath(TINY), name)));
    }
    const older = await loadTokenizer(folder);
    for (const text of fuzzStrings(300, 13)) {
      expect(older.encode(text, PLAIN)).toEqual(tokenizer.encode(text, PLAIN));
    }
  });
});
