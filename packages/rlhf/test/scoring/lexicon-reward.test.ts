import { readFileSync } from "node:fs";
import { describeWithData, sharedPath } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { lexiconReward, parseLexicon } from "../../src/scoring/lexicon-reward.ts";
import { idInput, NO_SIGNAL, textInput } from "./inputs.ts";

const LEXICON = parseLexicon(
  "good\t3\nbad\t-3\r\ncan't\t-1\nself-deluded\t-2\n\nnot good\t-2\n:)\t2\n",
);

describe("scoring/lexicon-reward", () => {
  const scores = (reduction: "sum" | "mean", part: "text" | "completion", ...texts: string[]) =>
    lexiconReward(LEXICON, { reduction, part }).score(
      texts.map((text) => textInput("bad ", text)),
      NO_SIGNAL,
    );

  test("adds up valences of words, in either case, of completion or text", async () => {
    const texts = ["Good, GOOD!", "a goodness", "can't be self-deluded", ""];
    expect(await scores("sum", "completion", ...texts)).toEqual([6, 0, -3, 0]);
    expect(await scores("sum", "text", ...texts)).toEqual([3, -3, -6, -3]);
  });

  test("the mean counts words without valence", async () => {
    expect(await scores("mean", "completion", "a good film", "")).toEqual([1, 0]);
  });

  test("entries that are not single words are left out", () => {
    expect([...LEXICON.keys()]).toEqual(["good", "bad", "can't", "self-deluded"]);
  });

  test("lines without a number and inputs without texts are errors", async () => {
    expect(() => parseLexicon("good\t3\nbad")).toThrow("in line 2");
    expect(() => parseLexicon("good\tx")).toThrow("in line 1");
    const reward = lexiconReward(LEXICON, { reduction: "sum", part: "text" });
    await expect(reward.score([idInput([1], [2])], NO_SIGNAL)).rejects.toThrow("token ids alone");
  });
});

describeWithData(
  ["sentiment/AFINN-111.txt", "sentiment/vader_lexicon.txt"],
  "scoring/lexicon-reward, published lists",
  () => {
    test.each([
      ["AFINN-111.txt", 2400],
      ["vader_lexicon.txt", 6500],
    ])("%s is read", (file, least) => {
      const lexicon = parseLexicon(readFileSync(sharedPath(`sentiment/${file}`), "utf8"));
      expect(lexicon.size).toBeGreaterThan(least);
      expect(lexicon.get("good")).toBeGreaterThan(1);
      expect(lexicon.get("awful")).toBeLessThan(-1);
    });
  },
);
