import { writeSync } from "node:fs";
import type { PseudoTerminal } from "./pseudo-terminal.ts";

const maxQueuedBytes = 1024 * 1024;
const firstRetryMs = 4;
const lastRetryMs = 128;

/**
 * What is typed into a terminal. Written at once when the kernel takes it; a program that does not read makes it wait
 * in a bounded queue with growing pauses, and what does not fit is dropped, as a terminal does.
 */
export class TerminalInput {
  private queue: Buffer[] = [];
  private queuedBytes = 0;
  private retryMs = firstRetryMs;
  private timer: NodeJS.Timeout | null = null;
  private readonly terminal: Pick<PseudoTerminal, "fd" | "isOpen">;

  constructor(terminal: Pick<PseudoTerminal, "fd" | "isOpen">) {
    this.terminal = terminal;
  }

  write(bytes: Buffer): void {
    if (this.queuedBytes + bytes.length > maxQueuedBytes) return;
    this.queue.push(bytes);
    this.queuedBytes += bytes.length;
    if (this.timer === null) this.flush();
  }

  private readonly flush = (): void => {
    this.timer = null;
    if (!this.terminal.isOpen) this.queue = [];
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      let written: number;
      try {
        written = writeSync(this.terminal.fd, head);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") {
          this.queue = [];
          return;
        }
        written = 0;
      }
      this.queuedBytes -= written;
      if (written === head.length) this.queue.shift();
      else {
        this.queue[0] = head.subarray(written);
        this.retryMs = written > 0 ? firstRetryMs : Math.min(this.retryMs * 2, lastRetryMs);
        this.timer = setTimeout(this.flush, this.retryMs);
        return;
      }
    }
    this.retryMs = firstRetryMs;
  };
}
