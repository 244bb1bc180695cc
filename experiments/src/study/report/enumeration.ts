/** What was checked on a task whose completions can all be listed. */
import type { ListedEstimates, ListedPolicy } from "../enumeration.ts";
import type { StudyResults } from "../results.ts";
import { type Content, html, table } from "./markup.ts";
import { NONE, plain, withError } from "./numbers.ts";

/** Policies of that task, by enumeration and by samples; nothing of a study that has none. */
export function enumerationPart({ enumeration }: StudyResults): Content {
  if (!enumeration) return null;
  const { completions, beta, samples, policies } = enumeration;
  return [
    html`<h3>Checked by enumeration</h3>
<p>On another task, so small that all ${completions} completions of a prompt can be listed: what these methods, the estimators and the limit by importance sampling give there, against the exact numbers. Methods are trained for a short while with β = ${beta}, for which the optimum is the best policy. Brackets: estimates from ${samples} samples of each prompt, with standard errors.</p>`,
    table(
      ["policy", "reward", "KL (nats)", "by k1", "by k3", "limit at that KL", "by sampling"],
      policies.map(rowOf),
    ),
  ];
}

function rowOf(policy: ListedPolicy): Content[] {
  const { name, reward, kl, limit, importance_limit: sampledLimit, sampled, kl_bound } = policy;
  const estimate = (of: "reward" | "kl") => {
    return sampled ? ` [${withError(sampled[of], sampled[`${of}_error`])}]` : "";
  };
  const other = (of: "kl_k1" | "kl_k3") => estimateOf(sampled, of);
  const bound = kl_bound === undefined ? "" : `, at most ${plain(kl_bound)}`;
  return [
    name,
    `${digits(reward)}${estimate("reward")}`,
    `${digits(kl)}${estimate("kl")}${bound}`,
    ...[other("kl_k1"), other("kl_k3"), digits(limit)],
    sampledLimit === undefined ? NONE : digits(sampledLimit),
  ];
}

function estimateOf(sampled: ListedEstimates | undefined, of: "kl_k1" | "kl_k3"): string {
  return sampled ? withError(sampled[of], sampled[`${of}_error`]) : NONE;
}

/** Four decimals: gaps to the limit are small. */
function digits(value: number): string {
  return value.toFixed(4).replace("-", "−");
}
