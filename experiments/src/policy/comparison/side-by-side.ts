/** Replies of two policies to the same prompts, beside each other. Pure. */
import type { ReplyPair } from "../../judges/judge.ts";
import type { PanelPairs } from "./panel.ts";
import type { ReplyRow } from "./reply-files.ts";

/** Replies of a policy at one temperature. */
export interface SeedReplies {
  readonly seed: number;
  readonly rows: readonly Pick<ReplyRow, "prompt" | "sample" | "question" | "text">[];
}

/**
 * Pairs of replies to the same prompt, of policies of the same seed; a policy that has no other seed
 * is compared with all of the other. A policy with fewer samples shows them again.
 */
export function repliesSideBySide(
  first: readonly SeedReplies[],
  second: readonly SeedReplies[],
): Omit<PanelPairs, "name"> {
  const couples = first.flatMap((ours) =>
    second
      .filter(({ seed }) => seed === ours.seed || first.length === 1 || second.length === 1)
      .map((theirs) => [ours.rows, theirs.rows] as const),
  );
  const pairs: ReplyPair[] = [];
  const prompts: number[] = [];
  for (const [ours, theirs] of couples) {
    const [left, right] = [byPrompt(ours), byPrompt(theirs)];
    for (const [prompt, replies] of left) {
      const rivals = right.get(prompt) ?? [];
      const count = rivals.length > 0 ? Math.max(replies.length, rivals.length) : 0;
      for (let i = 0; i < count; i++) {
        const [reply, rival] = [replies[i % replies.length], rivals[i % rivals.length]];
        pairs.push({
          prompt: reply?.question ?? "",
          ...{ reply: reply?.text ?? "", rival: rival?.text ?? "" },
        });
        prompts.push(prompt);
      }
    }
  }
  return { pairs, prompts };
}

function byPrompt<Row extends { readonly prompt: number }>(
  rows: readonly Row[],
): ReadonlyMap<number, readonly Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) groups.set(row.prompt, [...(groups.get(row.prompt) ?? []), row]);
  return groups;
}
