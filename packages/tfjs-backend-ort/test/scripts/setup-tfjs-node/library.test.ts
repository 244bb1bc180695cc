import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { extractWheel, findLibrary, layOut } from "../../../scripts/setup-tfjs-node/library.ts";
import { SetupError } from "../../../scripts/setup-tfjs-node/setup-error.ts";

const HEADERS = ["include/tensorflow/c/c_api.h", "include/tensorflow/c/eager/c_api.h"];
const WHEEL = [...HEADERS, "libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
const hasPython = spawnSync("python3", ["--version"]).status === 0;
if (!hasPython) console.log("skipped: unpacking a wheel (no python3 on this machine)");

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "library-"));
});
afterEach(() => rmSync(place, { recursive: true }));

/** Writes files that hold their own path, under `place`. */
function tree(root: string, files: readonly string[]): string {
  for (const file of files) {
    const path = join(place, root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file);
  }
  return join(place, root);
}

describe("setup-tfjs-node/library", () => {
  test("finds an installed package, given itself or the directory around it", () => {
    const home = tree("site-packages/tensorflow", WHEEL);
    const expected = {
      include: join(home, "include"),
      tensorflow: join(home, "libtensorflow_cc.so.2"),
      framework: join(home, "libtensorflow_framework.so.2"),
    };
    expect(findLibrary(home)).toEqual(expected);
    expect(findLibrary(dirname(home))).toEqual(expected);
  });

  test("finds an unpacked archive of the C library", () => {
    const libraries = ["lib/libtensorflow.so.2", "lib/libtensorflow_framework.so.2"];
    const home = tree("libtensorflow", [...HEADERS, ...libraries]);
    expect(findLibrary(home).tensorflow).toBe(join(home, "lib/libtensorflow.so.2"));
  });

  test("names what a directory lacks", () => {
    const home = tree("partial", [HEADERS[0] as string, "libtensorflow_framework.so.2"]);
    expect(() => findLibrary(home)).toThrow(SetupError);
    expect(() => findLibrary(home)).toThrow(
      "got none of: include/tensorflow/c/eager/c_api.h, libtensorflow_cc.so.2 or libtensorflow.so.2.",
    );
  });

  test("refuses a directory that is something else, or is not there", () => {
    expect(() => findLibrary(tree("other", ["README"]))).toThrow('got no "include" in');
    expect(() => findLibrary(join(place, "absent"))).toThrow("got nothing at");
  });

  test("lays out headers and libraries by the names of linker and loader", () => {
    const home = tree("tensorflow", WHEEL);
    const deps = tree("deps", ["lib/libtensorflow.so.2.9.1", "include/old.h"]);
    layOut(findLibrary(home), deps);
    expect(readdirSync(join(deps, "lib")).sort()).toEqual([
      "libtensorflow.so",
      "libtensorflow_cc.so.2",
      "libtensorflow_framework.so",
      "libtensorflow_framework.so.2",
    ]);
    expect(readlinkSync(join(deps, "lib/libtensorflow.so"))).toBe(
      join(home, "libtensorflow_cc.so.2"),
    );
    expect(readFileSync(join(deps, HEADERS[1] as string), "utf8")).toBe(HEADERS[1]);
    expect(existsSync(join(home, HEADERS[1] as string))).toBe(true);
  });

  test.skipIf(!hasPython)("unpacks only headers and libraries of a wheel", () => {
    tree(
      "source",
      [...WHEEL, "python/big.so"].map((file) => `tensorflow/${file}`),
    );
    const wheel = join(place, "tensorflow_cpu-2.21.0-py3-none-any.whl");
    const source = join(place, "source/tensorflow");
    spawnSync("python3", ["-m", "zipfile", "-c", wheel, source]);
    const target = extractWheel(wheel, join(place, "out"), "python3");
    expect(findLibrary(target).include).toBe(join(place, "out/tensorflow/include"));
    expect(existsSync(join(target, "tensorflow/python"))).toBe(false);
  });

  test.skipIf(!hasPython)("refuses a file that is not a wheel", () => {
    const file = join(tree("x", ["a.whl"]), "a.whl");
    expect(() => extractWheel(file, join(place, "out"), "python3")).toThrow("BadZipFile");
  });
});
