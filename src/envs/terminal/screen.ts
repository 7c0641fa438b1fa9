/**
 * The rendered screen: a thin wrapper around @xterm/headless.
 *
 * Output is kept as bytes and parsed only when somebody looks, or when a program asked the terminal a question. Of a
 * flood only the tail is parsed: what scrolled away cannot show. Modes that were set in the skipped part are carried over.
 */
import { createRequire } from "node:module";
import type { Terminal as XtermTerminal } from "@xterm/headless";

/** The package is UMD without static exports. */
const { Terminal } = createRequire(import.meta.url)("@xterm/headless") as typeof import("@xterm/headless");

export interface ScreenView {
  /** Rows joined by newlines, trailing blanks and trailing empty rows trimmed. */
  readonly text: string;
  /** Zero-based, within the visible screen. */
  readonly cursor: { readonly row: number; readonly col: number };
  readonly alternateScreen: boolean;
}

/** Backlog that is parsed in full, bytes. */
const backlogBytes = 256 * 1024;
/** What is kept of a larger one, bytes. */
const tailBytes = 64 * 1024;

const escape = "\x1b";
/** Device status, device attributes, mode and size reports, DCS and colour queries: the program waits for the reply. */
const question = new RegExp(`${escape}(?:\\[[0-?]*\\$?[cnptqx]|P|\\]\\d+;\\?)`);
/** Private modes, scroll region, resets. */
const lasting = new RegExp(`${escape}(?:\\[\\?[\\d;]{1,24}[hl]|\\[\\d{0,4};?\\d{0,4}r|c|\\[!p)`, "g");
const maxLasting = 256;
/** Foreground and background, white on black, by the OSC code that asks for them. */
const colors = { 10: "rgb:ffff/ffff/ffff", 11: "rgb:0000/0000/0000" } as const;

export class Screen {
  private readonly terminal: XtermTerminal;
  private readonly parse: (bytes: Uint8Array) => void;
  private backlog: Uint8Array[] = [];
  private backlogLength = 0;

  /** @param reply receives what the terminal answers to a program's questions. */
  constructor(cols: number, rows: number, reply: (data: string) => void) {
    this.terminal = new Terminal({ cols, rows, scrollback: 0, allowProposedApi: true, logLevel: "off" });
    this.terminal.onData(reply);
    // Without a display xterm.js leaves these unanswered, and vim waits for them before it exits.
    for (const [code, color] of Object.entries(colors))
      this.terminal.parser.registerOscHandler(Number(code), (data) => {
        if (data === "?") reply(`\x1b]${code};${color}\x1b\\`);
        return true;
      });
    // The public write() parses on a timer, which would add a millisecond to every step; xterm.js has only this one.
    const { _core: core } = this.terminal as unknown as { _core: { writeSync(bytes: Uint8Array): void } };
    this.parse = (bytes) => core.writeSync(bytes);
  }

  get applicationCursor(): boolean {
    this.flush();
    return this.terminal.modes.applicationCursorKeysMode;
  }

  /** Copies `bytes`. */
  write(bytes: Uint8Array): void {
    this.backlog.push(Buffer.from(bytes));
    this.backlogLength += bytes.length;
    if (this.backlogLength > backlogBytes) this.skip();
    else if (bytes.includes(0x1b) && question.test(Buffer.from(bytes).toString("latin1"))) this.flush();
  }

  /** Parse what is pending; replies to questions go out during the call. */
  flush(): void {
    if (this.backlogLength === 0) return;
    const bytes = this.backlog.length === 1 ? this.backlog[0]! : Buffer.concat(this.backlog);
    this.backlog = [];
    this.backlogLength = 0;
    this.parse(bytes);
  }

  view(): ScreenView {
    this.flush();
    const buffer = this.terminal.buffer.active;
    const rows: string[] = [];
    for (let row = 0; row < this.terminal.rows; row++)
      rows.push(
        buffer
          .getLine(buffer.baseY + row)
          ?.translateToString(true)
          .trimEnd() ?? "",
      );
    while (rows.length > 0 && rows.at(-1) === "") rows.pop();
    return {
      text: rows.join("\n"),
      cursor: { row: buffer.cursorY, col: buffer.cursorX },
      alternateScreen: buffer.type === "alternate",
    };
  }

  /** The cursor's row, up to the cursor. */
  lineToCursor(): string {
    this.flush();
    const buffer = this.terminal.buffer.active;
    return buffer.getLine(buffer.baseY + buffer.cursorY)?.translateToString(false, 0, buffer.cursorX) ?? "";
  }

  private skip(): void {
    const bytes = Buffer.concat(this.backlog);
    const roughCut = bytes.length - tailBytes;
    const newline = bytes.indexOf(0x0a, roughCut);
    const cut = newline === -1 || newline > bytes.length - tailBytes / 2 ? roughCut : newline + 1;
    const skipped = bytes.toString("latin1", 0, cut).match(lasting) ?? [];
    // CAN ends a sequence that the cut may have left open.
    const prefix = Buffer.from(`\x18${skipped.slice(-maxLasting).join("")}`, "latin1");
    const kept = Buffer.concat([prefix, bytes.subarray(cut)]);
    this.backlog = [kept];
    this.backlogLength = kept.length;
  }
}
