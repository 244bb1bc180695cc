/** A short stand-in for the bits of an array, since comparing long ones by `toEqual` is slow. */
import { createHash } from "node:crypto";

/** SHA-256 of the bytes of an array, in hexadecimal. */
export function digest(array: NodeJS.ArrayBufferView): string {
  return createHash("sha256").update(array).digest("hex");
}
