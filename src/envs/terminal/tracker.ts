/**
 * What the shell is doing, as far as its byte stream tells: prompt, typing, or a command's output.
 *
 * Fed by marks.ts. Two independent sources say where a command begins and ends: our marks, and bracketed paste mode,
 * which readline turns on when it starts to read a line and off when the line is accepted; the second stays when an
 * agent has overwritten every prompt. The kernel's word (ForegroundState) is joined in `verdict`.
 */
import type { ForegroundState } from "../../core/sandbox.ts";
import type { Mark, StreamSink } from "./marks.ts";
import type { TerminalStatus } from "./schema.ts";
import type { OutputBuffer } from "./output-buffer.ts";
import type { Screen } from "./screen.ts";

/**
 * - `drawing`: the prompt is being printed; - `prompt`: it stands, nothing is typed; - `editing`: something was typed;
 * - `command`: a line was accepted, and what comes is output.
 */
type Phase = "drawing" | "prompt" | "editing" | "command";

const bracketedPaste = 2004;
const alternateScreens: ReadonlySet<number> = new Set([47, 1047, 1049]);

export class ShellTracker implements StreamSink {
  phase: Phase = "drawing";
  /** Readline (of the shell or of a program) reads a line and takes bracketed paste. */
  pasteMode = false;
  /** A prompt has come whole, the continuation's too, since the last `typed` and the last accepted line. */
  promptReady = false;
  /** The shell asked for the rest of a command, and has not accepted a line since. */
  continued = false;
  /** A line was accepted, since the last `typed`. */
  accepted = false;
  /** The end of a command was marked, since the last `typed`. */
  ended = false;
  /** Anything came back, since the last `typed`. */
  answered = false;
  exitCode: number | null = null;
  cwd: string | null = null;

  private readonly screen: Screen;
  private readonly output: OutputBuffer;
  private alternate = false;
  private executed = false;
  /** Whether the last prompt carried marks. */
  private marksWork = true;
  /** Where a prompt of an unmarked shell may have begun in the output. */
  private promptAt: number | null = null;
  /** Where the output stood when readline let go of a line and its command had not started. */
  private acceptedAt: number | null = null;

  constructor(screen: Screen, output: OutputBuffer) {
    this.screen = screen;
    this.output = output;
  }

  get atPrompt(): boolean {
    return this.phase === "prompt" || this.phase === "editing";
  }

  /** We are about to write to the shell. */
  typed(): void {
    this.promptReady = this.accepted = this.executed = this.ended = this.answered = false;
    if (this.phase !== "command") this.phase = "editing";
  }

  text(bytes: Uint8Array): void {
    this.answered = true;
    this.screen.write(bytes);
    if ((this.phase === "command" || this.phase === "prompt") && !this.alternate) this.output.write(bytes);
  }

  mode(number: number, on: boolean): void {
    if (alternateScreens.has(number)) this.alternate = on;
    if (number !== bracketedPaste) return;
    this.pasteMode = on;
    if (this.phase === "command") this.promptAt = on ? this.output.position : null;
    else if (!on) {
      this.lineAccepted();
      this.acceptedAt = this.output.position;
    }
  }

  mark(mark: Mark): void {
    switch (mark.kind) {
      case "command-start":
        // Between the two signs readline may still end its line on the screen.
        if (this.acceptedAt !== null) this.output.truncate(this.acceptedAt);
        this.lineAccepted();
        this.executed = true;
        this.ended = false;
        return;
      case "command-end":
      case "prompt-start":
        this.dropPrompt();
        // Readline prints a standing prompt again after a resize, or when asked to.
        if (mark.kind === "prompt-start" && this.atPrompt) return;
        this.phase = "drawing";
        this.continued = false;
        this.ended = true;
        this.exitCode = mark.exitCode ?? this.exitCode;
        this.cwd = mark.cwd;
        return;
      case "continuation":
        this.dropPrompt();
        this.phase = "prompt";
        this.continued = true;
        this.promptReady = true;
        return;
      case "prompt-end":
        this.marksWork = true;
        this.promptReady = true;
        if (this.phase !== "editing") this.phase = "prompt";
    }
  }

  /**
   * What it means that a foreground process is blocked reading the terminal.
   * @returns null while the shell has yet to read the line that was typed.
   */
  verdict(foreground: ForegroundState): TerminalStatus | null {
    if (!foreground.isShell) return "waiting-for-input";
    if (this.phase !== "command") {
      if (this.phase === "drawing") this.phase = "prompt";
      return this.continued ? "continuation" : "idle";
    }
    // Not readline: the `read` builtin, or a shell that has none.
    if (!this.pasteMode) return "waiting-for-input";
    const unfinished = !this.executed && (this.marksWork || this.screen.lineToCursor() === "> ");
    this.dropPrompt();
    this.phase = "prompt";
    this.continued = unfinished;
    if (unfinished) return "continuation";
    this.marksWork = false;
    this.cwd = null;
    return "idle";
  }

  private lineAccepted(): void {
    this.phase = "command";
    this.accepted = true;
    this.promptReady = this.continued = false;
    this.promptAt = this.acceptedAt = null;
  }

  private dropPrompt(): void {
    if (this.promptAt !== null) this.output.truncate(this.promptAt);
    this.promptAt = null;
  }
}
