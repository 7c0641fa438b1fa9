import { writeSync } from "node:fs";

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
  private closed = false;
  private readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  write(bytes: Buffer): void {
    if (this.closed || this.queuedBytes + bytes.length > maxQueuedBytes) return;
    this.queue.push(bytes);
    this.queuedBytes += bytes.length;
    if (this.timer === null) this.flush();
  }

  /** The descriptor is about to be closed and its number used again. */
  close(): void {
    this.closed = true;
    this.queue = [];
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private readonly flush = (): void => {
    this.timer = null;
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      let written: number;
      try {
        written = writeSync(this.fd, head);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return this.close();
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
