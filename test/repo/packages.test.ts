/** Which package may know which, and what a library may not do. */
import { describe, expect, test } from "vitest";
import {
  importedPackages,
  type Manifest,
  readJson,
  readText,
  sourceFiles,
  withoutComments,
  workspaces,
} from "./workspace.ts";

/**
 * Runtime dependencies between the packages: the arrows of the design. Packages to come are listed,
 * so that the first version of each starts within its bounds.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "@preflab/testing": [],
  "@preflab/tfjs-backend-ort": [],
  "@preflab/lm": ["@preflab/tfjs-backend-ort"],
  "@preflab/data": ["@preflab/lm"],
  "@preflab/rlhf": ["@preflab/tfjs-backend-ort", "@preflab/lm", "@preflab/data"],
  "@preflab/dpo": ["@preflab/tfjs-backend-ort", "@preflab/lm", "@preflab/data"],
  "@preflab/experiments": [
    "@preflab/tfjs-backend-ort",
    "@preflab/lm",
    "@preflab/data",
    "@preflab/rlhf",
    "@preflab/dpo",
  ],
  "@preflab/bench": [
    "@preflab/tfjs-backend-ort",
    "@preflab/lm",
    "@preflab/data",
    "@preflab/rlhf",
    "@preflab/dpo",
  ],
  "@preflab/integration": [],
};

/** What would make a run depend on anything but its inputs and its seed. */
const IMPURE = /\b(Math\.random|Date\.now|new Date|performance\.now|console\.)/;

const packages = workspaces();
const libraries = packages.filter(({ folder }) => folder.startsWith("packages/"));

describe("packages", () => {
  test.each(packages)("$folder depends on the packages it may know", ({ manifest }) => {
    const names = Object.keys(manifest.dependencies ?? {}).filter((name) => isOurs(name));
    expect(MAY_IMPORT).toHaveProperty([manifest.name]);
    for (const name of names) expect(MAY_IMPORT[manifest.name]).toContain(name);
  });

  test.each(packages)("$folder declares what its sources import", (workspace) => {
    const { dependencies, peerDependencies } = workspace.manifest;
    const declared = Object.keys({ ...dependencies, ...peerDependencies });
    for (const file of sourceFiles(workspace)) {
      for (const name of importedPackages(readText(file))) expect(declared, file).toContain(name);
    }
  });

  test("imports are found in every form, and not in text", () => {
    const source = `import "a"; import type { B } from "@b/b/inner"; export * from "c";
      const d = await import("d/e"); // import "f"
      throw new Error('expected one from "g"'); import "./h.ts"; import "node:fs";`;
    expect([...importedPackages(source)].sort()).toEqual(["@b/b", "a", "c", "d"]);
  });

  test("dependencies between packages, those of tests included, form no cycle", () => {
    expect(findCycle(graphOf(packages.map(({ manifest }) => manifest)))).toBeUndefined();
  });

  test("a cycle would be found", () => {
    expect(findCycle({ a: ["b"], b: ["c"], c: ["a"] })).toEqual(["a", "b", "c", "a"]);
    expect(findCycle({ a: ["b", "c"], b: ["c"], c: [] })).toBeUndefined();
  });

  test.each(packages)("$folder is covered by turbo's boundaries", ({ folder }) => {
    const { boundaries } = readJson<{ boundaries: { tags: object } }>("turbo.json");
    const { tags } = readJson<{ tags: string[] }>(`${folder}/turbo.json`);
    expect(tags).toHaveLength(1);
    expect(Object.keys(boundaries.tags)).toContain(tags[0]);
  });

  test("every library's imports are restricted by lint", () => {
    const biome = readJson<{ overrides: { includes: string[] }[] }>("biome.json");
    const restricted = biome.overrides.flatMap(({ includes }) => includes);
    for (const { folder } of libraries) expect(restricted).toContain(`${folder}/src/**`);
  });

  test("no library reads a clock, draws unseeded random numbers or prints", () => {
    for (const file of libraries.flatMap(sourceFiles)) {
      expect(withoutComments(readText(file)), file).not.toMatch(IMPURE);
    }
  });
});

function isOurs(name: string): boolean {
  return name.startsWith("@preflab/");
}

function graphOf(manifests: readonly Manifest[]): Record<string, string[]> {
  const edges = manifests.map(({ name, dependencies, devDependencies }) => {
    return [name, Object.keys({ ...dependencies, ...devDependencies }).filter(isOurs)] as const;
  });
  return Object.fromEntries(edges);
}

/** A path from a node back to itself, or undefined. */
function findCycle(graph: Readonly<Record<string, readonly string[]>>): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of graph[node] ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle !== undefined) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of Object.keys(graph)) {
    const cycle = visit(node, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
