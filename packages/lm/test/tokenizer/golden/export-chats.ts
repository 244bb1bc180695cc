/** Writes what chat_golden.py reads: a tokenizer folder per template, and the conversations. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { saveTokenizer } from "@preflab/lm";
import { CHATS, CONVERSATIONS, VARIABLES } from "./chat-cases.ts";

const folder = resolve(process.argv[2] ?? ".");
mkdirSync(folder, { recursive: true });
const chats = { conversations: CONVERSATIONS, variables: VARIABLES };
writeFileSync(join(folder, "chats.json"), JSON.stringify(chats));
for (const [name, make] of Object.entries(CHATS)) await saveTokenizer(join(folder, name), make());
