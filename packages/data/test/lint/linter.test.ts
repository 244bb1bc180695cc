import {
  ExampleEncoder,
  type ExampleOptions,
  Linter,
  type LintOptions,
  type LintReport,
} from "@preflab/data";
import { describe, expect, test } from "vitest";
import { itemsOf } from "../formats/rows.ts";
import { bpeTokenizer, CHATML, wordTokenizer } from "../tokenizers.ts";

/** What is found in rows, as `code rows` for each finding. */
async function found(
  rows: readonly unknown[],
  options: LintOptions & ExampleOptions = {},
): Promise<string[]> {
  return listed(await reported(rows, options));
}

async function reported(
  rows: readonly unknown[],
  options: LintOptions & ExampleOptions = {},
): Promise<LintReport> {
  const linter = new Linter(options);
  for (const item of await itemsOf(rows, options)) linter.add(item);
  return linter.report();
}

function listed({ errors, warnings }: LintReport): string[] {
  return [...errors, ...warnings].map(({ code, rows }) => `${code} ${rows}`);
}

const pair = (prompt: string, chosen: string, rejected: string) => ({ prompt, chosen, rejected });

describe("lint: texts", () => {
  test("good rows have no findings", async () => {
    expect(await reported([pair("p", " a", " b"), pair("q", " b", " a")])).toEqual({
      rows: 2,
      errors: [],
      warnings: [],
    });
  });

  test("identical pairs and empty completions are errors with their rows", async () => {
    const rows = [pair("p", "a", "a"), pair("q", "a", " "), pair("r", "", "")];
    const { errors } = await reported(rows);
    expect(errors).toMatchObject([
      { code: "identical_pair", count: 2, rows: [0, 2] },
      { code: "empty_completion", count: 2, rows: [1, 2] },
    ]);
  });

  test("what reading noted is found: other prompts, ends on a human's turn", async () => {
    const [h, a] = ["\n\nHuman:", "\n\nAssistant:"];
    const rows = [
      { chosen: `${h} x${a} y`, rejected: `${h} x${a} z` },
      { chosen: `${h} x${a} y${h} v${a} w`, rejected: `${h} x${a} y` },
      { chosen: `${h} x${a} y`, rejected: `${h} x${a} y${h} more` },
    ];
    expect(await found(rows)).toEqual(["prompts_differ 1", "ends_on_human_turn 2"]);
  });

  test("a conversation that ends with a user is found", async () => {
    const turn = (role: string) => [{ role, content: role }];
    const row = (role: string) => ({
      prompt: turn("user"),
      chosen: turn("assistant"),
      rejected: turn(role),
    });
    expect(await found([row("assistant"), row("user")])).toEqual([
      "identical_pair 0",
      "ends_on_human_turn 1",
    ]);
  });

  test("special tokens in texts are found, the tokenizer's own too", async () => {
    const rows = [
      pair("p", "<|endoftext|>", "b"),
      pair("[INST] q", "a", "b"),
      pair("<b>", "1", "2"),
    ];
    expect(await found(rows)).toEqual(["special_token_text 0,1"]);
    const encoder = new ExampleEncoder(wordTokenizer());
    expect(await found([pair("a", " b <unk>", " c")], { encoder })).toEqual([
      "special_token_text 0",
    ]);
  });

  test("repeated rows and empty prompts and texts are found", async () => {
    const rows = [
      pair("p", "a", "b"),
      pair("p", "b", "a"),
      pair("p", "a", "b"),
      pair("", "a", "b"),
    ];
    expect(await found(rows)).toEqual(["empty_prompt 3", "duplicate_text 2"]);
    expect(await found([{ text: "t" }, { text: " " }, { text: "t" }])).toEqual([
      "empty_text 1",
      "duplicate_text 2",
    ]);
  });

  test("bad rows are counted with file and line", async () => {
    const { rows, errors } = await reported([pair("p", "a", "b"), { prompt: "p" }, 5]);
    expect(rows).toBe(3);
    expect(errors).toMatchObject([
      {
        code: "missing_field",
        count: 1,
        rows: [1],
        places: ["f.jsonl:2: expected a field chosen, got fields prompt."],
      },
      { code: "wrong_type", rows: [2] },
    ]);
  });
});

describe("lint: the data as a whole", () => {
  const unpaired = (i: number, label: boolean, completion = `c${i % 7}`) => ({
    prompt: `p${i}`,
    completion,
    label,
  });
  const numbers = Array.from({ length: 40 }, (_, i) => i);

  test("labels of which one is more than twice as frequent are not balanced", async () => {
    const labels = (positive: number) => numbers.map((i) => unpaired(i, i < positive));
    expect(await found(labels(26))).toEqual([]);
    const { warnings } = await reported(labels(27));
    expect(warnings).toMatchObject([
      { code: "label_imbalance", count: 13, rows: [], message: expect.stringContaining("0: 13") },
    ]);
    expect(await found(labels(40))).toEqual(["label_imbalance "]);
    const imdb = numbers.map((i) => ({ text: `t${i}`, label: i < 5 ? 1 : 0 }));
    expect(await found(imdb)).toEqual(["label_imbalance "]);
  });

  test("length that tells chosen from rejected is found with its effect size", async () => {
    const rows = numbers.map((i) => pair(`p${i}`, "x".repeat(10 + (i % 5)), "y".repeat(9)));
    const { warnings } = await reported(rows);
    // Differences 1..5: mean 3, sample deviation sqrt(80 / 39).
    expect(warnings).toMatchObject([
      {
        code: "length_bias",
        count: 40,
        message: expect.stringMatching(/longer in 100\.0% of 40 pairs, by 3\.0 characters.*2\.09/),
      },
    ]);
    const turned = rows.map(({ prompt, chosen, rejected }) => pair(prompt, rejected, chosen));
    expect((await reported(turned)).warnings[0]?.message).toContain("shorter in 100.0%");
    const even = numbers.map((i) =>
      pair(`p${i}`, "x".repeat(10 + (i % 2)), "y".repeat(11 - (i % 2))),
    );
    expect(await found(even)).toEqual([]);
  });

  test("length bias of unpaired completions is found", async () => {
    const rows = numbers.map((i) => unpaired(i, i % 2 === 0, "x".repeat(i % 2 ? 5 : 9) + (i % 3)));
    expect(await found(rows)).toEqual(["length_bias "]);
  });

  test("near-duplicates count between parts, not within one", async () => {
    const text = "one two three four five six seven eight nine ten eleven twelve";
    const row = (split: string | undefined, prompt: string, chosen = "a") => ({
      ...pair(prompt, chosen, "b"),
      split,
    });
    const rows = [
      row("train", text),
      row("train", `${text}!`),
      row("test", text.toUpperCase()),
      row("test", "quite another text than all of the others here"),
    ];
    expect(await found(rows)).toEqual(["near_duplicate_across_splits 2"]);
    expect(await found(rows.map((one) => ({ ...one, split: undefined })))).toEqual([]);
  });

  test("another data set can be searched for near-duplicates", async () => {
    const linter = new Linter();
    for (const item of await itemsOf([pair("the same prompt", "a", "b")])) linter.addOther(item);
    const rows = [pair("another one", "a", "b"), pair("The same prompt!", "c", "d")];
    for (const item of await itemsOf(rows)) linter.add(item);
    expect(listed(linter.report())).toEqual(["near_duplicate_across_splits 1"]);
  });
});

describe("lint: tokens", () => {
  const encoder = new ExampleEncoder(wordTokenizer());

  test("truncation that hides the difference or the end is found", async () => {
    // With the beginning-of-text token, "a b" has 3 tokens.
    const rows = [
      pair("a b", " c", " d"),
      pair("a b", " c d e", " c d f"),
      pair("a b", " c d e", " d c f"),
      pair("a b c d e f", " c", " d"),
    ];
    const truncation = { maxLength: 5 };
    expect(await found(rows, { encoder, truncation })).toEqual([
      "prompt_too_long 3",
      "identical_after_truncation 1,3",
      "lost_eos 1,2,3",
    ]);
    expect(await found(rows, { encoder, truncation: { maxLength: 9 } })).toEqual([]);
    expect(
      await found(rows, { encoder, truncation: { maxLength: 6, maxPromptLength: 5 } }),
    ).toEqual(["prompt_cut 3", "lost_eos 1,2,3"]);
  });

  test("tokens that would merge at the border are found", async () => {
    const bpe = new ExampleEncoder(bpeTokenizer());
    const rows = [pair("the sky is", " blue", " green"), pair("the s", "ky", "un")];
    expect(await found(rows, { encoder: bpe })).toEqual(["boundary_merge 1"]);
  });

  test("rows of ids are checked as they are", async () => {
    const eos = encoder.tokenizer.eosId ?? -1;
    const ids = (promptIds: number[], chosenIds: number[], rejectedIds: number[]) => ({
      promptIds,
      chosenIds,
      rejectedIds,
    });
    const rows = [
      ids([1], [2, eos], [3, eos]),
      ids([1], [2, eos], [2, eos]),
      ids([], [2, eos], []),
      ids([1], [2], [3, eos]),
      ids([1, 1], [2, 2, 2, eos], [2, 2, 3, eos]),
    ];
    expect(await found(rows)).toEqual(["identical_pair 1", "empty_completion 2", "empty_prompt 2"]);
    expect(await found(rows.slice(3), { encoder })).toEqual(["missing_eos 0"]);
    expect(await found(rows.slice(4), { truncation: { maxLength: 4 } })).toEqual([
      "identical_after_truncation 0",
      "lost_eos 0",
    ]);
  });

  test("a template that does not end turns is found", async () => {
    const turn = (role: string, content: string) => [{ role, content }];
    const row = {
      prompt: turn("user", "hello"),
      chosen: turn("assistant", "the sky"),
      rejected: turn("assistant", "hello there"),
    };
    const of = (template: string) =>
      found([row], { encoder: new ExampleEncoder(bpeTokenizer({ chat_template: template })) });
    expect(await of(CHATML)).toEqual([]);
    const bare = "{% for m in messages %}{{ m['role'] + ':' + m['content'] }}{% endfor %}";
    const open = `${bare}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}`;
    expect(await of(open)).toEqual(["missing_eos 0"]);
    await expect(found([row], { encoder })).rejects.toThrow("chat template");
  });

  test("a conversation that its template refuses is a problem of its row", async () => {
    const refusing = "{{ raise_exception('no system message') }}";
    const template = bpeTokenizer({ chat_template: refusing });
    const turn = [{ role: "user", content: "q" }];
    const row = { prompt: turn, chosen: turn, rejected: [{ role: "user", content: "r" }] };
    const { errors } = await reported([row], { encoder: new ExampleEncoder(template) });
    expect(errors).toMatchObject([{ code: "chat_template", count: 1, rows: [0] }]);
  });
});
