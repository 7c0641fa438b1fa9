import type { Writable } from "node:stream";

/** Sends frames in one write for each turn of the event loop. */
export class FrameSender {
  private frames: Buffer[] = [];
  private readonly stream: Writable;

  constructor(stream: Writable) {
    this.stream = stream;
  }

  send(bytes: Buffer): void {
    this.frames.push(bytes);
    if (this.frames.length === 1) setImmediate(this.flush);
  }

  private readonly flush = (): void => {
    const frames = this.frames;
    this.frames = [];
    const only = frames.length === 1 ? frames[0] : undefined;
    if (!this.stream.destroyed) this.stream.write(only ?? Buffer.concat(frames));
  };
}
