/** What was found out about a project, line by line as it was found, so that a run that was ended goes on where it was. */
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { unreachedSchema } from "./coverage.ts";
import { type Verdict, verdictSchema } from "./judge-bug.ts";

/** Bump when a verdict would be another one. */
const version = 2;

/** What is known of a project before any bug. */
const releasedSchema = z.object({ stable: z.array(z.string()), unreached: unreachedSchema });
export type Released = z.infer<typeof releasedSchema>;

const headSchema = releasedSchema.extend({ version: z.literal(version), project: z.string() });
const entrySchema = z.object({ key: z.string(), verdict: verdictSchema });

export class Journal {
  readonly released: Released;
  readonly #file: string;
  readonly #verdicts: Map<string, Verdict>;

  private constructor(file: string, released: Released, verdicts: Map<string, Verdict>) {
    this.#file = file;
    this.released = released;
    this.#verdicts = verdicts;
  }

  /**
   * @param project names the exact tree; a journal of another one is begun anew.
   * @param ask is asked for what is not known yet.
   */
  static async open(file: string, project: string, ask: () => Promise<Released>): Promise<Journal> {
    const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
    const head = headSchema.safeParse(parsed(lines[0]!));
    if (head.success && head.data.project === project) {
      const verdicts = new Map<string, Verdict>();
      for (const line of lines.slice(1)) {
        // The last line of a killed run may be cut short.
        const entry = entrySchema.safeParse(parsed(line));
        if (entry.success) verdicts.set(entry.data.key, entry.data.verdict);
      }
      const { stable, unreached } = head.data;
      return new Journal(file, { stable, unreached }, verdicts);
    }
    const released = await ask();
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify({ version, project, ...released })}\n`);
    return new Journal(file, released, new Map());
  }

  verdict(key: string): Verdict | undefined {
    return this.#verdicts.get(key);
  }

  async add(key: string, verdict: Verdict): Promise<void> {
    this.#verdicts.set(key, verdict);
    // The line break first: it ends what a killed run left unfinished.
    await appendFile(this.#file, `\n${JSON.stringify({ key, verdict })}`);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
