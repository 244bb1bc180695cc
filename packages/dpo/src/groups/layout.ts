/**
 * How the tokens of a batch of groups are laid out in rows: a row for each completion, which repeats
 * the prompt, or a row for each group, in which the completions branch off one prompt. Both say of
 * every completion token where its prediction is made, so one forward pass (./forward.ts) serves
 * both. Arrays only, no tensors.
 */

import { paddedLength } from "@preflab/lm";
import { type Group, groupTokens, longestText } from "./group.ts";

/** Ways to lay out groups. */
export const LAYOUTS = ["concatenated", "shared-prompt"] as const;

/** `concatenated`: a row for each completion; `shared-prompt`: prompts are computed once. */
export type Layout = (typeof LAYOUTS)[number];

/** Branch number of padding. */
const PADDING = -1;

/** A batch of B groups of K completions, in R rows of T tokens; matrices are row-major. */
export interface GroupArrays {
  /** `[R, T]` */
  readonly ids: Int32Array;
  /** `[R, T]` position of each token in its own text. */
  readonly positions: Int32Array;
  /** `[R, T]`, 0 for the prompt, k + 1 for completion k, -1 for padding, see `branchBias`. */
  readonly branches: Int32Array;
  /** `[B * K, C]` index into `[R * T]` of the token at which a completion token is predicted. */
  readonly predictors: Int32Array;
  /** `[B * K, C]` completion tokens. */
  readonly targets: Int32Array;
  /** `[B * K, C]`, 1 for completion tokens that are predicted: all, unless the prompt is empty. */
  readonly mask: Float32Array;
  readonly shape: {
    readonly groups: number;
    readonly completions: number;
    readonly rows: number;
    /** T */
    readonly length: number;
    /** C */
    readonly width: number;
  };
}

/** Options of {@link layOut}. */
export interface LayoutOptions {
  readonly layout: Layout;
  /** Texts are padded to no more than this many tokens; none is longer. */
  readonly maxLength: number;
  /** Id at padding; any valid one. Default 0. */
  readonly fillId?: number;
}

/** Lays out groups of equally many completions. Lengths are padded to few different ones. */
export function layOut(groups: readonly Group[], options: LayoutOptions): GroupArrays {
  const { layout, maxLength, fillId = 0 } = options;
  const completions = groups[0]?.completions.length ?? 0;
  const shared = layout === "shared-prompt";
  const texts = groups.flatMap((group) => (shared ? [group] : rowsOf(group)));
  const tokens = Math.max(...texts.map(groupTokens));
  // A prompt with all its completions may be longer than one text.
  const most = tokens > maxLength ? Number.POSITIVE_INFINITY : maxLength;
  const longest = Math.max(...groups.flatMap((g) => g.completions.map(({ length }) => length)));
  const shape = {
    groups: groups.length,
    completions,
    rows: texts.length,
    length: paddedLength(tokens, most),
    width: paddedLength(Math.max(1, longest), Math.max(1, maxLength)),
  };
  const arrays = emptyArrays(shape, fillId);
  texts.forEach((text, row) => {
    writeRow(arrays, text, row, row * (shared ? completions : 1));
  });
  return arrays;
}

/** Tokens that a batch computes, by layout: what decides which is cheaper. */
export function layoutTokens(groups: readonly Group[], layout: Layout): number {
  const tokens = groups.map((group) =>
    layout === "shared-prompt" ? groupTokens(group) : group.completions.length * longestText(group),
  );
  return tokens.reduce((sum, n) => sum + n, 0);
}

/** A group's completions as groups of one. */
function rowsOf({ promptIds, completions }: Group): Group[] {
  return completions.map((completion) => ({ promptIds, completions: [completion] }));
}

function emptyArrays(shape: GroupArrays["shape"], fillId: number): GroupArrays {
  const cells = shape.rows * shape.length;
  const places = shape.groups * shape.completions * shape.width;
  return {
    ids: new Int32Array(cells).fill(fillId),
    positions: new Int32Array(cells),
    branches: new Int32Array(cells).fill(PADDING),
    predictors: new Int32Array(places),
    targets: new Int32Array(places).fill(fillId),
    mask: new Float32Array(places),
    shape,
  };
}

/** Writes prompt and completions one after the other; the completions' tokens count from `first`. */
function writeRow(
  arrays: GroupArrays,
  { promptIds, completions }: Group,
  row: number,
  first: number,
) {
  const { ids, positions, branches, predictors, targets, mask, shape } = arrays;
  const begin = row * shape.length;
  const prompt = promptIds.length;
  const write = (cell: number, id: number, position: number, branch: number) => {
    ids[cell] = id;
    positions[cell] = position;
    branches[cell] = branch;
  };
  for (let t = 0; t < prompt; t++) write(begin + t, promptIds[t] as number, t, 0);
  let column = begin + prompt;
  completions.forEach((completion, k) => {
    const place = (first + k) * shape.width;
    for (let t = 0; t < completion.length; t++) {
      const id = completion[t] as number;
      write(column + t, id, prompt + t, k + 1);
      const isPredicted = prompt + t > 0;
      targets[place + t] = id;
      // The first token of a completion follows the prompt, wherever its branch stands.
      predictors[place + t] = t > 0 ? column + t - 1 : begin + Math.max(0, prompt - 1);
      mask[place + t] = isPredicted ? 1 : 0;
    }
    column += completion.length;
  });
}
