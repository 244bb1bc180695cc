/**
 * The alphabet of byte-level tokenizers: 256 printable characters, one per byte, so that a
 * vocabulary of bytes can be written as text. Printable Latin-1 stands for itself, the other bytes
 * for U+0100 onwards in order (Radford et al. 2019, GPT-2).
 */

const PRINTABLE: readonly (readonly [number, number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];

/** Character of each byte. */
export const BYTE_CHARACTERS: readonly string[] = alphabet();

/** Byte of each character of the alphabet. */
export const CHARACTER_BYTES: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
);

/** Bytes written in the alphabet. */
export function bytesToCharacters(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += BYTE_CHARACTERS[byte];
  return text;
}

function alphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = PRINTABLE.some(([first, last]) => byte >= first && byte <= last);
    return String.fromCharCode(printable ? byte : next++);
  });
}
