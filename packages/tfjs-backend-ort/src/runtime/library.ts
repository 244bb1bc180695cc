/**
 * Where ONNX Runtime's shared library is: inside the npm package onnxruntime-node, which ships it
 * for most machines and needs no download. Loads nothing.
 */
import path from "node:path";
import { UnavailableError } from "../errors.ts";

/** The machine and its file system, as far as {@link findLibrary} looks at them. */
export interface LibraryHost {
  /** As `process.platform`. */
  readonly platform: string;
  /** As `process.arch`. */
  readonly arch: string;
  /** As `require.resolve`. */
  readonly resolve: (request: string) => string;
  readonly exists: (file: string) => boolean;
}

/** File name of the library and the architectures that onnxruntime-node ships it for. */
const LIBRARIES: Readonly<Record<string, { file: string; archs: readonly string[] }>> = {
  linux: { file: "libonnxruntime.so.1", archs: ["x64", "arm64"] },
  darwin: { file: "libonnxruntime.1.dylib", archs: ["arm64"] },
  win32: { file: "onnxruntime.dll", archs: ["x64", "arm64"] },
};

/**
 * Path of the shared library for `host`.
 * @throws UnavailableError where onnxruntime-node has none for this machine, is not installed, or
 *   lacks the file
 */
export function findLibrary(host: LibraryHost): string {
  const { platform, arch } = host;
  const library = LIBRARIES[platform];
  if (!library?.archs.includes(arch)) {
    const machine = platform === "darwin" ? "Intel Macs" : `${platform} on ${arch}`;
    throw new UnavailableError(
      `findLibrary: expected a machine that onnxruntime-node ships a library for, got ${machine}, ` +
        "for which there is none. Use the tfjs backend wasm, which takes over by itself where " +
        "the choice is automatic.",
    );
  }
  const file = path.join(packageFolder(host), "bin", "napi-v6", platform, arch, library.file);
  if (host.exists(file)) return file;
  throw new UnavailableError(
    `findLibrary: expected ONNX Runtime's library at ${file}, got no file. Reinstall ` +
      "onnxruntime-node.",
  );
}

function packageFolder(host: LibraryHost): string {
  try {
    return path.dirname(host.resolve("onnxruntime-node/package.json"));
  } catch (error) {
    throw new UnavailableError(
      "findLibrary: expected the package onnxruntime-node, got none. Install it.",
      { cause: error },
    );
  }
}
