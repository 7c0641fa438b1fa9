/**
 * One terminal over the life of several shells: types, waits, and says what can be seen.
 *
 * Ends of commands come from the shell's marks (tracker.ts), else from the kernel (settle.ts decides when to ask).
 * A shell that ends is replaced in the same sandbox; the screen and the world stay.
 */
import type { Clock } from "../../core/clock.ts";
import { EnvError } from "../../core/errors.ts";
import type { Sandbox } from "../../core/sandbox.ts";
import { keyBytes } from "./keys.ts";
import { OutputBuffer } from "./output-buffer.ts";
import type { TerminalAction, TerminalObservation, TerminalStatus } from "./schema.ts";
import { Screen } from "./screen.ts";
import { type Glance, Settler } from "./settle.ts";
import { ShellLink } from "./shell-link.ts";

export interface SessionOptions {
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly cols: number;
  readonly rows: number;
  /** Characters of output that one observation may hold. */
  readonly outputChars: number;
}

/** How an action ended. */
export interface Rest {
  readonly status: TerminalStatus;
  /** Of what ended during the action; null when nothing did, or when it is not known. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** Why nothing was typed. */
  readonly refusal?: string;
}

export interface StepLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A stretch of typing that is waited for before the next. */
interface TypedPart {
  readonly text: string;
  /** Exactly one line, Enter included. */
  readonly isLine: boolean;
}

type Key = Extract<TerminalAction, { type: "keys" }>["keys"][number];

const startTimeoutMs = 10_000;
/** Raw bytes kept for each character that an observation may hold: colours and redraws take room. */
const rawBytesPerChar = 8;
/** A longer line is pasted, so that readline draws it once. */
const typedChars = 200;
/** While output streams without a pause, a pattern is looked for this often, ms. */
const patternIntervalMs = 100;
/** How long keys wait for a program to deal with a line before more is typed, ms. */
const typeAheadMs = 300;
const interrupt = "\x03";
/** Typing after which a shell must give a new prompt: Enter, or Ctrl-C. */
const endsLine = new RegExp(`[\r${interrupt}]$`);
/** Times that a reader is found waiting before it is believed to have read what was typed and to have said nothing. */
const maxStalls = {
  line: 4,
  keys: 3,
  /** The shell has not had the processor since: on a busy machine it may take long. Not for ever, for one that was running
   * all along needs no new turn to read. */
  notRun: 14,
} as const;
/** End of line, kill to its start: empties a line that is being edited. */
const clearLine = "\x05\x15";
/** Ends an open sequence, leaves the alternate screen, soft reset. */
const resetModes = "\x18\x1b[?1047l\x1b[?2004l\x1b[!p";

export class Session {
  private readonly options: SessionOptions;
  private readonly screen: Screen;
  private readonly output: OutputBuffer;
  private readonly settler = new Settler();
  private link!: ShellLink;
  private last: Rest = { status: "idle", exitCode: null, timedOut: false };
  /** The screen of the last observation. */
  private seenScreen = "";
  /** The terminal answered a question; if the program is gone, the answer stands in the shell's line. */
  private replied = false;
  /** As of the last probe. */
  private shellHasNotRun = false;

  private constructor(options: SessionOptions) {
    this.options = options;
    this.output = new OutputBuffer(options.outputChars * rawBytesPerChar);
    this.screen = new Screen(options.cols, options.rows, (data) => {
      if (this.link.tracker.phase !== "command") return;
      this.replied = true;
      this.link.reply(data);
    });
  }

  /** @throws EnvError ERR_SHELL_START (retryable) when no prompt comes within ten seconds. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    await session.start(new AbortController().signal);
    session.link.leave();
    return session;
  }

  /** Types `command` and Enter, and waits for its end. Refused while a program runs that is not reading. */
  run(command: string, limits: StepLimits): Promise<Rest> {
    return this.act(limits, async () => {
      const { tracker } = this.link;
      if (!tracker.atPrompt && (await this.probe()) === null)
        return "a program is running and does not read; press Ctrl-C with keys, or wait";
      const line = command.replace(/\n+$/, "");
      const paste = tracker.pasteMode && (line.length > typedChars || /[\t\n]/.test(line));
      const clear = tracker.phase === "editing" || (tracker.atPrompt && this.replied) ? clearLine : "";
      this.replied = false;
      const lines = paste ? [`\x1b[200~${line}\x1b[201~`] : line.split("\n");
      lines[0] = `${clear}${lines[0]}`;
      return this.type(
        lines.map((text) => ({ text: `${text}\r`, isLine: true })),
        limits,
      );
    });
  }

  /** Presses keys and waits until the shell or a program wants input again. */
  keys(keys: readonly Key[], limits: StepLimits): Promise<Rest> {
    return this.act(limits, () => {
      const { applicationCursor } = this.screen;
      const parts: TypedPart[] = [];
      let text = "";
      for (const key of keys) {
        text += "key" in key ? keyBytes(key.key, applicationCursor) : key.text.replaceAll("\n", "\r");
        if (!text.endsWith("\r")) continue;
        parts.push({ text, isLine: false });
        text = "";
      }
      if (text !== "") parts.push({ text, isLine: false });
      return this.type(parts, limits);
    });
  }

  /** Lets time pass; see the `wait` action. */
  wait(pattern: string | null, limits: StepLimits): Promise<Rest> {
    return this.act(limits, async () => {
      const { clock } = this.options;
      const { tracker } = this.link;
      const pending = !tracker.atPrompt;
      let status: TerminalStatus | null = null;
      let lookedAt = Number.NEGATIVE_INFINITY;
      const found = () => {
        lookedAt = clock.monotonic();
        return pattern !== null && this.hasNews(pattern);
      };
      const rested = await this.settler.settle({
        clock,
        deadline: clock.monotonic() + limits.timeoutMs,
        signal: limits.signal,
        glance: () => {
          if (this.link.exit !== null || (pending && tracker.promptReady)) return "rest";
          if (pattern === null) return "busy";
          return clock.monotonic() - lookedAt >= patternIntervalMs && found() ? "rest" : "check";
        },
        probe: async () => {
          status = pending ? await this.probe() : null;
          return found() || (status !== null && (pattern === null || status !== "waiting-for-input"));
        },
      });
      return this.rest(status, !rested && (pending || pattern !== null));
    });
  }

  /** What can be seen now; empties the output. */
  observe(): TerminalObservation {
    const { text, cursor, alternateScreen } = this.screen.view();
    this.seenScreen = text;
    const { status, exitCode, timedOut } = this.last;
    const output = this.output.take(this.options.outputChars);
    return { screen: text, output, exitCode, cursor, alternateScreen, status, timedOut, cwd: this.link.tracker.cwd };
  }

  /** Hangs up and kills what still runs in the terminal. Harmless twice. */
  close(): Promise<void> {
    return this.link.close();
  }

  /** Runs `body` on a living shell; a refusal is its answer in words. */
  private async act(limits: StepLimits, body: () => Promise<Rest | string> | Rest | string): Promise<Rest> {
    limits.signal.throwIfAborted();
    this.link.attend();
    try {
      if (this.link.exit !== null) {
        const refusal = "the shell had ended before this action; a new one was started";
        this.last = { ...(await this.restart(limits.signal)), refusal };
      } else {
        this.link.tracker.exitCode = null;
        const done = await body();
        this.last = typeof done === "string" ? { ...this.rest(null, false), refusal: done } : done;
        if (this.link.exit !== null) this.last = await this.restart(limits.signal);
      }
      return this.last;
    } finally {
      this.link.leave();
    }
  }

  /**
   * Types part after part, each when the one before has been dealt with: what is typed ahead can be lost when the
   * terminal changes between reading lines and reading keys. A line that is not dealt with in time is the last one;
   * keys go on after a moment.
   */
  private async type(parts: readonly TypedPart[], { timeoutMs, signal }: StepLimits): Promise<Rest> {
    const { clock } = this.options;
    const deadline = clock.monotonic() + timeoutMs;
    let rest = this.rest(null, false);
    for (const [i, { text, isLine }] of parts.entries()) {
      const { atPrompt } = this.link.tracker;
      this.link.type(text);
      const moves = !isLine && i < parts.length - 1;
      rest = await this.come({
        deadline: moves ? Math.min(deadline, clock.monotonic() + typeAheadMs) : deadline,
        signal,
        expectLine: atPrompt && endsLine.test(text),
        marksDecide: atPrompt && isLine,
      });
      if (this.link.exit !== null || (rest.timedOut && !moves)) break;
    }
    return rest;
  }

  /**
   * Waits for the prompt, for a program that wants input, or for the deadline.
   * @param wait.deadline monotonic, ms.
   * @param wait.expectLine the shell has to accept a line, or to drop it, before it can be idle again.
   * @param wait.marksDecide the text is one accepted line, so the first prompt after it is its end.
   */
  private async come(wait: {
    readonly deadline: number;
    readonly signal: AbortSignal;
    readonly expectLine: boolean;
    readonly marksDecide: boolean;
  }): Promise<Rest> {
    const { deadline, signal, expectLine, marksDecide } = wait;
    const { clock } = this.options;
    const { tracker } = this.link;
    let status: TerminalStatus | null = null;
    let stalls = 0;
    const glance = (): Glance => {
      if (this.link.exit !== null) return "rest";
      if (!tracker.promptReady) return tracker.ended ? "check" : "busy";
      return marksDecide && tracker.accepted ? "rest" : "check";
    };
    const rested = await this.settler.settle({
      clock,
      deadline,
      signal,
      glance,
      probe: async () => {
        const seen = await this.probe();
        const unread = expectLine ? !(tracker.accepted || tracker.ended || tracker.promptReady) : !tracker.answered;
        const enough = maxStalls[this.shellHasNotRun ? "notRun" : expectLine ? "line" : "keys"];
        if (seen === null || (unread && ++stalls < enough)) return false;
        status = seen;
        return true;
      },
    });
    return this.rest(status, !rested);
  }

  /** @param status what the kernel said last, when it was asked. */
  private rest(status: TerminalStatus | null, timedOut: boolean): Rest {
    const { tracker } = this.link;
    const atPrompt = tracker.continued ? "continuation" : "idle";
    return { status: tracker.atPrompt ? atPrompt : (status ?? "running"), exitCode: tracker.exitCode, timedOut };
  }

  /** Asks the kernel what the foreground does; null when it does not want input. */
  private async probe(): Promise<TerminalStatus | null> {
    this.screen.flush();
    const foreground = await this.link.foreground();
    this.shellHasNotRun = foreground.shellRanSinceWrite === false;
    return foreground.waitingForInput ? this.link.tracker.verdict(foreground) : null;
  }

  /** True when `pattern` came since the last observation; its older occurrences, typed ones included, do not count. */
  private hasNews(pattern: string): boolean {
    const count = (text: string) => text.split(pattern).length;
    return count(this.screen.view().text) > count(this.seenScreen) || this.output.peek().includes(pattern);
  }

  private async restart(signal: AbortSignal): Promise<Rest> {
    const { exitCode, signalName } = this.link.exit ?? { exitCode: null, signalName: null };
    await this.link.close();
    const how = exitCode === null ? `was ended by ${signalName ?? "a signal"}` : `ended with exit code ${exitCode}`;
    const notice = Buffer.from(`\r\n[the shell ${how}; this is a new one]\r\n`);
    this.screen.write(Buffer.from(resetModes));
    this.screen.write(notice);
    this.output.write(notice);
    await this.start(signal);
    return { status: "shell-restarted", exitCode, timedOut: false };
  }

  /** In home, or at the root where an agent has locked its home. */
  private async start(signal: AbortSignal): Promise<void> {
    const { sandbox, clock, cols, rows } = this.options;
    const { screen, output } = this;
    const onActivity = () => this.settler.notify();
    for (const cwd of [sandbox.home, "/"]) {
      this.link = await ShellLink.start({ sandbox, cwd, cols, rows, screen, output, onActivity });
      const ready = () => this.link.tracker.promptReady;
      await this.settler.settle({
        clock,
        deadline: clock.monotonic() + startTimeoutMs,
        signal,
        glance: () => (ready() || this.link.exit !== null ? "rest" : "busy"),
        probe: async () => false,
      });
      if (ready()) return;
      await this.link.close();
    }
    throw new EnvError("the shell gave no prompt", { code: "ERR_SHELL_START", retryable: true });
  }
}
