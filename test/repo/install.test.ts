/** What `npm ci` installs: from the registry alone, without install scripts, on every platform. */
import { describe, expect, test } from "vitest";
import { type Manifest, readJson, readText, workspaces } from "./workspace.ts";

interface LockedPackage {
  readonly version?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = readJson<{ packages: Record<string, LockedPackage> }>("package-lock.json");
const locked = Object.entries(lock.packages)
  .filter(([path]) => path.includes("node_modules/"))
  .map(([path, entry]) => ({ name: path.split("node_modules/").at(-1) ?? "", entry }));
const manifests = [
  readJson<Manifest>("package.json"),
  ...workspaces().map(({ manifest }) => manifest),
];

/** Packages with an install script, and why they work although it does not run. */
const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  esbuild: "its binary is an optional package; the script only replaces a wrapper by it",
  koffi: "the compiled module is an optional package; the script checks or rebuilds it",
  "onnxruntime-node": "the CPU library is inside the package; the script fetches CUDA libraries",
};

describe("install", () => {
  test("install scripts are off for npm 10, 11 and 12 alike", () => {
    expect(readText(".npmrc").split("\n")).toContain("ignore-scripts=true");
  });

  test("every package with an install script is known to work without it", () => {
    const withScript = locked.filter(({ entry }) => entry.hasInstallScript).map(({ name }) => name);
    expect([...new Set(withScript)].sort()).toEqual(Object.keys(INSTALL_SCRIPTS).sort());
  });

  test("every dependency is pinned to one version", () => {
    for (const { name, dependencies, devDependencies, peerDependencies } of manifests) {
      const all = { ...dependencies, ...devDependencies, ...peerDependencies };
      for (const [dependency, range] of Object.entries(all)) {
        // A workspace package is pinned by the checkout; where it is published, the test below.
        const own = dependency.startsWith("@preflab/");
        const pinned = own ? /^(\*|\d+\.\d+\.\d+)$/ : /^\d+\.\d+\.\d+$/;
        expect(range, `${name} -> ${dependency}`).toMatch(pinned);
      }
    }
  });

  test("a published package does not depend on a workspace package by a wildcard", () => {
    for (const { name, private: internal, dependencies } of manifests) {
      if (!internal) expect(Object.values(dependencies ?? {}), name).not.toContain("*");
    }
  });

  test("the native runtimes are the versions that were measured", () => {
    const versions = locked.map(({ name, entry }) => `${name}@${entry.version}`);
    for (const native of ["koffi@3.3.4", "onnxruntime-node@1.30.0", "onnxruntime-common@1.30.0"]) {
      expect(versions).toContain(native);
    }
  });

  test("the lockfile names no registry and has the checksum of every package", () => {
    for (const { name, entry } of locked.filter((candidate) => !candidate.entry.link)) {
      expect(entry.resolved, name).toBeUndefined();
      expect(entry.integrity, name).toMatch(/^sha512-/);
    }
  });

  test("the lockfile has the binaries of every platform, not only of the one it was made on", () => {
    const names = new Set(locked.map(({ name }) => name));
    for (const { name, entry } of locked) {
      for (const optional of Object.keys(entry.optionalDependencies ?? {})) {
        expect(names, `${name} -> ${optional}`).toContain(optional);
      }
    }
  });
});
