import { OptionReader } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { PPO } from "../../src/training/ppo.ts";
import type { Method, RolloutConfig } from "../../src/training/rollout-method.ts";
import { readRolloutSettings } from "../../src/training/rollout-settings.ts";
import { capture } from "../capture.ts";

/** What the help has to name. */
const REQUIRED = {
  model: "path/to/hf-folder",
  data: { train: "prompts.jsonl" },
  reward: { kind: "model", path: "runs/reward/model" },
  maxSteps: 100,
};

/** The config file that the help shows. */
async function shownConfig(command: string): Promise<Record<string, unknown>> {
  const { out } = await capture([command, "--help"]);
  const [block] = /^ {2}model: [\s\S]*?\n\n/m.exec(out) ?? [""];
  return parse(block);
}

function read<Config extends RolloutConfig>(method: Method<Config>, raw: object): unknown {
  const reader = new OptionReader(method.name, raw);
  const settings = readRolloutSettings(reader, method);
  reader.finish();
  return settings;
}

describe("training/rollout-help", () => {
  test("ppo --help shows the defaults of all settings", async () => {
    const shown = await shownConfig("ppo");
    const settings = read(PPO, REQUIRED);
    expect(read(PPO, shown)).toEqual(settings);
    const { training, ...others } = settings as { readonly training: object };
    expect(Object.keys(shown).sort()).toEqual(Object.keys({ ...others, ...training }).sort());
  });
});
