/** Specifications to SVG, without a browser and without native libraries. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Spec } from "./parts.ts";
import { useTextWidths } from "./text-widths.ts";
import { type Theme, themeConfig } from "./theme.ts";

/** Renders a specification. @param theme colours other than its own */
export async function renderSvg(spec: Spec, theme?: Theme): Promise<string> {
  useTextWidths();
  const themed = theme ? { ...spec, config: themeConfig(theme) } : spec;
  // What a specification may hold is checked by the compiler, which throws.
  const view = new View(parse(compile(themed as unknown as TopLevelSpec).spec), {
    renderer: "none",
  });
  try {
    return `${ownNumbers(await view.toSVG())}\n`;
  } finally {
    view.finalize();
  }
}

/** Vega numbers clip paths over all pictures of a process; these begin at 0 in each. */
function ownNumbers(svg: string): string {
  const ids = new Map<string, string>();
  return svg.replace(/(?<=\bid="|url\(#)[^")]+/g, (id) => {
    const own = ids.get(id) ?? `clip${ids.size}`;
    ids.set(id, own);
    return own;
  });
}
