/** Shows a run as it goes: one updating line on a terminal, a plain line every few seconds elsewhere. */
import type { Clock } from "../core/clock.ts";

export interface ProgressSnapshot {
  /** Attempts that ended for good. */
  readonly done: number;
  readonly running: number;
  readonly scored: number;
  readonly passed: number;
  readonly steps: number;
  readonly retries: number;
  readonly errors: Readonly<Record<string, number>>;
}

export interface ProgressOptions {
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly clock: Clock;
  /** Attempts planned; null for an endless run. */
  readonly total: number | null;
  readonly label?: string;
}

export interface Progress {
  update(snapshot: ProgressSnapshot): void;
  /** Writes the final line; harmless twice. */
  stop(): void;
}

const terminalIntervalMs = 100;
const plainIntervalMs = 5_000;
const barWidth = 20;

export function startProgress({ stream, clock, total, label = "rollout" }: ProgressOptions): Progress {
  const isTerminal = stream.isTTY === true;
  const startedAt = clock.monotonic();
  const stopped = new AbortController();
  let latest: ProgressSnapshot = { done: 0, running: 0, scored: 0, passed: 0, steps: 0, retries: 0, errors: {} };

  const line = () => progressLine(latest, { total, label, elapsedMs: clock.monotonic() - startedAt, bar: isTerminal });
  const draw = () => {
    if (!isTerminal) return stream.write(`${line()}\n`);
    // Cut to the width: a wrapped line could not be overwritten.
    return stream.write(`\r\x1b[2K${line().slice(0, (stream.columns ?? 80) - 1)}`);
  };
  void (async () => {
    for (;;) {
      await clock.sleep(isTerminal ? terminalIntervalMs : plainIntervalMs, stopped.signal);
      draw();
    }
  })().catch(() => undefined);

  return {
    update(snapshot) {
      latest = snapshot;
    },
    stop() {
      if (stopped.signal.aborted) return;
      stopped.abort(new Error("stopped"));
      draw();
      if (isTerminal) stream.write("\n");
    },
  };
}

interface LineContext {
  readonly total: number | null;
  readonly label: string;
  readonly elapsedMs: number;
  readonly bar: boolean;
}

/** For example "rollout 37/100  success 62.5%  8 running  41.2 steps/s  errors ERR_ENV_TIMEOUT:2  eta 1m12s". */
export function progressLine(snapshot: ProgressSnapshot, { total, label, elapsedMs, bar }: LineContext): string {
  const { done, running, scored, passed, steps, retries, errors } = snapshot;
  const seconds = elapsedMs / 1000;
  const parts = [`${label} ${total === null ? done : `${done}/${total}`}`];
  if (bar && total) {
    const filled = Math.min(barWidth, Math.floor((done / total) * barWidth));
    parts.unshift(`[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}]`);
  }
  parts.push(`success ${scored > 0 ? `${((passed / scored) * 100).toFixed(1)}%` : "-"}`);
  if (running > 0) parts.push(`${running} running`);
  parts.push(`${seconds > 0 ? (steps / seconds).toFixed(1) : "0.0"} steps/s`);
  const classes = Object.entries(errors).toSorted(([, a], [, b]) => b - a);
  if (classes.length > 0) parts.push(`errors ${classes.map(([code, count]) => `${code}:${count}`).join(" ")}`);
  if (retries > 0) parts.push(`${retries} retried`);
  if (total !== null && done < total)
    parts.push(`eta ${done > 0 ? durationText(((total - done) * seconds) / done) : "-"}`);
  else parts.push(durationText(seconds));
  return parts.join("  ");
}

function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")}m`;
}
