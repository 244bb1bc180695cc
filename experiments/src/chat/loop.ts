/**
 * Reads what the user says and shows replies, until the input ends. At a keyboard Ctrl-C stops a
 * reply and not the program; what is piped in is taken line by line, and only replies are written.
 */
import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import type { Io } from "../io.ts";
import type { Conversation } from "./conversation.ts";
import { type Replies, type Reply, TooLongError } from "./replies.ts";

/** What is written after a reply that did not end by itself. */
const REMARKS: Readonly<Partial<Record<Reply["finish"], string>>> = {
  interrupted: "(stopped)",
  length: "(cut off at the most new tokens)",
};

/** Runs the conversation. @throws the reason of `io.signal` once it is aborted */
export async function converse(
  io: Io,
  conversation: Conversation,
  replies: Replies,
): Promise<void> {
  // It may have been aborted while the model was loaded.
  io.signal.throwIfAborted();
  const isTyped = io.input.isTTY === true;
  const lines = createInterface({
    input: io.input,
    ...(isTyped ? { output: new Screen(io.out), terminal: true } : { terminal: false }),
    prompt: "> ",
  });
  const close = (): void => lines.close();
  io.signal.addEventListener("abort", close);
  const interrupts = new Interrupts(lines, io);
  try {
    if (isTyped) io.err("/reset forgets the conversation, /exit leaves, Ctrl-C stops a reply.\n");
    if (isTyped) lines.prompt();
    for await (const line of lines) {
      const said = line.trim();
      if (said === "/exit" || io.signal.aborted) break;
      if (said === "/reset") conversation.reset();
      else if (said !== "") {
        const signal = AbortSignal.any([io.signal, interrupts.next()]);
        await exchange(io, conversation, replies, line, signal);
        interrupts.over();
      }
      if (isTyped) lines.prompt();
    }
  } finally {
    io.signal.removeEventListener("abort", close);
    lines.close();
  }
  io.signal.throwIfAborted();
}

/** One question and its reply. */
async function exchange(
  io: Io,
  conversation: Conversation,
  replies: Replies,
  question: string,
  signal: AbortSignal,
): Promise<void> {
  const ids = conversation.ask(question);
  try {
    const reply = await replies.next(ids, conversation.endIds, io.out, signal);
    io.out("\n");
    conversation.answer(reply.text, reply.ids);
    const remark = REMARKS[reply.finish];
    if (remark) io.err(`${remark}\n`);
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
    conversation.withdraw();
    io.err(`${error.message}: /reset forgets it.\n`);
  }
}

/** Ctrl-C at a keyboard, which the terminal gives as a key rather than a signal. */
class Interrupts {
  #current: AbortController | null = null;

  constructor(lines: Interface, io: Io) {
    lines.on("SIGINT", () => {
      if (this.#current) this.#current.abort();
      else {
        io.err("\nType /exit or press Ctrl-D to leave.\n");
        lines.prompt();
      }
    });
  }

  /** Aborted by the next Ctrl-C. */
  next(): AbortSignal {
    this.#current = new AbortController();
    return this.#current.signal;
  }

  /** Nothing is left to interrupt. */
  over(): void {
    this.#current = null;
  }
}

/** Where a typed line is shown and edited. */
class Screen extends Writable {
  constructor(show: (text: string) => void) {
    super({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        show(text);
        done();
      },
    });
  }

  /** Read by the editor of lines. */
  get columns(): number {
    return process.stdout.columns ?? 80;
  }
}
