/** Reads the repository's own files for the tests that check them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Root folder of the repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The fields of a package.json that the tests look at. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package of the workspace: its folder relative to the root, and its package.json. */
export interface Workspace {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Text of a file, by its path relative to the root. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Content of a JSON file; the caller names the type. */
export function readJson<T>(path: string): T {
  return JSON.parse(readText(path)) as T;
}

/** All packages of the workspace, without the root. */
export function workspaces(): Workspace[] {
  const folders = readdirSync(join(ROOT, "packages")).map((name) => `packages/${name}`);
  return [...folders, "experiments", "bench", "test"].map((folder) => ({
    folder,
    manifest: readJson<Manifest>(`${folder}/package.json`),
  }));
}

/** Paths, relative to the root, of the TypeScript files in the `src` of a package. */
export function sourceFiles({ folder }: Workspace): string[] {
  if (!existsSync(join(ROOT, folder, "src"))) return [];
  const entries = readdirSync(join(ROOT, folder, "src"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

/** TypeScript without its comments, good enough to search; strings are left as they are. */
export function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(?<!:)\/\/.*$/gm, "");
}

/** Names of the packages that a source imports, statically or dynamically. */
export function importedPackages(source: string): Set<string> {
  const names = ts
    .preProcessFile(source)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => !/^(\.|node:)/.test(specifier))
    .map((specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"));
  return new Set(names);
}
