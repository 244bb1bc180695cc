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
  failed(id: string): void;
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

/** A stage that is being built. */
interface Running {
  progress: StageProgress | null;
  shown: number;
}

/** Progress of a sweep that begins now. */
export function sweepProgress(
  io: Pick<Io, "err">,
  { stages, jobs, isTerminal, clock = () => performance.now() / 1000 }: SweepProgressOptions,
): SweepProgress {
  const titles = new Map(stages.map(({ id, title }) => [id, title]));
  const running = new Map<string, Running>();
  const begin = clock();
  let [done, lines, drawn] = [0, 0, Number.NEGATIVE_INFINITY];
  const title = (id: string) => titles.get(id) ?? id;

  const clear = () => {
    if (lines > 0) io.err(`\u001b[${lines}A\u001b[J`);
    lines = 0;
  };
  const left = () => {
    const shares = [...running.values()].map(({ progress }) => shareOf(progress));
    const finished = done + shares.reduce((sum, x) => sum + x, 0);
    if (finished < 0.5) return null;
    return ((clock() - begin) / finished) * (stages.length - finished);
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
    const rows = [...running].map(([id, { progress }]) => cellsOf(title(id), progress));
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
      running.set(id, { progress: null, shown: clock() });
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
      if (isTerminal) draw(false);
      else if (clock() - own.shown >= LINE_EVERY) {
        own.shown = clock();
        say(`       ${cellsOf(title(event.stage), event.progress).join("  ")}; ${headline()}`);
      }
    },
    finished: (id, seconds) => {
      const { progress } = running.get(id) ?? { progress: null };
      running.delete(id);
      done++;
      const note = progress?.note ? `  ${progress.note}` : "";
      say(`done   ${title(id)}  ${seconds.toFixed(1)} s${note}  (${headline()})`);
    },
    failed: (id) => {
      running.delete(id);
      say(`failed ${title(id)}`);
    },
    end: clear,
  };
}

function cellsOf(title: string, progress: StageProgress | null): string[] {
  if (progress === null) return [title, "starting", ""];
  const { done, total, note = "" } = progress;
  return [title, `${done}/${total}`, note];
}

function shareOf(progress: StageProgress | null): number {
  return progress === null || progress.total === 0 ? 0 : progress.done / progress.total;
}
