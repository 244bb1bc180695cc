/** One process at a time: a file that names the process that works in a folder. */
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { CommandError } from "../errors.ts";

/** What the file says. */
interface Owner {
  readonly pid: number;
  readonly host: string;
}

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a lock. One of a process that is gone is taken over.
 * @param what for messages, such as "a sweep in runs/sentiment/quick"
 * @throws CommandError naming the process that holds it
 */
export async function takeLock(path: string, what: string): Promise<Lock> {
  while (!(await create(path))) {
    const owner = await readOwner(path);
    if (owner && isThere(owner)) {
      throw new CommandError(
        `${path}: expected no other process at ${what}, got process ${owner.pid} on ` +
          `${owner.host}. Wait for it or stop it; if there is none, remove the file.`,
      );
    }
    await rm(path, { force: true });
  }
  return { release: () => rm(path, { force: true }) };
}

/** Makes the file with its content in one step. @returns false if there is one */
async function create(path: string): Promise<boolean> {
  const owner: Owner = { pid: process.pid, host: hostname() };
  const own = `${path}.${process.pid}`;
  await writeFile(own, JSON.stringify(owner));
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Null for a file that is damaged, or was removed meanwhile. */
async function readOwner(path: string): Promise<Owner | null> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, "utf8")) as Partial<Owner>;
    return typeof pid === "number" && typeof host === "string" ? { pid, host } : null;
  } catch {
    return null;
  }
}

function isThere({ pid, host }: Owner): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
