/** Any example as what most checks look at: a prompt, what follows it, and a label. */
import type { AnyExample } from "../examples.ts";
import type { Text } from "../types.ts";

/** The texts of an example. */
export interface TextView {
  /** Undefined where the kind has none. */
  readonly prompt: Text | undefined;
  /** Better ones first. */
  readonly completions: readonly Text[];
  /** A text that stands for itself, where the kind has no prompts. */
  readonly text: Text | undefined;
  readonly label: number | undefined;
}

/** The texts of an example, undefined where it is token ids. */
export function textView(item: AnyExample): TextView | undefined {
  const none = { prompt: undefined, completions: [], text: undefined, label: undefined };
  switch (item.kind) {
    case "preference": {
      const { prompt, chosen, rejected } = item.example;
      return { ...none, prompt, completions: [chosen, rejected] };
    }
    case "unpaired": {
      const { prompt, completion, label } = item.example;
      return { ...none, prompt, completions: [completion], label: Number(label) };
    }
    case "prompt-completion":
      return { ...none, prompt: item.example.prompt, completions: [item.example.completion] };
    case "prompt-only":
      return { ...none, prompt: item.example.prompt };
    case "ranked":
      return { ...none, prompt: item.example.prompt, completions: item.example.completions };
    case "stepwise": {
      const { prompt, completions } = item.example;
      return { ...none, prompt, completions: [completions.join("")] };
    }
    case "language-modeling":
      return { ...none, text: item.example.text };
    case "labeled":
      return { ...none, text: item.example.text, label: item.example.label };
    case "tokenized-preference":
    case "tokenized-unpaired":
    case "tokenized-ranked":
      return undefined;
  }
}
