/**
 * Widths of texts without a canvas: vega lays out legends and titles by them. Its own guess without
 * one is too wide by half, and with one it would depend on the fonts of the machine.
 */
import * as vega from "vega";

/** Widths of characters as shares of the font's size, about those of Helvetica and its likes. */
const WIDTHS: readonly (readonly [pattern: RegExp, width: number])[] = [
  [/[ijl.,:;'|!]/u, 0.25],
  [/[\sfrt()[\]/-]/u, 0.32],
  [/[mwMW%]/u, 0.85],
  [/[A-Z=+<>~]/u, 0.67],
];

const OTHER_WIDTH = 0.56;

/** What vega measures texts with; its types leave it out. */
interface TextMetrics {
  width: (item: { readonly fontSize?: number }, text: unknown) => number;
}

/** Width of a text in pixels. */
export function textWidth(text: string, fontSize: number): number {
  const widths = [...text].map(
    (character) => WIDTHS.find(([pattern]) => pattern.test(character))?.[1] ?? OTHER_WIDTH,
  );
  return fontSize * widths.reduce((sum, width) => sum + width, 0);
}

/** Has vega measure texts by {@link textWidth}, from now on. */
export function useTextWidths(): void {
  const { textMetrics } = vega as typeof vega & { readonly textMetrics: TextMetrics };
  textMetrics.width = (item, text) => textWidth(`${text ?? ""}`, item.fontSize ?? 11);
}
