/** Many terminals at once, however they are made. */

/** `count` open terminals. */
export interface Terminals {
  /** Runs one command in one terminal and waits for its end. One at a time for each terminal. */
  step(terminal: number, command: string): Promise<void>;
  close(): Promise<void>;
}

/** Terminals opened at once; more only queue for the processors. */
const openingAtOnce = 8;

/** Calls `work` for 0 to count - 1, some at once. */
export async function forEachTerminal<T>(
  count: number,
  work: (terminal: number) => Promise<T>,
  atOnce: number = openingAtOnce,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const terminal = next++;
      results[terminal] = await work(terminal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, worker));
  return results;
}
