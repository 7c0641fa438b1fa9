/** A persistent bash on pipes, as cheaply as that can be had: after each command it prints a mark that nothing else prints. */

const mark = Buffer.from([0x06, 0x15, 0x06]);

export const bashArgv: readonly string[] = ["/bin/bash", "--noprofile", "--norc"];

export class PipeLoop {
  readonly #write: (text: string) => void;
  #ended = (): void => undefined;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Of a multiplexed stream too: its headers stand before what they head. */
  receive(chunk: Uint8Array): void {
    if (mark.equals(chunk.subarray(-mark.length))) this.#ended();
  }

  step(command: string): Promise<void> {
    const done = new Promise<void>((resolve) => (this.#ended = resolve));
    this.#write(`${command}\nprintf '\\006\\025\\006'\n`);
    return done;
  }
}
