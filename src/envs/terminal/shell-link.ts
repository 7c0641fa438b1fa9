/** One shell process: its bytes go through the mark parser into a tracker, and its flow is held back between steps. */
import { randomBytes } from "node:crypto";
import type { ForegroundState, Sandbox, Shell, ShellExit } from "../../core/sandbox.ts";
import { bashArgv, bashEnvironment } from "./bashrc.ts";
import { MarkParser } from "./marks.ts";
import type { OutputBuffer } from "./output-buffer.ts";
import type { Screen } from "./screen.ts";
import { ShellTracker } from "./tracker.ts";

export interface ShellLinkOptions {
  readonly sandbox: Sandbox;
  /** Directory that the shell starts in. */
  readonly cwd: string;
  readonly cols: number;
  readonly rows: number;
  readonly screen: Screen;
  readonly output: OutputBuffer;
  /** Data came, or the shell ended. */
  readonly onActivity: () => void;
}

/** What a shell may print between two steps before its programs are blocked, bytes. */
const unattendedBytes = 1024 * 1024;

export class ShellLink {
  readonly tracker: ShellTracker;
  exit: ShellExit | null = null;

  private readonly shell: Shell;
  private attended = true;
  private unattended = 0;

  private constructor(shell: Shell, nonce: string, { screen, output, onActivity }: ShellLinkOptions) {
    this.shell = shell;
    this.tracker = new ShellTracker(screen, output);
    const parser = new MarkParser(nonce, this.tracker);
    shell.onData((chunk) => {
      parser.feed(chunk);
      if (!this.attended) this.countUnattended(chunk.length);
      onActivity();
    });
    shell.onExit((exit) => {
      this.exit = exit;
      onActivity();
    });
  }

  static async start(options: ShellLinkOptions): Promise<ShellLink> {
    const { sandbox, cwd, cols, rows } = options;
    const nonce = randomBytes(8).toString("hex");
    const shell = await sandbox.shell({ argv: bashArgv, cwd, cols, rows, env: bashEnvironment(nonce) });
    return new ShellLink(shell, nonce, options);
  }

  /** Types, and expects the tracker to see what follows from it. */
  type(data: string): void {
    this.tracker.typed();
    this.shell.write(data);
  }

  /** The terminal's own answers; not typed by anybody. */
  reply(data: string): void {
    this.shell.write(data);
  }

  foreground(): Promise<ForegroundState> {
    return this.shell.foreground();
  }

  /** A step begins: everything is read. */
  attend(): void {
    if (this.unattended > unattendedBytes) this.shell.resume();
    this.unattended = 0;
    this.attended = true;
  }

  /** A step has ended: a flood is read no further than its bound. */
  leave(): void {
    this.attended = false;
  }

  close(): Promise<void> {
    return this.shell.close();
  }

  private countUnattended(bytes: number): void {
    const before = this.unattended;
    this.unattended += bytes;
    if (before <= unattendedBytes && this.unattended > unattendedBytes) this.shell.pause();
  }
}
