/**
 * Whether a process has been given the processor since a moment: by the count of its time slices, the third number of
 * /proc/PID/schedstat. A reader that has not run cannot have read what was written, however long it has been silent.
 */
import { closeSync, openSync, readSync } from "node:fs";

export class RunCount {
  private readonly file: number;
  private readonly bytes = Buffer.alloc(96);
  private marked: number | null = null;

  private constructor(file: number) {
    this.file = file;
  }

  /** null where the kernel keeps no such count, or the process is gone. */
  static of(pid: number): RunCount | null {
    try {
      return new RunCount(openSync(`/proc/${pid}/schedstat`, "r"));
    } catch {
      return null;
    }
  }

  mark(): void {
    this.marked = this.read();
  }

  /** null: not known. */
  ranSinceMark(): boolean | null {
    const now = this.read();
    return now === null || this.marked === null ? null : now !== this.marked;
  }

  close(): void {
    closeSync(this.file);
  }

  /** A microsecond or two on an open file: cheap enough for every write to a terminal. */
  private read(): number | null {
    try {
      const length = readSync(this.file, this.bytes, 0, this.bytes.length, 0);
      const count = Number(this.bytes.toString("latin1", 0, length).split(" ")[2]);
      return Number.isInteger(count) ? count : null;
    } catch {
      return null;
    }
  }
}
