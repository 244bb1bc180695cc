import { describe, expect, test } from "vitest";
import { HH_PRESETS } from "../../../src/dialogue/hh/presets.ts";
import type { HhSettings } from "../../../src/dialogue/hh/settings.ts";

const NAME = "org/name";
const presets = Object.entries(HH_PRESETS);

describe("dialogue/hh/presets", () => {
  test.each(presets)("%s: data is asked for", (_, { source, needsData }) => {
    expect(needsData).toBe(true);
    expect(() => source(null)).toThrow(/--data/);
  });

  test.each(presets)("%s: the judge is no reward of any method", (_, { settings }) => {
    expect(settings.grid.goldTargetKls).toEqual([]);
  });

  test.each(presets)(
    "%s: texts, pairs and prompts with their replies fit the model",
    (_, preset) => {
      const { config, deviations } = preset.source(NAME);
      const { limits } = (config as unknown as { readonly settings: HhSettings }).settings;
      const { backbone, maxNewTokens } = preset.settings;
      expect(limits.text).toBe(backbone.maxLength);
      expect(limits.pair).toBeLessThanOrEqual(backbone.maxLength);
      expect(maxNewTokens).toBe(limits.reply);
      expect(limits.prompt + limits.reply).toBeLessThanOrEqual(backbone.maxLength);
      expect(deviations.map(({ item }) => item)).toContain("gold reward");
    },
  );
});
