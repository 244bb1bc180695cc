/**
 * How much memory this process may still take: what the machine has free, and what the limits of its
 * container leave.
 */
import { readFileSync } from "node:fs";
import { freemem, platform, totalmem } from "node:os";

/** Reads a text file; `null` where there is none. */
export type ReadText = (path: string) => string | null;

/** Bytes that can be allocated without swapping or being killed. */
export function availableMemory(): number {
  // macOS fills idle memory with caches and counts them as used: its free memory says nothing.
  const fallback = platform() === "darwin" ? totalmem() : freemem();
  return availableBytes(readText, fallback);
}

/**
 * {@link availableMemory} from the files of a Linux system.
 * @param fallback bytes where `/proc/meminfo` does not say, as on other systems
 */
export function availableBytes(read: ReadText, fallback: number): number {
  const machine = kilobytes(read("/proc/meminfo"), "MemAvailable") ?? fallback;
  const groups = cgroupDirectories(read("/proc/self/cgroup")).map((group) =>
    groupRoom(read, group),
  );
  return Math.max(0, Math.min(machine, ...groups));
}

/** Files of a control group that limit memory, for either version of the interface. */
interface MemoryGroup {
  readonly limit: string;
  readonly usage: string;
  readonly stat: string;
  /** Key in `stat` of cached files that the kernel drops before it refuses memory. */
  readonly reclaimable: string;
}

/** The groups from the process's own up to the root: each may have a limit. */
function cgroupDirectories(membership: string | null): MemoryGroup[] {
  return (membership ?? "").split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    const parts = path.split("/").filter(Boolean);
    const paths = Array.from({ length: parts.length + 1 }, (_, i) => parts.slice(0, i).join("/"));
    if (controllers === "") return paths.map((it) => unifiedGroup(`/sys/fs/cgroup/${it}`));
    if (!controllers.split(",").includes("memory")) return [];
    return paths.map((it) => legacyGroup(`/sys/fs/cgroup/memory/${it}`));
  });
}

function unifiedGroup(path: string): MemoryGroup {
  const directory = path.replace(/\/$/, "");
  return {
    limit: `${directory}/memory.max`,
    usage: `${directory}/memory.current`,
    stat: `${directory}/memory.stat`,
    reclaimable: "inactive_file",
  };
}

function legacyGroup(path: string): MemoryGroup {
  const directory = path.replace(/\/$/, "");
  return {
    limit: `${directory}/memory.limit_in_bytes`,
    usage: `${directory}/memory.usage_in_bytes`,
    stat: `${directory}/memory.stat`,
    reclaimable: "total_inactive_file",
  };
}

/** Bytes below the limit of one group; infinite without a limit. */
function groupRoom(read: ReadText, { limit, usage, stat, reclaimable }: MemoryGroup): number {
  const most = number(read(limit));
  const used = number(read(usage));
  if (most === null || used === null) return Number.POSITIVE_INFINITY;
  const match = new RegExp(`^${reclaimable} (\\d+)$`, "m").exec(read(stat) ?? "");
  return most - used + Number(match?.[1] ?? 0);
}

/** `null` for an absent file and for "max", which means no limit. */
function number(text: string | null): number | null {
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;
}

function kilobytes(text: string | null, key: string): number | null {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(text ?? "");
  return match ? Number(match[1]) * 1024 : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
