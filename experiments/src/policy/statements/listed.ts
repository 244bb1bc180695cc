/** What enumeration says of estimators, the limit and best-of-n, beside what a study's runs say. */
import type { Enumeration, ListedPolicy } from "../../study/enumeration.ts";
import { short } from "../../study/figures/parts.ts";
import type { Statement } from "../../study/results.ts";

/** Standard errors within which estimates agree. */
const ERRORS = 3;

/** Rounding of a KL that is 0 in float32, nats. */
const FLOAT32 = 1e-6;

/** Rounding of sums over all completions. */
const ROUNDING = 1e-9;

/** What is estimated, with what it is an estimate of. */
const ESTIMATES = { reward: "reward", kl: "kl", kl_k1: "kl", kl_k3: "kl" } as const;

/** What came of a check. */
type Finding = Pick<Statement, "outcome" | "detail">;

/** A check of what was listed. */
type ListedCheck = (listed: Enumeration) => Finding;

/** A finding on runs and one where all completions can be listed: both must hold. */
export function withListed(
  found: Finding,
  listed: Enumeration | undefined,
  check: ListedCheck,
): Finding {
  if (!listed) return found;
  const { outcome, detail } = check(listed);
  return {
    outcome: found.outcome === "fails" ? "fails" : outcome,
    detail: `${found.detail} Where all ${listed.completions} completions can be listed, ${detail}`,
  };
}

/** Estimates from samples agree with enumeration, and no exact KL is negative. */
export function listedEstimators({ policies }: Enumeration): Finding {
  const sampled = policies.flatMap((policy) => {
    return policy.sampled ? [{ ...policy, sampled: policy.sampled }] : [];
  });
  const compared = sampled.flatMap((policy) =>
    (Object.keys(ESTIMATES) as (keyof typeof ESTIMATES)[]).map((name) => {
      const off = policy.sampled[name] - policy[ESTIMATES[name]];
      return Math.abs(off) / policy.sampled[`${name}_error`];
    }),
  );
  const near = compared.filter((errors) => errors <= ERRORS).length;
  const least = Math.min(...sampled.map((policy) => policy.sampled.least_kl));
  return holdsIf(
    near === compared.length && least > -FLOAT32,
    `${near} of ${compared.length} estimates for ${sampled.map(({ name }) => name).join(" and ")} ` +
      `are within ${ERRORS} standard errors, the furthest ${short(Math.max(...compared))} away.`,
  );
}

/** No policy is above the limit, and the optimum is on it. */
export function listedLimit({ policies, beta }: Enumeration): Finding {
  const gaps = policies
    .filter(({ kl_bound }) => kl_bound === undefined)
    .map((policy) => ({ ...policy, gap: policy.limit - policy.reward }));
  const apart = policies.map(({ limit, importance_limit: sampled }) =>
    sampled === undefined ? 0 : Math.abs(sampled - limit),
  );
  const named = gaps.map(({ name, gap }) => `${name} ${short(Math.max(0, gap))}`);
  return holdsIf(
    gaps.every(({ gap }) => gap > -ROUNDING),
    `rewards are below the limit by (β = ${beta}): ${named.join(", ")}; importance sampling gives ` +
      `the limit within ${short(Math.max(...apart))}.`,
  );
}

/** Best-of-n is on or below the limit, and within its bound of KL. */
export function listedBestOfN({ policies }: Enumeration): Finding {
  const best = policies.filter(({ kl_bound }) => kl_bound !== undefined);
  const isWithin = ({ reward, limit, kl, kl_bound = 0 }: ListedPolicy) =>
    reward < limit + ROUNDING && kl < kl_bound + ROUNDING;
  const named = best.map(
    ({ name, reward, limit, kl, kl_bound = 0 }) =>
      `${name} is ${short(limit - reward)} below, with KL ${short(kl)} of at most ${short(kl_bound)}`,
  );
  return holdsIf(best.every(isWithin), `${named.join("; ")}.`);
}

function holdsIf(condition: boolean, detail: string): Finding {
  return { outcome: condition ? "holds" : "fails", detail };
}
