/** Reward functions from ES modules of users. */
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { functionReward, RewardError, type RewardFunction, type RewardInput } from "@preflab/rlhf";

/**
 * Loads a module whose default export is `(input) => number`, which may be a promise, or
 * `{name, score}` with `score(inputs, signal)`, see `RewardFunction`.
 * @throws RewardError when it cannot be loaded, or exports something else
 */
export async function moduleReward(path: string): Promise<RewardFunction> {
  const found = await load(path);
  if (typeof found === "function") {
    return functionReward(basename(path), found as (input: RewardInput) => number);
  }
  if (isRewardFunction(found)) return found;
  const got = found === undefined ? "no default export" : describe(found);
  throw new RewardError(
    `${path}: expected a default export that is a function of an input or {name, score}, got ${got}. ` +
      "Begin the function with: export default",
  );
}

async function load(path: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
    return module.default;
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new RewardError(`${path}: expected an ES module, got an error: ${reason}`, {
      cause: error,
    });
  }
}

function isRewardFunction(value: unknown): value is RewardFunction {
  if (typeof value !== "object" || value === null) return false;
  const { name, score } = value as Partial<RewardFunction>;
  return typeof name === "string" && typeof score === "function";
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  return `an object with ${Object.keys(value).join(", ") || "nothing"}`;
}
