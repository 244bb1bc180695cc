import path from "node:path";
import { describe, expect, it } from "vitest";
import { UnavailableError } from "../../src/errors.ts";
import { findLibrary, type LibraryHost } from "../../src/runtime/library.ts";

function host(platform: string, arch: string, changes: Partial<LibraryHost> = {}): LibraryHost {
  const resolve = (request: string) => path.join("/modules", request);
  return { platform, arch, resolve, exists: () => true, ...changes };
}

describe("runtime/library", () => {
  it.each([
    ["linux", "x64", "libonnxruntime.so.1"],
    ["linux", "arm64", "libonnxruntime.so.1"],
    ["darwin", "arm64", "libonnxruntime.1.dylib"],
    ["win32", "x64", "onnxruntime.dll"],
    ["win32", "arm64", "onnxruntime.dll"],
  ])("finds the library for %s on %s", (platform, arch, file) => {
    const folder = path.join("/modules", "onnxruntime-node", "bin", "napi-v6", platform, arch);
    expect(findLibrary(host(platform, arch))).toBe(path.join(folder, file));
  });

  it("says that Intel Macs have none and that wasm takes over", () => {
    expect(() => findLibrary(host("darwin", "x64"))).toThrow(UnavailableError);
    expect(() => findLibrary(host("darwin", "x64"))).toThrow(/Intel Macs.*wasm/);
  });

  it.each([
    ["linux", "riscv64"],
    ["freebsd", "x64"],
    ["win32", "ia32"],
  ])("names the machine without a library: %s on %s", (platform, arch) => {
    expect(() => findLibrary(host(platform, arch))).toThrow(`${platform} on ${arch}`);
  });

  it("says that the package is missing", () => {
    const resolve = () => {
      throw new Error("Cannot find module");
    };
    expect(() => findLibrary(host("linux", "x64", { resolve }))).toThrow(UnavailableError);
    expect(() => findLibrary(host("linux", "x64", { resolve }))).toThrow(
      /package onnxruntime-node/,
    );
  });

  it("says where the file is missing", () => {
    const exists = () => false;
    expect(() => findLibrary(host("linux", "x64", { exists }))).toThrow(/libonnxruntime\.so\.1/);
  });
});
