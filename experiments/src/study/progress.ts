/** How far a sweep is: a table that changes at a terminal, plain lines elsewhere. */
import type { Io } from "../io.ts";
import { alignedRows } from "../output.ts";
import { duration } from "../training/progress.ts";
import type { StageEvent } from "./child.ts";
import type { Stage, StageProgress } from "./experiment.ts";

/** Seconds between two tables, and between two plain lines of one stage. */
const TABLE_EVERY = 0.25;
const LINE_EVERY = 15;

/** Shows a sweep. */
export interface SweepProgress {
  started(id: string): void;
  event(event: StageEvent): void;
  finished(id: string, seconds: number): void;
  /** @param reason in one line */
  failed(id: string, reason: string): void;
  /** It was interrupted. */
  stopped(id: string): void;
  /** Removes the table. */
  end(): void;
}

/** Options of {@link sweepProgress}. */
export interface SweepProgressOptions {
  /** Those that are to be built. */
  readonly stages: readonly Stage[];
  readonly jobs: number;
  readonly isTerminal: boolean;
  /** Seconds. */
  readonly clock?: () => number;
}

/** Share of all work before which no time left is told: it would be a guess. */
const LEAST_SHARE = 0.05;

/** A stage that is being built. */
interface Running {
  progress: StageProgress | null;
  /** The first report, from which on the rate counts: a resumed stage does not begin at 0. */
  first: { readonly done: number; readonly at: number } | null;
  shown: number;
}

/** Progress of a sweep that begins now. */
export function sweepProgress(
  io: Pick<Io, "err">,
  { stages, jobs, isTerminal, clock = () => performance.now() / 1000 }: SweepProgressOptions,
): SweepProgress {
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const weightOf = (id: string) => byId.get(id)?.weight ?? 1;
  const work = stages.reduce((sum, { id }) => sum + weightOf(id), 0);
  const running = new Map<string, Running>();
  const begin = clock();
  let [done, workDone, lines, drawn] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  const title = (id: string) => byId.get(id)?.title ?? id;

  const clear = () => {
    if (lines > 0) io.err(`\u001b[${lines}A\u001b[J`);
    lines = 0;
  };
  const left = () => {
    const parts = [...running].map(([id, { progress }]) => weightOf(id) * shareOf(progress));
    const finished = (workDone + parts.reduce((sum, x) => sum + x, 0)) / work;
    if (finished < LEAST_SHARE) return null;
    return (clock() - begin) * (1 / finished - 1);
  };
  const headline = () => {
    const rest = left();
    const parts = [`${done} of ${stages.length} stages`, `${duration(clock() - begin)} so far`];
    if (rest !== null) parts.push(`about ${duration(rest)} left`);
    return parts.join(", ");
  };
  const draw = (force: boolean) => {
    if (!isTerminal || (!force && clock() - drawn < TABLE_EVERY)) return;
    drawn = clock();
    clear();
    const rows = [...running].map(([id, own]) => cellsOf(title(id), own, clock()));
    const text = `${headline()}\n${rows.length > 0 ? alignedRows(rows) : ""}`;
    io.err(text);
    lines = text.split("\n").length - 1;
  };
  const say = (text: string) => {
    clear();
    io.err(`${text}\n`);
    draw(true);
  };
  say(`${stages.length} stages to build, ${jobs} at a time`);
  return {
    started: (id) => {
      running.set(id, { progress: null, first: null, shown: clock() });
      if (isTerminal) draw(true);
      else say(`start  ${title(id)}`);
    },
    event: (event) => {
      if ("say" in event) {
        say(`       ${title(event.stage)}: ${event.say}`);
        return;
      }
      const own = running.get(event.stage);
      if (!own) return;
      own.progress = event.progress;
      own.first ??= { done: event.progress.done, at: clock() };
      if (isTerminal) draw(false);
      else if (clock() - own.shown >= LINE_EVERY) {
        own.shown = clock();
        say(`       ${cellsOf(title(event.stage), own, own.shown).join("  ")}; ${headline()}`);
      }
    },
    finished: (id, seconds) => {
      const { progress } = running.get(id) ?? { progress: null };
      running.delete(id);
      done++;
      workDone += weightOf(id);
      const note = progress?.note ? `  ${progress.note}` : "";
      say(`done   ${title(id)}  ${seconds.toFixed(1)} s${note}  (${headline()})`);
    },
    failed: (id, reason) => {
      running.delete(id);
      say(`failed ${title(id)}: ${reason}`);
    },
    stopped: (id) => {
      running.delete(id);
      say(`saved  ${title(id)}`);
    },
    end: clear,
  };
}

/** Title, step, steps per second, numbers. */
function cellsOf(title: string, { progress, first }: Running, now: number): string[] {
  if (progress === null) return [title, "starting", "", ""];
  const { done, total, note = "" } = progress;
  const rate = first && now > first.at ? (done - first.done) / (now - first.at) : 0;
  return [title, `${done}/${total}`, rate > 0 ? `${rate.toPrecision(2)}/s` : "", note];
}

function shareOf(progress: StageProgress | null): number {
  return progress === null || progress.total === 0 ? 0 : progress.done / progress.total;
}
