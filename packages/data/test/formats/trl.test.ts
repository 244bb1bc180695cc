import { implicitPrompt, loadExamples } from "@preflab/data";
import { describeWithData, sharedPath } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { exampleOf, itemsOf, parsedOf, problemsOf } from "./rows.ts";

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

describe("formats/implicit-prompt", () => {
  test("the longest common beginning is the prompt, a space before the difference is not", () => {
    expect(implicitPrompt("The sky is blue.", "The sky is green.")).toEqual({
      prompt: "The sky is",
      chosen: " blue.",
      rejected: " green.",
    });
    expect(implicitPrompt("abc", "abd")).toEqual({ prompt: "ab", chosen: "c", rejected: "d" });
    expect(implicitPrompt("x", "y")).toEqual({ prompt: "", chosen: "x", rejected: "y" });
  });

  test("a text that begins the other one leaves an empty completion", () => {
    expect(implicitPrompt("a b", "a b c")).toEqual({ prompt: "a b", chosen: "", rejected: " c" });
  });

  test("a surrogate pair is not cut", () => {
    expect(implicitPrompt("x\u{1F600}", "x\u{1F601}")).toEqual({
      prompt: "x",
      chosen: "\u{1F600}",
      rejected: "\u{1F601}",
    });
  });

  test("conversations share whole messages and keep a completion", () => {
    const [q, a, b] = [user("q"), assistant("a"), assistant("b")];
    expect(implicitPrompt([q, a], [q, b])).toEqual({ prompt: [q], chosen: [a], rejected: [b] });
    expect(implicitPrompt([q, a], [q, a])).toEqual({ prompt: [q], chosen: [a], rejected: [a] });
    expect(implicitPrompt([q, a, q, b], [q, b])).toEqual({
      prompt: [q],
      chosen: [a, q, b],
      rejected: [b],
    });
  });
});

describe("formats/trl", () => {
  const prompt = [user("q")];
  test.each([
    ["preference", { prompt: "p", chosen: " c", rejected: " r" }],
    ["preference", { prompt, chosen: [assistant("c")], rejected: [assistant("r")] }],
    ["unpaired", { prompt: "p", completion: " c", label: false }],
    ["unpaired", { prompt, completion: [assistant("c")], label: true }],
    ["prompt-completion", { prompt: "p", completion: " c" }],
    ["prompt-completion", { prompt, completion: [assistant("c")] }],
    ["prompt-only", { prompt: "p" }],
    ["prompt-only", { prompt }],
    ["stepwise", { prompt: "p", completions: ["a", "b"], labels: [true, false] }],
    ["language-modeling", { text: "t" }],
  ])("a row of kind %s is read as it is", async (kind, row) => {
    expect(await parsedOf(row)).toMatchObject({ kind, format: "trl", notes: [] });
    expect(await exampleOf(row)).toEqual(row);
  });

  test("messages without more are a text to learn", async () => {
    expect(await exampleOf({ messages: [user("q"), assistant("a")] })).toEqual({
      text: [user("q"), assistant("a")],
    });
  });

  test("margin and scores go to the meta data", async () => {
    const row = { prompt: "p", chosen: "c", rejected: "r", margin: 0.5, score_chosen: 7 };
    const { example } = await parsedOf({ ...row, score_rejected: 6.5 });
    const meta = { row: 0, margin: 0.5, chosenScore: 7, rejectedScore: 6.5 };
    expect(example.meta).toEqual(meta);
  });

  test("missing fields and wrong types are told, with the row's fields", async () => {
    const good = { prompt: "p", chosen: "c", rejected: "r" };
    const rows = [
      { prompt: "p", chosen: "c" },
      { ...good, rejected: null },
      { ...good, chosen: 5 },
      { ...good, chosen: [assistant("c")] },
      { ...good, prompt: [{ role: "user" }] },
      { ...good, margin: "wide" },
      "text",
      good,
    ];
    expect(await problemsOf(rows)).toEqual([
      "0 missing_field: expected a field rejected, got fields prompt, chosen.",
      "1 missing_field: expected a field rejected, got fields prompt, chosen, rejected.",
      "2 wrong_type: expected chosen to be a string or a list of messages, got 5.",
      '3 wrong_type: expected chosen to be a text as prompt is, got [{"role":"assistant","content":"c"}].',
      "4 missing_field: prompt[0]: expected a field content, got fields role.",
      '5 wrong_type: expected margin to be a number, got "wide".',
      '6 wrong_type: expected a row to be an object, got "text".',
    ]);
  });

  test("one bad first row does not turn pairs into prompts", async () => {
    const items = await itemsOf([{ prompt: "p" }, { prompt: "p", chosen: "c", rejected: "r" }]);
    expect(items.map(({ kind }) => kind)).toEqual(["problem", "preference"]);
  });

  test("rows of no known format say which formats there are", async () => {
    expect(await problemsOf([{ question: "q" }])).toEqual([
      "0 unknown_format: expected the fields of a known format (hh, imdb, shp, trl, llama-factory, " +
        "ultrafeedback, tldr, tokenized), got question.",
    ]);
    expect(await problemsOf([{ text: "t" }], { format: "shp" })).toEqual([
      "0 unknown_format: expected the fields of history, human_ref_A, human_ref_B, score_A, " +
        "score_B, labels, got text.",
    ]);
  });

  test("more rows than the format is told from are read the same way", async () => {
    const rows = Array.from({ length: 250 }, (_, i) => ({ text: `t${i}` }));
    const items = await itemsOf([...rows, { prompt: "p" }]);
    expect(items.filter(({ kind }) => kind === "language-modeling")).toHaveLength(250);
    expect(items.at(-1)).toMatchObject({ kind: "problem", code: "missing_field", row: 250 });
  });
});

const KINDS = {
  conversational_implicit_prompt_preference: "preference",
  conversational_language_modeling: "language-modeling",
  conversational_preference: "preference",
  conversational_prompt_completion: "prompt-completion",
  conversational_prompt_only: "prompt-only",
  conversational_unpaired_preference: "unpaired",
  standard_implicit_prompt_preference: "preference",
  standard_language_modeling: "language-modeling",
  standard_preference: "preference",
  standard_prompt_completion: "prompt-completion",
  standard_prompt_only: "prompt-only",
  standard_stepwise_supervision: "stepwise",
  standard_unpaired_preference: "unpaired",
} as const;

describeWithData(["preference/trl-zen"], "formats/trl: published rows", () => {
  test.each(Object.entries(KINDS))("all 19 rows of %s are of kind %s", async (name, kind) => {
    const loaded = await loadExamples(sharedPath(`preference/trl-zen/${name}.jsonl`));
    expect(loaded).toMatchObject({ kind, format: "trl", rows: 19, dropped: 0, problems: [] });
    expect(loaded.examples).toHaveLength(19);
  });

  test("the implicit prompts are the explicit ones", async () => {
    const pairs = async (name: string) => {
      const { examples } = await loadExamples(sharedPath(`preference/trl-zen/${name}.jsonl`));
      return examples;
    };
    const implicit = await pairs("conversational_implicit_prompt_preference");
    expect(implicit).toEqual(await pairs("conversational_preference"));
  });
});
