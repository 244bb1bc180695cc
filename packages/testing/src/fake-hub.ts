/**
 * A small Hugging Face Hub on this machine: one repository, the calls that a download makes, and the
 * ways in which they go wrong.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

/** A repository and how it is served. */
export interface HubSetup {
  /** `ORG/NAME`. */
  readonly repo: string;
  /** What the repository holds. Default: "model". */
  readonly kind?: "model" | "dataset";
  /** Contents by path; those that end in .safetensors or .gguf are large files, with a sha256. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Commits by branch, tag or commit. */
  readonly revisions: Readonly<Record<string, string>>;
  /** Entries per page of the listing. Default: 3. */
  readonly pageSize?: number;
  /** Refuses a request with a status. */
  readonly refuse?: (request: HubRequest) => number | null;
  /** How many bytes of an answer arrive before the connection breaks; null for all. */
  readonly breakAfter?: (request: HubRequest) => number | null;
  /** Changes what arrives. */
  readonly corrupt?: (path: string, bytes: Uint8Array) => Uint8Array;
  /** Whether ranges are ignored. */
  readonly noRanges?: boolean;
}

/** A request for a file, or for what there is. */
export interface HubRequest {
  /** Path in the repository; "" for other calls. */
  readonly path: string;
  /** First byte that was asked for. */
  readonly offset: number;
  readonly token: string | undefined;
}

/** A running hub. */
export interface FakeHub {
  readonly url: string;
  /** Requests for files so far, as `PATH` or `PATH@OFFSET`. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Runs a hub until the test is over. */
export async function fakeHub(setup: HubSetup): Promise<FakeHub> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    answer(setup, requests, `http://localhost:${port}`, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("fakeHub: expected a port.");
  return { url: `http://localhost:${address.port}`, requests, close };
}

function answer(
  setup: HubSetup,
  requests: string[],
  self: string,
  request: IncomingMessage,
  response: ServerResponse,
): ServerResponse {
  const url = new URL(request.url ?? "", self);
  const { repo, kind = "model" } = setup;
  const page = kind === "model" ? `/${repo}` : `/datasets/${repo}`;
  const parts = url.pathname.split("/").map(decodeURIComponent);
  const last = parts.at(-1) ?? "";
  const is = (prefix: string): boolean => url.pathname.startsWith(prefix);
  if (is(`/api/${kind}s/${repo}/revision/`)) return model(setup, parts[6] ?? "", request, response);
  if (is(`/api/${kind}s/${repo}/tree/`)) return tree(setup, url, response);
  // The Hub sends large files from elsewhere.
  if (is(`${page}/resolve/`) && isLarge(last)) {
    return response.writeHead(302, { location: `${self}/cdn/${encodeURIComponent(last)}` }).end();
  }
  if (is(`${page}/resolve/`) || is("/cdn/")) return file(setup, requests, last, request, response);
  return json(response, 404, { error: "Repository not found" });
}

function model(
  setup: HubSetup,
  revision: string,
  request: IncomingMessage,
  response: ServerResponse,
): ServerResponse {
  const status = setup.refuse?.({ path: "", offset: 0, token: tokenOf(request) });
  if (status) return json(response, status, { error: "refused" });
  const sha = setup.revisions[revision];
  if (sha === undefined) return json(response, 404, { error: "Revision not found" });
  return json(response, 200, { _id: "1", id: setup.repo, sha, lastModified: "2025-01-01" });
}

function tree(
  { files, pageSize = 3 }: HubSetup,
  url: URL,
  response: ServerResponse,
): ServerResponse {
  const deep = url.searchParams.get("recursive") === "true";
  const listed = Object.entries(files).filter(([path]) => deep || !path.includes("/"));
  const entries = listed.map(([path, bytes]) => ({
    type: "file",
    path,
    size: bytes.length,
    oid: gitHash(bytes),
    ...(isLarge(path) ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } } : {}),
  }));
  const first = Number(url.searchParams.get("cursor") ?? 0);
  const next = first + pageSize;
  if (next < entries.length) {
    url.searchParams.set("cursor", String(next));
    response.setHeader("link", `<${url}>; rel="next"`);
  }
  const folder = { type: "directory", path: "onnx", size: 0, oid: gitHash(new Uint8Array()) };
  return json(response, 200, [folder, ...entries.slice(first, next)]);
}

function file(
  setup: HubSetup,
  requests: string[],
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): ServerResponse {
  const asked = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const call = { path, offset: asked, token: tokenOf(request) };
  requests.push(asked ? `${path}@${asked}` : path);
  const status = setup.refuse?.(call);
  if (status) return json(response, status, { error: "refused" });
  const all = setup.files[path];
  if (!all) return json(response, 404, { error: "Entry not found" });
  const offset = setup.noRanges ? 0 : asked;
  const bytes = (setup.corrupt?.(path, all) ?? all).subarray(offset);
  response.writeHead(offset ? 206 : 200, {
    "content-length": bytes.length,
    ...(offset ? { "content-range": `bytes ${offset}-${all.length - 1}/${all.length}` } : {}),
  });
  const limit = setup.breakAfter?.(call) ?? null;
  if (limit === null) return response.end(bytes);
  response.write(bytes.subarray(0, limit), () => response.destroy());
  return response;
}

function json(response: ServerResponse, status: number, body: unknown): ServerResponse {
  return response
    .writeHead(status, { "content-type": "application/json" })
    .end(JSON.stringify(body));
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  return headers.authorization?.replace("Bearer ", "");
}

function isLarge(path: string): boolean {
  return /\.(safetensors|gguf)$/.test(path);
}

/** Name of a large file's content. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Name of a small file's content. */
export function gitHash(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
