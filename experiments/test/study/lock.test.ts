import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describeUnless } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { takeLock } from "../../src/study/lock.ts";
import { temporaryFolder } from "./stages.ts";

const noProc = process.platform === "linux" ? undefined : "start times come from /proc";

function lockPath(owner?: object): string {
  const path = join(temporaryFolder(), "lock");
  if (owner) writeFileSync(path, JSON.stringify({ host: hostname(), started: null, ...owner }));
  return path;
}

/** Number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

describe("study/lock", () => {
  test("is held until it is released, and leaves nothing behind", async () => {
    const path = lockPath();
    const lock = await takeLock(path, "the work");
    await expect(takeLock(path, "the work")).rejects.toThrow(
      `${path}: expected no other process at the work, got process ${process.pid}`,
    );
    await lock.release();
    expect(readdirSync(join(path, ".."))).toEqual([]);
    await (await takeLock(path, "the work")).release();
  });

  test("of a process that is gone is taken over", async () => {
    const path = lockPath({ pid: deadPid() });
    await (await takeLock(path, "the work")).release();
    expect(existsSync(path)).toBe(false);
  });

  test("of a living process is an error that names it", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await once(child, "spawn");
    try {
      const path = lockPath({ pid: child.pid });
      await expect(takeLock(path, "a sweep in x")).rejects.toThrow(
        `at a sweep in x, got process ${child.pid} on ${hostname()}. Wait for it`,
      );
      expect(existsSync(path)).toBe(true);
    } finally {
      child.kill();
    }
  });

  test("of an earlier process with this one's number is taken over", async () => {
    const path = lockPath({ pid: process.pid });
    await (await takeLock(path, "the work")).release();
  });

  test("of another machine counts", async () => {
    const path = lockPath({ pid: 1, host: "elsewhere" });
    await expect(takeLock(path, "the work")).rejects.toThrow("process 1 on elsewhere");
  });

  test("that is damaged is taken over", async () => {
    const path = lockPath();
    writeFileSync(path, '{"pid":');
    await (await takeLock(path, "the work")).release();
  });

  test("is waited for where asked, with the reason said once", async () => {
    const path = lockPath();
    const first = await takeLock(path, "the work");
    const reasons: string[] = [];
    const second = takeLock(path, "the work", { onWait: (reason) => reasons.push(reason) });
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(reasons).toHaveLength(1);
    await first.release();
    await (await second).release();
  });

  test("waiting ends when interrupted", async () => {
    const path = lockPath({ pid: 1, host: "elsewhere" });
    const signal = AbortSignal.timeout(150);
    await expect(takeLock(path, "the work", { onWait: () => {}, signal })).rejects.toThrow();
  });

  test("of many that take over a dead process's lock at once one has it at a time", async () => {
    const path = lockPath({ pid: deadPid() });
    let [holders, most, times] = [0, 0, 0];
    const work = async () => {
      const lock = await takeLock(path, "the work", { onWait: () => {} });
      most = Math.max(most, ++holders);
      times++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      holders--;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect({ most, times }).toEqual({ most: 1, times: 8 });
  });
});

describeUnless(noProc, "study/lock with start times of processes", () => {
  test("of a process whose number another has now is taken over", async () => {
    // This test's parent is alive, but did not begin with the system.
    const path = lockPath({ pid: process.ppid, started: "0" });
    await (await takeLock(path, "the work")).release();
  });
});
