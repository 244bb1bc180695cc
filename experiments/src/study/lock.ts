/**
 * One process at a time: a file that names the process that works in a folder. A lock of a process
 * that is gone is taken over, whatever ended it. Processes of other machines count as being there.
 */
import { randomUUID } from "node:crypto";
import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../errors.ts";

/** Between two looks at a lock that another process holds, ms. */
const POLL_MS = 100;

/** Age at which the right to remove a lock was left behind by a process that died with it, ms. */
const REMOVAL_MS = 5000;

/** What the file says. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, since numbers of processes come again; null where it is not known. */
  readonly started: string | null;
}

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

/** How to take a lock. */
export interface LockOptions {
  /** Called once with the reason if the lock is waited for; without it another holder is an error. */
  readonly onWait?: (reason: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** Those of this process. */
const held = new Set<string>();

/**
 * Takes a lock.
 * @param what for messages, such as "a sweep in runs/sentiment/quick"
 * @throws CommandError naming the process that holds it; the signal's reason
 */
export async function takeLock(
  path: string,
  what: string,
  { onWait, signal }: LockOptions = {},
): Promise<Lock> {
  let isWaiting = false;
  while (!(await create(path))) {
    const owner = await readOwner(path);
    if (!owner || !(await isThere(owner, path))) {
      await removeLeftBehind(path);
      continue;
    }
    const reason =
      `${path}: expected no other process at ${what}, got process ${owner.pid} on ${owner.host}. ` +
      "Wait for it or stop it; if there is none, remove the file.";
    if (!onWait) throw new CommandError(reason);
    if (!isWaiting) onWait(reason);
    isWaiting = true;
    await delay(POLL_MS);
    signal?.throwIfAborted();
  }
  held.add(path);
  return {
    release: async () => {
      held.delete(path);
      await rm(path, { force: true });
    },
  };
}

/** Makes the file with its content in one step. @returns false if there is one */
async function create(path: string): Promise<boolean> {
  const { pid } = process;
  const owner: Owner = { pid, host: hostname(), started: await startOf(pid) };
  const own = `${path}.${randomUUID()}`;
  try {
    await writeFile(own, JSON.stringify(owner));
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Removes the file of a process that is gone. Only one process may at a time, and it looks again:
 * otherwise the second of two would remove the lock that the first has taken since.
 */
async function removeLeftBehind(path: string): Promise<void> {
  const right = `${path}.removal`;
  if (!(await create(right))) {
    const made = await stat(right).catch(() => null);
    if (made && Date.now() - made.mtimeMs > REMOVAL_MS) await rm(right, { force: true });
    await delay(POLL_MS);
    return;
  }
  try {
    const owner = await readOwner(path);
    if (!owner || !(await isThere(owner, path))) await rm(path, { force: true });
  } finally {
    await rm(right, { force: true });
  }
}

/** Null for a file that is damaged, or was removed meanwhile. */
async function readOwner(path: string): Promise<Owner | null> {
  try {
    const { pid, host, started } = JSON.parse(await readFile(path, "utf8")) as Partial<Owner>;
    if (typeof pid !== "number" || typeof host !== "string") return null;
    return { pid, host, started: started ?? null };
  } catch {
    return null;
  }
}

async function isThere({ pid, host, started }: Owner, path: string): Promise<boolean> {
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(path);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return started === null || started === (await startOf(pid));
}

/** Ticks from the start of the system to that of a process; null where the system has no /proc. */
async function startOf(pid: number): Promise<string | null> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  // Field 22. The second, a name in brackets, can hold blanks and brackets.
  return status?.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}
