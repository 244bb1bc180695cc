/**
 * Runs tfjs-core's suite in child processes and reads their reports. A process that dies does not
 * take the harness along: the spec it died in counts as failed.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { CallsByKernel, SuiteRecord } from "./suite/records.ts";
import { type BackendName, bundleSuite } from "./suite-bundle.ts";

/** One way to run the suite. */
export interface RunOptions {
  readonly backend: BackendName;
  /** Environment variables that choose the mode of the backend. */
  readonly env: Readonly<Record<string, string>>;
  /** Processes to split the suite over. */
  readonly shards: number;
  /** Regular expression on the full name of a spec; default: all specs. */
  readonly filter?: string;
}

/** What became of one spec. */
export interface SpecResult {
  readonly name: string;
  readonly status: "passed" | "failed" | "pending";
  readonly failures: readonly string[];
  readonly kernels: CallsByKernel;
}

/** The reports of all shards, in the order of the specs within each shard. */
export interface SuiteReport {
  readonly specs: readonly SpecResult[];
  /** Failures that belong to no spec. */
  readonly failures: readonly string[];
  readonly cpuKernels: readonly string[];
  readonly onnxKernels: readonly string[];
  /** Wall time without the bundling, in seconds. */
  readonly seconds: number;
}

const CACHE = fileURLToPath(new URL("../node_modules/.cache/conformance/", import.meta.url));
const SHARD_TIMEOUT_MS = 300_000;

/** Runs the suite and waits for the end of all its processes. */
export async function runSuite(options: RunOptions): Promise<SuiteReport> {
  mkdirSync(CACHE, { recursive: true });
  // A folder of its own: runs side by side must not read each other's half-written bundles.
  const folder = mkdtempSync(join(CACHE, "run-"));
  try {
    const bundle = await bundleSuite(options.backend, folder);
    const start = performance.now();
    const shards = await Promise.all(
      Array.from({ length: options.shards }, (_, shard) => runShard(bundle, options, shard)),
    );
    return {
      specs: shards.flatMap((shard) => shard.specs),
      failures: shards.flatMap((shard) => shard.failures),
      cpuKernels: shards[0]?.cpuKernels ?? [],
      onnxKernels: shards[0]?.onnxKernels ?? [],
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runShard(
  bundle: string,
  { env, shards, filter = "" }: RunOptions,
  shard: number,
): Promise<Omit<SuiteReport, "seconds">> {
  const report = `${bundle}.${shard}.ndjson`;
  writeFileSync(report, "");
  const child = spawn(process.execPath, ["--enable-source-maps", bundle], {
    env: {
      ...process.env,
      ...env,
      CONFORMANCE_REPORT: report,
      CONFORMANCE_SHARD: `${shard}/${shards}`,
      CONFORMANCE_FILTER: filter,
    },
    // The specs of tf.print and of the profiler write to stdout.
    stdio: ["ignore", "ignore", "pipe"],
    timeout: SHARD_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const exit = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return readReport(report, `${exit}\n${stderr.slice(-2000)}`);
}

function readReport(path: string, exit: string): Omit<SuiteReport, "seconds"> {
  const records = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as SuiteRecord);
  const begin = records.find((record) => record.kind === "begin");
  const end = records.find((record) => record.kind === "end");
  const specs: SpecResult[] = records.filter((record) => record.kind === "spec");
  const last = records.at(-1);
  if (last?.kind === "start") {
    const died = `The process ended in this spec: ${exit}`;
    specs.push({ name: last.name, status: "failed", failures: [died], kernels: {} });
  }
  return {
    specs,
    failures: end ? end.failures : [`The suite did not finish: ${exit}`],
    cpuKernels: begin?.cpuKernels ?? [],
    onnxKernels: begin?.onnxKernels ?? [],
  };
}
