import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SetupError } from "../../../scripts/setup-tfjs-node/setup-error.ts";
import { findToolchain } from "../../../scripts/setup-tfjs-node/toolchain.ts";

const place = mkdtempSync(join(tmpdir(), "toolchain-"));
mkdirSync(join(place, "include/node"), { recursive: true });
writeFileSync(join(place, "include/node/node_api.h"), "");
afterAll(() => rmSync(place, { recursive: true }));

/** A machine on which only these commands run. */
const only =
  (...commands: string[]) =>
  (command: string) =>
    commands.includes(command);

describe("setup-tfjs-node/toolchain", () => {
  test("finds Python and the headers it is told of", () => {
    expect(findToolchain({}, place, only("g++", "make", "python3"))).toEqual({
      python: "python3",
      nodedir: place,
    });
  });

  test("npm's settings are the default", () => {
    const env = { npm_config_nodedir: place, npm_config_python: "python3.12" };
    expect(findToolchain(env, undefined, only("clang++", "make", "python3", "python3.12"))).toEqual(
      { python: "python3.12", nodedir: place },
    );
  });

  test("CXX is the only compiler where it is set", () => {
    const runs = only("g++", "make", "python3");
    expect(() => findToolchain({ CXX: "icpx" }, place, runs)).toThrow("a C++ compiler (icpx)");
  });

  test("everything missing is named at once", () => {
    const find = () => findToolchain({}, place, only());
    expect(find).toThrow(SetupError);
    expect(find).toThrow("got all but a C++ compiler (g++, c++, clang++), make, Python 3.");
  });

  test("a directory without Node's headers is refused", () => {
    const find = () => findToolchain({}, join(place, "include"), only("g++", "make", "python3"));
    expect(find).toThrow("got no include/node/node_api.h in");
  });
});
