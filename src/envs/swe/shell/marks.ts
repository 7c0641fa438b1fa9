/** Takes the marks of loop.ts out of a shell's output. */
import { markByte } from "./loop.ts";

export interface Mark {
  /** 0 to 255; null: not said. */
  readonly exitCode: number | null;
  /** As seen inside; 0: the loop has ended. */
  readonly shellPid: number;
  readonly lastPid: number;
  readonly cwd: string;
}

/** A directory's name may be PATH_MAX long. */
const maxMarkBytes = 4096 + 128;

export class MarkReader {
  private readonly prefix: Buffer;
  private readonly onText: (bytes: Uint8Array) => void;
  private readonly onMark: (mark: Mark) => void;
  private held: Buffer = Buffer.alloc(0);

  constructor(nonce: string, onText: (bytes: Uint8Array) => void, onMark: (mark: Mark) => void) {
    this.prefix = Buffer.concat([Buffer.of(markByte), Buffer.from(`${nonce};`)]);
    this.onText = onText;
    this.onMark = onMark;
  }

  feed(chunk: Uint8Array): void {
    let bytes = this.held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.held, chunk]);
    this.held = Buffer.alloc(0);
    for (let start = bytes.indexOf(markByte); start !== -1; start = bytes.indexOf(markByte)) {
      const begun = bytes.subarray(start, start + this.prefix.length);
      if (!this.prefix.subarray(0, begun.length).equals(begun)) {
        this.emit(bytes.subarray(0, start + 1));
        bytes = bytes.subarray(start + 1);
        continue;
      }
      const end = bytes.indexOf(markByte, start + 1);
      if (end === -1 && bytes.length - start < maxMarkBytes) break;
      this.emit(bytes.subarray(0, start));
      if (end !== -1) this.onMark(parse(bytes.toString("utf8", start + this.prefix.length, end)));
      bytes = bytes.subarray(end === -1 ? bytes.length : end + 1);
    }
    const open = bytes.indexOf(markByte);
    this.emit(open === -1 ? bytes : bytes.subarray(0, open));
    if (open !== -1) this.held = Buffer.from(bytes.subarray(open));
  }

  private emit(bytes: Uint8Array): void {
    if (bytes.length > 0) this.onText(bytes);
  }
}

function parse(body: string): Mark {
  const [, code = "", shell, last, cwd = ""] = /^([^;]*);(\d+);(\d+);([^]*)$/.exec(body) ?? [];
  const exitCode = /^\d{1,3}$/.test(code) ? Number(code) : null;
  return { exitCode, shellPid: Number(shell ?? 0), lastPid: Number(last ?? 0), cwd };
}
