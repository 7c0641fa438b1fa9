/** One updating line on a terminal, a plain line every few seconds elsewhere. */
import type { CliContext } from "./command.ts";

export interface ProgressLine {
  update(text: string): void;
  end(): void;
}

const plainEveryMs = 5_000;

export function progressLine(stream: CliContext["stderr"], label: string): ProgressLine {
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let last = "";
  return {
    update(text) {
      last = `${label}: ${text}`;
      const nowMs = performance.now();
      if (nowMs - shownAtMs < (stream.isTTY ? 100 : plainEveryMs)) return;
      shownAtMs = nowMs;
      stream.write(stream.isTTY ? `\r\u001b[2K${last.slice(0, (stream.columns ?? 80) - 1)}` : `${last}\n`);
    },
    end() {
      if (last) stream.write(stream.isTTY ? `\r\u001b[2K${last}\n` : `${last}\n`);
    },
  };
}
