import { loadExamples, rankedPairs, unpair } from "@preflab/data";
import { describeWithData, sharedPath } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { exampleOf, itemsOf, parsedOf, problemsOf } from "./rows.ts";

const system = { role: "system", content: "s" };
const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

describe("formats/shp", () => {
  const row = {
    post_id: "x",
    history: "post",
    human_ref_A: "first",
    human_ref_B: "second",
    score_A: 10,
    score_B: 15,
    score_ratio: 1.5,
    labels: 0,
  };

  test("the label tells the better reply; the post becomes a human's turn", async () => {
    expect((await parsedOf(row)).example).toEqual({
      prompt: "\n\nHuman: post\n\nAssistant:",
      chosen: " second",
      rejected: " first",
      meta: { row: 0, margin: 5, chosenScore: 15, rejectedScore: 10 },
    });
    expect(await exampleOf({ ...row, labels: 1 })).toMatchObject({ chosen: " first" });
    expect(await problemsOf([{ ...row, labels: 2 }])).toHaveLength(1);
  });

  test("pairs with too low a ratio of scores are left out where asked", async () => {
    const rows = [row, { ...row, score_B: 20 }, { ...row, score_B: 21 }];
    const kinds = async (shpMinRatio: number) =>
      (await itemsOf(rows, { shpMinRatio })).map(({ kind }) => kind);
    expect(await kinds(2)).toEqual(["left-out", "preference", "preference"]);
    expect(await kinds(1)).toEqual(["preference", "preference", "preference"]);
  });
});

describe("formats/tldr", () => {
  const info = { subreddit: "r", title: "t", post: "p", site: null };
  const summaries = [{ text: " one" }, { text: "two" }];

  test("the chosen summary is the better one; the prompt is the paper's", async () => {
    expect(await parsedOf({ info, summaries, choice: 1, split: "train" })).toMatchObject({
      kind: "preference",
      format: "tldr",
      example: {
        prompt: "SUBREDDIT: r/r\n\nTITLE: t\n\nPOST: p\n\nTL;DR:",
        chosen: " two",
        rejected: " one",
      },
    });
  });

  test("articles have their own prompt, other choices are refused", async () => {
    const row = { info: { article: "news" }, summaries, choice: 0 };
    expect(await exampleOf(row)).toMatchObject({ prompt: "Article: news\n\nTL;DR:" });
    expect(await problemsOf([{ ...row, choice: 2 }])).toHaveLength(1);
    expect(await problemsOf([{ ...row, summaries: [{ text: "x" }] }])).toHaveLength(1);
  });
});

describe("formats/ultrafeedback", () => {
  test("binarized rows lose the prompt that they repeat and keep their scores", async () => {
    const row = {
      prompt: "q",
      prompt_id: "1",
      chosen: [user("q"), assistant("good")],
      rejected: [user("q"), assistant("bad")],
      score_chosen: 8.5,
      score_rejected: 3,
    };
    expect((await parsedOf(row)).example).toEqual({
      prompt: [user("q")],
      chosen: [assistant("good")],
      rejected: [assistant("bad")],
      meta: { row: 0, chosenScore: 8.5, rejectedScore: 3, margin: 5.5 },
    });
    const { score_chosen: _, score_rejected: __, ...rest } = row;
    const other = { ...rest, "chosen-rating": 5, "rejected-rating": 4 };
    expect((await parsedOf(other)).example.meta).toMatchObject({ margin: 1 });
  });

  test("bare replies get the prompt as the user's message", async () => {
    const row = { prompt: "q", chosen: [assistant("a")], rejected: [assistant("b")] };
    expect(await exampleOf(row)).toEqual({
      prompt: [user("q")],
      chosen: [assistant("a")],
      rejected: [assistant("b")],
    });
  });

  test("scored completions become a ranking, ties in the order of the file", async () => {
    const completions = [
      { model: "m", response: "b", overall_score: 2 },
      { model: "n", response: "a", overall_score: 9 },
      { model: "o", response: "c", overall_score: 2 },
    ];
    const parsed = await parsedOf({ instruction: "q", completions });
    expect(parsed).toMatchObject({
      kind: "ranked",
      example: {
        prompt: [user("q")],
        completions: [[assistant("a")], [assistant("b")], [assistant("c")]],
        scores: [9, 2, 2],
      },
    });
    expect(await problemsOf([{ instruction: "q", completions: [] }])).toHaveLength(1);
  });
});

describe("formats/llama-factory", () => {
  test("alpaca rows become conversations", async () => {
    const row = { instruction: "i", input: "x", system: "s", history: [["q", "a"]] };
    const prompt = [system, user("q"), assistant("a"), user("i\nx")];
    expect(await exampleOf({ ...row, chosen: "c", rejected: "r" })).toEqual({
      prompt,
      chosen: [assistant("c")],
      rejected: [assistant("r")],
    });
    expect(await exampleOf({ ...row, output: "o", kto_tag: true })).toEqual({
      prompt,
      completion: [assistant("o")],
      label: true,
    });
    expect(await exampleOf({ instruction: "i", input: "", output: "o" })).toEqual({
      prompt: [user("i")],
      completion: [assistant("o")],
    });
    expect(await problemsOf([{ ...row, history: [["q"]], output: "o" }])).toHaveLength(1);
  });

  test("ShareGPT rows get the usual roles", async () => {
    const turns = [
      { from: "human", value: "q" },
      { from: "gpt", value: "a" },
    ];
    const [chosen, rejected] = ["c", "r"].map((value) => ({ from: "gpt", value }));
    const conversations = turns.slice(0, 1);
    expect(await exampleOf({ conversations, system: "s", chosen, rejected })).toEqual({
      prompt: [system, user("q")],
      chosen: [assistant("c")],
      rejected: [assistant("r")],
    });
    expect(await exampleOf({ conversations: turns, kto_tag: false })).toEqual({
      prompt: [user("q")],
      completion: [assistant("a")],
      label: false,
    });
    expect(await exampleOf({ conversations: turns })).toEqual({
      text: [user("q"), assistant("a")],
    });
    expect(await problemsOf([{ conversations, kto_tag: false }])).toHaveLength(1);
  });

  test("OpenAI's form is read alike", async () => {
    const messages = [user("q"), assistant("a")];
    expect(await parsedOf({ messages, label: true })).toMatchObject({
      kind: "unpaired",
      format: "llama-factory",
      example: { prompt: [user("q")], completion: [assistant("a")], label: true },
    });
  });
});

describe("formats/imdb", () => {
  test.each([
    [{ text: "t", label: 1 }, 1],
    [{ text: "t", label: "0" }, 0],
    [{ text: "t", label: "neg" }, 0],
    [{ review: "t", sentiment: "positive" }, 1],
  ])("%j has its label", async (row, label) => {
    expect(await parsedOf(row)).toMatchObject({ kind: "labeled", example: { text: "t", label } });
  });

  test("unlabelled reviews are refused, ratings are kept", async () => {
    expect(await problemsOf([{ text: "t", label: -1 }])).toHaveLength(1);
    expect((await parsedOf({ text: "t", label: 1, rating: 9 })).example.meta?.score).toBe(9);
  });
});

describe("formats/tokenized", () => {
  test("ids are taken as they are, under either spelling", async () => {
    const pair = { promptIds: [1, 2], chosenIds: [3], rejectedIds: [] };
    expect(await exampleOf(pair)).toEqual(pair);
    expect(await exampleOf({ prompt_ids: [1, 2], chosen_ids: [3], rejected_ids: [] })).toEqual(
      pair,
    );
    const row = { promptIds: [1], completionIds: [2], label: true };
    expect(await exampleOf(row)).toEqual(row);
  });

  test("pairs may have a margin", async () => {
    const pair = { promptIds: [1], chosenIds: [3], rejectedIds: [4] };
    expect((await parsedOf({ ...pair, margin: 0.5 })).example.meta).toEqual({
      row: 0,
      margin: 0.5,
    });
    expect((await parsedOf(pair)).example.meta).toEqual({ row: 0 });
    expect(await problemsOf([{ ...pair, margin: "wide" }])).toHaveLength(1);
  });

  test("what is no token id is refused", async () => {
    const pair = { promptIds: [1], chosenIds: [3], rejectedIds: [4] };
    const bad = [-1, 1.5, "2", null].map((id) => ({ ...pair, chosenIds: [id] }));
    expect(await problemsOf([pair, ...bad])).toHaveLength(4);
    expect(await problemsOf([pair, { promptIds: [1], chosenIds: [3] }])).toEqual([
      "1 missing_field: expected a field rejectedIds, got fields promptIds, chosenIds.",
    ]);
  });
});

describe("convert", () => {
  test("a pair is two unpaired examples", () => {
    const pair = { prompt: "p", chosen: "c", rejected: "r", meta: { row: 3, margin: 1 } };
    expect(unpair(pair)).toEqual([
      { prompt: "p", completion: "c", label: true, meta: { row: 3 } },
      { prompt: "p", completion: "r", label: false, meta: { row: 3 } },
    ]);
  });

  test("a ranking is all its pairs, save ties", () => {
    const names = (scores?: readonly number[]) =>
      rankedPairs({ prompt: "p", completions: ["a", "b", "c"], ...(scores && { scores }) }).map(
        ({ chosen, rejected }) => `${chosen}${rejected}`,
      );
    expect(names()).toEqual(["ab", "ac", "bc"]);
    expect(names([3, 1, 1])).toEqual(["ab", "ac"]);
  });
});

describeWithData(["preference/llama-factory"], "formats/llama-factory: published rows", () => {
  test("all rows of both demonstrations are read", async () => {
    const load = (name: string) => loadExamples(sharedPath(`preference/llama-factory/${name}`));
    const pairs = await load("dpo_en_demo.json");
    expect(pairs).toMatchObject({ kind: "preference", rows: 300, dropped: 0, problems: [] });
    const unpaired = await load("kto_en_demo.json");
    expect(unpaired).toMatchObject({ kind: "unpaired", rows: 300, dropped: 0, problems: [] });
  });
});
