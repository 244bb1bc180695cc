/**
 * @tensorflow/tfjs-node 4.22 calls two functions that Node 23 removed from `node:util`. The
 * correction was merged there but never released, so they are put back where they are missing.
 */

const REMOVED: Readonly<Record<string, (value: unknown) => boolean>> = {
  isArray: Array.isArray,
  isNullOrUndefined: (value) => value === null || value === undefined,
};

/**
 * Adds `isArray` and `isNullOrUndefined` to `util` unless it has them (Node < 23).
 * @param util the default export of `node:util`, the object that CommonJS packages share
 */
export function restoreRemovedUtil(util: object): void {
  for (const [name, value] of Object.entries(REMOVED)) {
    if (!(name in util)) Object.defineProperty(util, name, { value, configurable: true });
  }
}
