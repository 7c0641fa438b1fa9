/**
 * Reads a shell's byte stream: takes out the shell-integration marks and reports the terminal modes that matter.
 *
 * A mark is an OSC sequence `ESC ] 697 ; NONCE ; KIND [; EXIT ; CWD] BEL` that bashrc.ts makes the shell print around
 * its prompt. Marks never reach the screen. Without the right nonce it is ordinary output. Sequences may be split
 * between chunks at any byte. What the marks mean is tracker.ts's business.
 */

/**
 * - `command-start`: a complete command line was read and is about to run (PS0);
 * - `command-end`: a prompt that cannot show marks is due (PROMPT_COMMAND); carries exit code and directory;
 * - `prompt-start`, `prompt-end`: around the prompt's text (PS1); the first carries exit code and directory;
 * - `continuation`: the shell asks for the rest of an unfinished command (end of PS2).
 */
export type MarkKind = "command-start" | "command-end" | "prompt-start" | "prompt-end" | "continuation";

export interface Mark {
  readonly kind: MarkKind;
  /** 0 to 255; null when the mark carries none, or something that is no number. */
  readonly exitCode: number | null;
  /** The shell's directory; control characters are replaced by "?". */
  readonly cwd: string | null;
}

export interface StreamSink {
  /** Everything but marks, in order. The array is only valid during the call. */
  text(bytes: Uint8Array): void;
  mark(mark: Mark): void;
  /** A DEC private mode (CSI ? number h/l); its bytes follow as text. */
  mode(number: number, on: boolean): void;
}

export const markPrefix = "697";

const kinds: Readonly<Record<string, MarkKind>> = {
  C: "command-start",
  D: "command-end",
  A: "prompt-start",
  B: "prompt-end",
  P: "continuation",
};

const escape = 0x1b;
const bell = 0x07;
/** Longest mark, bytes: PATH_MAX and some; what is longer is output. */
const maxMarkBytes = 4608;
const maxModeBytes = 32;

export class MarkParser {
  private readonly prefix: Uint8Array;
  private readonly sink: StreamSink;
  private held: Uint8Array | null = null;

  constructor(nonce: string, sink: StreamSink) {
    this.prefix = Buffer.from(`\x1b]${markPrefix};${nonce};`, "latin1");
    this.sink = sink;
  }

  feed(chunk: Uint8Array): void {
    const bytes = this.held === null ? chunk : Buffer.concat([this.held, chunk]);
    this.held = null;
    let textStart = 0;
    let at = bytes.indexOf(escape);
    while (at !== -1) {
      const end = this.sequence(bytes, at, textStart);
      if (end === "incomplete") {
        this.emit(bytes, textStart, at);
        this.held = Buffer.from(bytes.subarray(at));
        return;
      }
      if (end > at) textStart = end;
      at = bytes.indexOf(escape, Math.max(end, at + 1));
    }
    this.emit(bytes, textStart, bytes.length);
  }

  /** Returns where a mark that was taken out ends, or -1 when the bytes at `at` stay in the text. */
  private sequence(bytes: Uint8Array, at: number, textStart: number): number | "incomplete" {
    const introducer = bytes[at + 1];
    if (introducer === undefined) return "incomplete";
    if (introducer === 0x5d) return this.mark(bytes, at, textStart);
    if (introducer === 0x5b) return this.mode(bytes, at, textStart);
    return -1;
  }

  private mark(bytes: Uint8Array, at: number, textStart: number): number | "incomplete" {
    const available = Math.min(this.prefix.length, bytes.length - at);
    for (let i = 2; i < available; i++) if (bytes[at + i] !== this.prefix[i]) return -1;
    if (available < this.prefix.length) return "incomplete";
    const bodyStart = at + this.prefix.length;
    const limit = Math.min(bytes.length, at + maxMarkBytes);
    for (let i = bodyStart; i < limit; i++) {
      if (bytes[i] === escape) return -1;
      if (bytes[i] !== bell) continue;
      const mark = parseMark(Buffer.from(bytes.buffer, bytes.byteOffset + bodyStart, i - bodyStart).toString("utf8"));
      if (mark === null) return -1;
      this.emit(bytes, textStart, at);
      this.sink.mark(mark);
      return i + 1;
    }
    return limit < bytes.length ? -1 : "incomplete";
  }

  private mode(bytes: Uint8Array, at: number, textStart: number): number | "incomplete" {
    if (bytes[at + 2] === undefined) return "incomplete";
    if (bytes[at + 2] !== 0x3f) return -1;
    const numbers: number[] = [0];
    for (let i = at + 3; i < at + maxModeBytes; i++) {
      const byte = bytes[i];
      if (byte === undefined) return "incomplete";
      if (byte >= 0x30 && byte <= 0x39) numbers[numbers.length - 1] = numbers.at(-1)! * 10 + byte - 0x30;
      else if (byte === 0x3b) numbers.push(0);
      else if (byte === 0x68 || byte === 0x6c) {
        this.emit(bytes, textStart, at);
        for (const number of numbers) this.sink.mode(number, byte === 0x68);
        this.emit(bytes, at, i + 1);
        return i + 1;
      } else return -1;
    }
    return -1;
  }

  private emit(bytes: Uint8Array, start: number, end: number): void {
    if (end > start) this.sink.text(bytes.subarray(start, end));
  }
}

function parseMark(body: string): Mark | null {
  const first = body.indexOf(";");
  const kind = kinds[first === -1 ? body : body.slice(0, first)];
  if (kind === undefined) return null;
  if (first === -1) return { kind, exitCode: null, cwd: null };
  const second = body.indexOf(";", first + 1);
  const exit = body.slice(first + 1, second === -1 ? undefined : second);
  const cwd = second === -1 ? "" : body.slice(second + 1);
  return { kind, exitCode: /^\d{1,3}$/.test(exit) ? Number(exit) : null, cwd: cwd === "" ? null : cwd };
}
