/**
 * A process on a pseudo-terminal: node-pty's native half under a reader of our own.
 *
 * node-pty's JavaScript half loses the end of an output that is read late: what is unread 200 ms after the process
 * ended, and what the kernel holds when the stream reports its end (seen with 1.1.0). Here the reader hands on each
 * chunk or does not read, and the process's end is reported when the terminal has been read to its own.
 */
import { readSync } from "node:fs";
import { ReadStream } from "node:tty";
import * as nodePty from "node-pty";

interface NativePty {
  fork(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (exitCode: number, signal: number) => void,
  ): { readonly fd: number; readonly pid: number };
  resize(fd: number, cols: number, rows: number): void;
}

const { native } = nodePty as unknown as { readonly native: NativePty };

/** All terminals of this process read into it, one at a time; a listener copies what it keeps. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
/** A process that ended may leave others that hold its terminal; when it was silent for so long, that was all. */
const quietMs = 100;

export interface PseudoTerminalOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
  /** The bytes are valid during the call only. */
  readonly onData: (bytes: Buffer) => void;
  /** Once, after the last data. `signal` is 0 for a process that exited by itself. */
  readonly onExit: (exitCode: number, signal: number) => void;
}

export class PseudoTerminal {
  readonly pid: number;
  readonly fd: number;
  private readonly options: PseudoTerminalOptions;
  private readonly stream: ReadStream;
  private status: { readonly exitCode: number; readonly signal: number } | null = null;
  private atEnd = false;
  private reported = false;
  private paused = false;
  private receivedBytes = 0;

  /** @throws when no process or no terminal can be had. */
  constructor(options: PseudoTerminalOptions) {
    this.options = options;
    const { file, args, env, cols, rows } = options;
    const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const onExit = (exitCode: number, signal: number): void => this.ended(exitCode, signal);
    const { fd, pid } = native.fork(file, args, pairs, "/", cols, rows, -1, -1, true, "", onExit);
    this.fd = fd;
    this.pid = pid;
    const onread = { buffer: readBuffer, callback: (length: number): boolean => this.receive(length) };
    // ReadStream hands its options to net.Socket, which knows these; its types do not say so.
    const streamOptions = { onread, allowHalfOpen: true } as unknown as ConstructorParameters<typeof ReadStream>[1];
    this.stream = new ReadStream(fd, streamOptions);
    // EIO: nobody holds the other side any more, and everything was read.
    this.stream.on("error", () => this.finishReading());
    this.stream.on("end", () => {
      if (this.atEnd) return;
      this.readRest();
      this.finishReading();
    });
    this.stream.resume();
  }

  /** While false, `fd` is closed, and its number may be another terminal's. */
  get isOpen(): boolean {
    return !this.atEnd;
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
    if (this.atEnd) return;
    if (paused) this.stream.pause();
    else this.stream.resume();
  }

  resize(cols: number, rows: number): void {
    if (this.isOpen) native.resize(this.fd, cols, rows);
  }

  /**
   * Ends it; what was not read yet is given up. The terminal is closed only after its process is gone: closing hangs up,
   * and a shell that ends by that looks as if it had left by itself, with its jobs to live on.
   */
  kill(): void {
    this.atEnd = true;
    this.stream.pause();
    try {
      process.kill(this.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
    this.report();
  }

  private receive(length: number): boolean {
    this.receivedBytes += length;
    this.options.onData(readBuffer.subarray(0, length));
    return !this.paused;
  }

  /**
   * libuv says "end" at the first short read after a hang-up, and every read of a terminal is short: the kernel may
   * still hold 64 KiB. Read until it says that there is no more.
   */
  private readRest(): void {
    try {
      for (let length = 1; length > 0 && !this.reported;) {
        length = readSync(this.fd, readBuffer, 0, readBuffer.length, null);
        if (length > 0) this.receive(length);
      }
    } catch {
      // EIO, the end.
    }
  }

  private finishReading(): void {
    this.atEnd = true;
    this.report();
  }

  private ended(exitCode: number, signal: number): void {
    this.status = { exitCode, signal };
    if (this.atEnd) this.report();
    else this.awaitQuiet();
  }

  /** After the pause one more turn of the event loop, so that a busy machine cannot make unread output look like none. */
  private awaitQuiet(): void {
    const before = this.receivedBytes;
    setTimeout(() => {
      setImmediate(() => {
        if (this.reported) return;
        if (this.paused || this.receivedBytes !== before) return this.awaitQuiet();
        this.atEnd = true;
        this.report();
      });
    }, quietMs);
  }

  private report(): void {
    if (!this.atEnd || this.status === null || this.reported) return;
    this.reported = true;
    this.stream.destroy();
    this.options.onExit(this.status.exitCode, this.status.signal);
  }
}
