/** As cheap as waiting for a shell can be: the prompt is one byte that nothing else prints, looked for at chunks' ends. */

const promptByte = 0x06;

export const bareBashArgv: readonly string[] = ["/bin/bash", "--noprofile", "--norc", "-i"];

/** The same PATH, TERM and locale as in the sandbox, so that bash and readline do the same work. */
export const bareBashEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/bin:/bin:/usr/local/bin",
  TERM: "xterm-256color",
  LANG: "C.UTF-8",
  HISTFILE: "",
  PS1: String.fromCharCode(promptByte),
};

export class PromptLoop {
  readonly #write: (text: string) => void;
  #prompted = (): void => undefined;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  receive(chunk: Uint8Array): void {
    if (chunk.at(-1) === promptByte) this.#prompted();
  }

  nextPrompt(): Promise<void> {
    return new Promise((resolve) => (this.#prompted = resolve));
  }

  step(command: string): Promise<void> {
    this.#write(`${command}\r`);
    return this.nextPrompt();
  }
}
