/**
 * Rotary position options of a config.json, in the layout of transformers 5 (`rope_parameters`)
 * and in the flat one before it (`rope_theta`, `rope_scaling`, and per family a rotary fraction).
 */
import type { Position, RotaryScaling } from "../../config.ts";
import { CheckpointError } from "../error.ts";
import { OptionReader } from "./reader.ts";

/** What differs between families. */
export interface RotaryStyle {
  /** Flat options that may hold the base frequency. */
  readonly baseKeys: readonly string[];
  /** Flat options that may hold the rotated fraction of a head; null: all of a head rotates. */
  readonly fraction: { readonly keys: readonly string[]; readonly fallback: number } | null;
  /** Scalings that are supported. */
  readonly scalings: readonly RotaryScaling["kind"][];
}

/** Base frequency when a file names none, as in transformers. */
const DEFAULT_BASE = 10000;

/**
 * Reads the position options of a family with rotary positions.
 *
 * @param headWidth of the model, an even number of which is rotated.
 * @throws CheckpointError naming an option that is not supported or given twice with two values.
 */
export function readRotary(
  options: OptionReader,
  style: RotaryStyle,
  headWidth: number,
): Extract<Position, { kind: "rotary" }> {
  const { baseKeys, fraction, scalings } = style;
  const nested = options.object("rope_parameters");
  const scaling = options.object("rope_scaling");
  if (nested && scaling) {
    throw new CheckpointError(
      "config.json: expected rope_parameters or rope_scaling, got both. Keep one of them.",
    );
  }
  const rope = new OptionReader(
    nested ?? scaling ?? {},
    `config.json ${nested ? "rope_parameters" : "rope_scaling"}`,
  );
  const base = agree(options, baseKeys, rope, "rope_theta", DEFAULT_BASE);
  const rotated = fraction
    ? agree(options, fraction.keys, rope, "partial_rotary_factor", fraction.fallback)
    : 1;
  const kind = readKind(rope);
  const read = readScaling(rope, kind, scalings);
  rope.finish();
  const rotaryWidth = Math.trunc(headWidth * rotated);
  if (rotated > 1 || rotaryWidth < 2 || rotaryWidth % 2 !== 0) {
    throw new CheckpointError(
      `config.json: expected an even rotary width in 2..${headWidth}, got ${rotaryWidth} ` +
        `(${rotated} of a head of ${headWidth}). Other widths are not supported.`,
    );
  }
  return { kind: "rotary", base, rotaryWidth, scaling: read };
}

/** A number that may stand in several places; where it does, with one value. */
function agree(
  options: OptionReader,
  flatKeys: readonly string[],
  rope: OptionReader,
  nestedKey: string,
  fallback: number,
): number {
  const found = new Map<string, number>();
  if (rope.raw(nestedKey) !== undefined) found.set(`nested ${nestedKey}`, rope.positive(nestedKey));
  for (const key of flatKeys) {
    if (options.raw(key) !== undefined) found.set(key, options.positive(key));
  }
  if (new Set(found.values()).size > 1) {
    const given = [...found].map(([key, value]) => `${key} = ${value}`).join(", ");
    throw new CheckpointError(
      `config.json: expected one value, got ${given}. Keep the one the model was trained with.`,
    );
  }
  const [value = fallback] = found.values();
  return value;
}

/** The kind of scaling; `type` is the older name of `rope_type`, and some files hold both. */
function readKind(rope: OptionReader): string {
  const kinds = { default: "default", linear: "linear", llama3: "llama3" };
  const kind = rope.choice("rope_type", kinds, rope.choice("type", kinds, "default"));
  rope.require("type", kind);
  return kind;
}

function readScaling(
  rope: OptionReader,
  kind: string,
  supported: readonly RotaryScaling["kind"][],
): RotaryScaling | null {
  if (kind === "default") return null;
  const known = supported.find((candidate) => candidate === kind);
  if (known === undefined) {
    throw new CheckpointError(
      `config.json: expected rope_type default, got "${kind}". Scaled rotary positions of this ` +
        "model_type are not supported.",
    );
  }
  const factor = rope.positive("factor");
  if (known === "linear") return { kind: known, factor };
  const lowFactor = rope.positive("low_freq_factor");
  const highFactor = rope.positive("high_freq_factor");
  if (highFactor <= lowFactor) {
    throw new CheckpointError(
      `config.json: expected high_freq_factor above low_freq_factor, got ${highFactor} and ${lowFactor}. The file is damaged.`,
    );
  }
  const originalPositions = rope.size("original_max_position_embeddings");
  return { kind: known, factor, lowFactor, highFactor, originalPositions };
}
