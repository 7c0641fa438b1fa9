/** What the file of one backend offers to load-backend.ts. */

export interface StartOptions {
  /** Asked for by its name, not found by `auto`: then a start that works but is slow is welcome too. */
  readonly byName: boolean;
}

/**
 * Makes the backend the current one of TensorFlow.js; called again, it only switches back to it.
 * @returns what computes, for people: a device or a technique.
 * @throws BackendUnavailable, or whatever its libraries throw. A refusal must be quick: `auto` waits for it.
 */
export type StartBackend = (options: StartOptions) => Promise<string>;

/** Why a backend is not to be had, and what a user may do about it. */
export class BackendUnavailable extends Error {
  readonly fix: string | undefined;
  constructor(reason: string, fix?: string) {
    super(reason);
    this.fix = fix;
  }
}

/** A dynamic import whose package need not be installed. */
export async function importOptional<Module>(importIt: () => Promise<Module>, fix: string): Promise<Module> {
  try {
    return await importIt();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new BackendUnavailable("not installed", fix);
  }
}
