import { OptionReader } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { PPO } from "../../src/training/ppo.ts";
import { GRPO, RLOO } from "../../src/training/rollout-critic-free.ts";
import type { Method, RolloutConfig } from "../../src/training/rollout-method.ts";
import { ONLINE_DPO } from "../../src/training/rollout-online-dpo.ts";
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
  const shows = async <Config extends RolloutConfig>(method: Method<Config>, required: object) => {
    const shown = await shownConfig(method.name);
    const settings = read(method, required);
    expect(comparable(read(method, shown))).toEqual(comparable(settings));
    const { training, ...others } = settings as { readonly training: object };
    const unlike = ["epochs"];
    const names = Object.keys({ ...others, ...training }).filter((key) => !unlike.includes(key));
    expect(Object.keys(shown).sort()).toEqual(names.sort());
  };

  test("--help shows the defaults of all settings", async () => {
    await shows(PPO, REQUIRED);
    await shows(RLOO, REQUIRED);
    await shows(GRPO, REQUIRED);
    await shows(ONLINE_DPO, { ...REQUIRED, rollout: { maxNewTokens: 24 } });
  });
});

/** Without functions, such as an objective's. */
function comparable(settings: unknown): unknown {
  return JSON.parse(JSON.stringify(settings));
}
