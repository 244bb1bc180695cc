import { describe, expect, it } from "vitest";
import { availableBytes, availableMemory } from "../../src/graph/available-memory.ts";

const MEMINFO = "MemTotal:       16000000 kB\nMemFree:  1 kB\nMemAvailable:    8000000 kB\n";
const UNIFIED = "0::/user.slice/job\n";

function available(files: Readonly<Record<string, string>>, fallback = 5e9): number {
  return availableBytes((path) => files[path] ?? null, fallback);
}

describe("graph/available-memory", () => {
  it("is what the kernel calls available", () => {
    expect(available({ "/proc/meminfo": MEMINFO })).toBe(8_000_000 * 1024);
  });

  it("is the fallback on systems without /proc", () => {
    expect(available({})).toBe(5e9);
  });

  it("is what the limit of the process's own group leaves", () => {
    const files = {
      "/proc/meminfo": MEMINFO,
      "/proc/self/cgroup": UNIFIED,
      "/sys/fs/cgroup/user.slice/job/memory.max": "4000000000\n",
      "/sys/fs/cgroup/user.slice/job/memory.current": "1000000000\n",
    };
    expect(available(files)).toBe(3e9);
  });

  it("counts cached files in a group as available", () => {
    const files = {
      "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/memory.max": "4000000000\n",
      "/sys/fs/cgroup/memory.current": "3900000000\n",
      "/sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 900000000\nactive_file 7\n",
    };
    expect(available(files)).toBe(1e9);
  });

  it("heeds the limits of the groups above", () => {
    const files = {
      "/proc/self/cgroup": UNIFIED,
      "/sys/fs/cgroup/user.slice/job/memory.max": "max\n",
      "/sys/fs/cgroup/user.slice/job/memory.current": "100\n",
      "/sys/fs/cgroup/user.slice/memory.max": "2000000000\n",
      "/sys/fs/cgroup/user.slice/memory.current": "500000000\n",
    };
    expect(available(files)).toBe(1.5e9);
  });

  it("reads the first version of the interface", () => {
    const files = {
      "/proc/self/cgroup": "12:pids:/job\n5:cpu,memory:/job\n",
      "/sys/fs/cgroup/memory/job/memory.limit_in_bytes": "1000000000\n",
      "/sys/fs/cgroup/memory/job/memory.usage_in_bytes": "600000000\n",
      "/sys/fs/cgroup/memory/job/memory.stat": "total_inactive_file 100000000\n",
    };
    expect(available(files)).toBe(5e8);
  });

  it("is never negative", () => {
    const files = {
      "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/memory.max": "10\n",
      "/sys/fs/cgroup/memory.current": "20\n",
    };
    expect(available(files)).toBe(0);
  });

  it("finds some memory on this machine", () => {
    expect(availableMemory()).toBeGreaterThan(1e6);
  });
});
