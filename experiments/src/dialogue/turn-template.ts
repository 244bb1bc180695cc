/** Chat templates of dialogues: BOS, then turns of user and assistant behind words of their own. */

/** How turns are told apart. */
export interface TurnWords {
  readonly user: string;
  readonly assistant: string;
  /** Between those and what is said. */
  readonly gap: string;
  /** Which replies EOS ends. */
  readonly ended: "every" | "last";
}

/** The template in Jinja. Other roles are refused. */
export function turnTemplate({ user, assistant, gap, ended }: TurnWords): string {
  const end =
    ended === "every" ? "{{ eos_token }}" : "{% if loop.last %}{{ eos_token }}{% endif %}";
  return [
    "{{ bos_token }}{% for message in messages %}",
    `{% if message.role == 'user' %}{{ ${quoted(user + gap)} + message.content }}`,
    `{% elif message.role == 'assistant' %}{{ ${quoted(assistant + gap)} + message.content }}${end}`,
    "{% else %}{{ raise_exception('expected turns of user and assistant, got ' + message.role) }}",
    `{% endif %}{% endfor %}{% if add_generation_prompt %}{{ ${quoted(assistant)} }}{% endif %}`,
  ].join("");
}

/** JSON texts are texts of Jinja too. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
