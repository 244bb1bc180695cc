/**
 * Renders chat templates as transformers does, except for the clock: what a template sees beside its
 * variables, and what its errors become. The language itself is the library's, which differs from
 * Python's in that joining an undefined value to a text is an error, and true is printed as "true".
 */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

/** A chat template or conversation that cannot be rendered. */
export class ChatTemplateError extends Error {
  override readonly name = "ChatTemplateError";
}

/** Renders a parsed template. @param now the time that the template is told, local */
export type Render = (variables: Readonly<Record<string, unknown>>, now: Date | null) => string;

/** Parses a template. @throws ChatTemplateError when it is not one */
export function compileTemplate(source: string): Render {
  const program = attempt(() =>
    parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })),
  );
  return (variables, now) =>
    attempt(() => {
      const globals = new Environment();
      for (const [name, value] of Object.entries(GLOBALS)) globals.set(name, value);
      globals.set("strftime_now", (format: string) => formatTime(format, now));
      const scope = new Environment(globals);
      for (const [name, value] of Object.entries(variables)) scope.set(name, value);
      const { value } = new Interpreter(scope).run(program);
      if (typeof value !== "string") throw new Error("expected text");
      return value;
    });
}

const GLOBALS: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  raise_exception: (message: unknown) => {
    throw new ChatTemplateError(`chat template: ${message}`);
  },
};

function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new Error("expected a step of range other than 0, got 0");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return Array.from({ length }, (_, i) => start + i * step);
}

function attempt<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ChatTemplateError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ChatTemplateError(
      `chat template: expected a template that this conversation fits, got "${reason}". Compare ` +
        "it with what the model's page says.",
      { cause: error },
    );
  }
}

const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Directives of Python's strftime in the C locale. */
const DIRECTIVES: Readonly<Record<string, (time: Date) => string>> = {
  Y: (time) => digits(time.getFullYear(), 4),
  y: (time) => digits(time.getFullYear() % 100, 2),
  m: (time) => digits(time.getMonth() + 1, 2),
  B: (time) => MONTHS[time.getMonth()] as string,
  b: (time) => (MONTHS[time.getMonth()] as string).slice(0, 3),
  d: (time) => digits(time.getDate(), 2),
  e: (time) => String(time.getDate()).padStart(2),
  "-d": (time) => String(time.getDate()),
  A: (time) => DAYS[time.getDay()] as string,
  a: (time) => (DAYS[time.getDay()] as string).slice(0, 3),
  H: (time) => digits(time.getHours(), 2),
  I: (time) => digits(time.getHours() % 12 || 12, 2),
  p: (time) => (time.getHours() < 12 ? "AM" : "PM"),
  M: (time) => digits(time.getMinutes(), 2),
  S: (time) => digits(time.getSeconds(), 2),
  "%": () => "%",
};

function formatTime(format: string, now: Date | null): string {
  if (now === null) {
    throw new ChatTemplateError(
      "chat template: expected the option now, since the template tells the model the time, got " +
        "none. Pass a Date.",
    );
  }
  return format.replace(/%(-?.)/gs, (directive, name: string) => {
    const write = Object.hasOwn(DIRECTIVES, name) ? DIRECTIVES[name] : undefined;
    if (write) return write(now);
    throw new ChatTemplateError(
      `chat template: expected a directive of ${Object.keys(DIRECTIVES).join(" ")}, got ` +
        `"${directive}". Pass the date as a variable if the template takes one.`,
    );
  });
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, "0");
}
