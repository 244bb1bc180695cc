/** A bounded map that forgets what was used longest ago. */

/** Least-recently-used cache of disposable entries. */
export class LruCache<V> {
  readonly #entries = new Map<string, V>();
  readonly #capacity: number;
  readonly #dispose: (value: V) => void;

  /**
   * @param capacity most entries kept, at least 1
   * @param dispose called with every entry that leaves the cache
   */
  constructor(capacity: number, dispose: (value: V) => void) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new Error(`LruCache: expected a capacity of at least 1, got ${capacity}.`);
    }
    this.#capacity = capacity;
    this.#dispose = dispose;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether another entry would push one out. */
  get isFull(): boolean {
    return this.#entries.size >= this.#capacity;
  }

  /** Keys, least recently used first. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** Entries, least recently used first. */
  values(): V[] {
    return [...this.#entries.values()];
  }

  /** The entry of `key`, which becomes the most recently used. */
  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Adds an entry; disposes the least recently used one when full. */
  set(key: string, value: V): void {
    const replaced = this.#entries.get(key);
    if (replaced !== undefined) this.#drop(key, replaced);
    for (const [oldest, old] of this.#entries) {
      if (!this.isFull) break;
      this.#drop(oldest, old);
    }
    this.#entries.set(key, value);
  }

  /** Disposes every entry. */
  clear(): void {
    for (const [key, value] of this.#entries) this.#drop(key, value);
  }

  #drop(key: string, value: V): void {
    this.#entries.delete(key);
    this.#dispose(value);
  }
}
