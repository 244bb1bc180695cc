/**
 * Tokens to text: the decoders of tokenizer.json, exactly as the Rust library runs them. The
 * JavaScript library's own lose a byte order mark, decode bytes that are no text differently and
 * search all added tokens for every token.
 */
import { CHARACTER_BYTES } from "./byte-alphabet.ts";
import { isObject, isPart, type Part } from "./json.ts";

/** Tokens in, texts out; a chain of decoders hands these on, the end joins them. */
type Decode = (tokens: readonly string[]) => readonly string[];

/**
 * The decoder of a tokenizer.json as a function from tokens to text.
 *
 * @throws if the decoder is of a kind that is not supported.
 */
export function decoderOf(part: Part | null): (tokens: readonly string[]) => string {
  // Without a decoder tokens are words.
  if (part === null) return (tokens) => tokens.join(" ");
  const decode = link(part);
  return (tokens) => decode(tokens).join("");
}

function link(part: Part): Decode {
  switch (part.type) {
    case "Sequence":
      return chain(part["decoders"]);
    case "ByteLevel":
      return byteLevel;
    case "ByteFallback":
      return byteFallback;
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "Replace":
      return replace(part);
    case "Strip":
      return strip(part);
    case "Metaspace":
      return metaspace(part);
    case "WordPiece":
      return wordPiece(part);
    default:
      throw new Error(`tokenizer.json: decoder ${part.type} is not supported.`);
  }
}

function chain(parts: unknown): Decode {
  if (!Array.isArray(parts) || !parts.every(isPart)) {
    throw new Error('tokenizer.json: expected parts in "decoders", got something else.');
  }
  const links = parts.map(link);
  return (tokens) => links.reduce((texts, decode) => decode(texts), tokens);
}

function byteLevel(tokens: readonly string[]): readonly string[] {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const token of tokens) {
    const mark = bytes.length;
    for (const character of token) {
      const byte = CHARACTER_BYTES.get(character);
      if (byte === undefined) {
        // Not in the byte alphabet: an added token such as a run of spaces, which is plain text.
        bytes.length = mark;
        for (const plain of encoder.encode(token)) bytes.push(plain);
        break;
      }
      bytes.push(byte);
    }
  }
  // Bytes that are no UTF-8 become U+FFFD; a byte order mark stays.
  return [new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes))];
}

/** Runs of `<0xAB>` tokens become the text of their bytes, or one U+FFFD a byte if they have none. */
function byteFallback(tokens: readonly string[]): readonly string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length === 0) return;
    try {
      texts.push(decoder.decode(Uint8Array.from(bytes)));
    } catch {
      for (const _ of bytes) texts.push("\ufffd");
    }
    bytes = [];
  };
  for (const token of tokens) {
    const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (hex !== undefined) {
      bytes.push(Number.parseInt(hex, 16));
      continue;
    }
    flush();
    texts.push(token);
  }
  flush();
  return texts;
}

function replace(part: Part): Decode {
  const pattern = isObject(part["pattern"]) ? part["pattern"]["String"] : undefined;
  const content = part["content"];
  if (typeof pattern !== "string" || typeof content !== "string") {
    throw new Error("tokenizer.json: decoder Replace is supported for a String pattern only.");
  }
  return (tokens) => tokens.map((token) => token.replaceAll(pattern, () => content));
}

function strip(part: Part): Decode {
  const { content, start, stop } = part;
  if (typeof content !== "string" || typeof start !== "number" || typeof stop !== "number") {
    throw new Error("tokenizer.json: expected content, start and stop in decoder Strip.");
  }
  return (tokens) =>
    tokens.map((token) => {
      const characters = [...token];
      let first = 0;
      while (first < start && characters[first] === content) first++;
      let last = characters.length;
      const end = Math.max(first, last - stop);
      while (last > end && characters[last - 1] === content) last--;
      return characters.slice(first, last).join("");
    });
}

function metaspace(part: Part): Decode {
  const mark = typeof part["replacement"] === "string" ? part["replacement"] : "▁";
  const scheme =
    part["prepend_scheme"] ?? (part["add_prefix_space"] === false ? "never" : "always");
  return (tokens) =>
    tokens.map((token, i) => token.replaceAll(mark, i === 0 && scheme !== "never" ? "" : " "));
}

function wordPiece(part: Part): Decode {
  if (part["cleanup"] === true) {
    throw new Error("tokenizer.json: decoder WordPiece with cleanup is not supported.");
  }
  const prefix = typeof part["prefix"] === "string" ? part["prefix"] : "##";
  return (tokens) =>
    tokens.map((token, i) => {
      if (i === 0) return token;
      return token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
    });
}
