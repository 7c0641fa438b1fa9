/** The bounded output between two observations: the front is dropped while streaming, the tail kept. */
import { plainText } from "./plain-text.ts";

export class OutputBuffer {
  private readonly capBytes: number;
  private chunks: Uint8Array[] = [];
  private kept = 0;
  private dropped = 0;

  /** @param capBytes raw bytes to keep, escape sequences included; up to twice as many are held for a moment. */
  constructor(capBytes: number) {
    this.capBytes = capBytes;
  }

  /** Bytes written since the last `take`, those that were dropped included. */
  get position(): number {
    return this.dropped + this.kept;
  }

  /** Copies `bytes`. */
  write(bytes: Uint8Array): void {
    const tail = bytes.length > this.capBytes ? bytes.subarray(bytes.length - this.capBytes) : bytes;
    this.dropped += bytes.length - tail.length;
    this.chunks.push(Buffer.from(tail));
    this.kept += tail.length;
    if (this.kept > 2 * this.capBytes) this.compact();
  }

  /** Forget what was written after `position` (as far as it is still held). */
  truncate(position: number): void {
    const keep = Math.max(0, Math.min(this.kept, position - this.dropped));
    if (keep === this.kept) return;
    this.chunks = [Buffer.concat(this.chunks).subarray(0, keep)];
    this.kept = keep;
  }

  /** The text that is held, not emptied. */
  peek(): string {
    this.compact();
    return plainText(this.chunks[0]!);
  }

  /** The text since the last `take`, at most about `capChars` characters, and empties the buffer. */
  take(capChars: number): string {
    if (this.position === 0) return "";
    this.compact();
    let bytes = this.chunks[0] ?? new Uint8Array();
    if (this.dropped > 0) bytes = bytes.subarray(wholeStart(bytes));
    const lost = this.position - bytes.length;
    const text = plainText(bytes);
    this.chunks = [];
    this.kept = this.dropped = 0;
    if (lost === 0 && text.length <= capChars) return text;
    // A cut at the end of a line leaves no empty line to begin with.
    const tail = text.slice(tailStart(text, capChars)).replace(/^\n/, "");
    const count = lost + Buffer.byteLength(text) - Buffer.byteLength(tail);
    return `[… ${groupDigits(count)} bytes dropped …]\n${tail}`;
  }

  private compact(): void {
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    const excess = Math.max(0, all.length - this.capBytes);
    this.chunks = [excess === 0 ? all : Buffer.from(all.subarray(excess))];
    this.kept = all.length - excess;
    this.dropped += excess;
  }
}

/** Past a partial line where one ends soon, so that no sequence or character is cut; else past a partial character. */
function wholeStart(bytes: Uint8Array): number {
  const newline = bytes.subarray(0, 1024).indexOf(0x0a);
  if (newline !== -1) return newline + 1;
  let start = 0;
  while (start < 4 && (bytes[start] ?? 0) >> 6 === 2) start++;
  return start;
}

function tailStart(text: string, capChars: number): number {
  let start = Math.max(0, text.length - capChars);
  const unit = text.charCodeAt(start);
  if (start > 0 && unit >= 0xdc00 && unit <= 0xdfff) start++;
  return start;
}

function groupDigits(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, " ");
}
