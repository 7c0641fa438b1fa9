/** Write a run's transitions to one file, whole or not at all. */
import { createWriteStream } from "node:fs";
import { open, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ConfigError, StoreError, atBoundary } from "../core/errors.ts";
import type { EventLog } from "../core/log.ts";
import { nearest } from "../core/nearest.ts";
import type { Transition } from "../core/transition.ts";
import { syncDirectory, temporaryPath } from "./atomic-file.ts";
import { openStore } from "./store.ts";
import { transitions } from "./transitions.ts";

/** How each format writes one transition. */
const formats: Readonly<Record<string, { extension: string; readonly line: (transition: Transition) => string }>> = {
  jsonl: { extension: "jsonl", line: (transition) => `${JSON.stringify(transition)}\n` },
};
export const exportFormats: readonly string[] = Object.keys(formats);

export interface ExportOptions {
  readonly format: string;
  /** Target file; default `transitions.<format>` in the run directory. Replaced when it exists. */
  readonly out?: string;
  /** Called now and then with the number of transitions written so far. */
  readonly onProgress?: (written: number) => void;
  readonly signal?: AbortSignal;
}

export interface ExportResult {
  readonly written: number;
  readonly out: string;
}

const progressEvery = 500;

/**
 * @throws ConfigError ERR_EXPORT_FORMAT naming the formats, ERR_RUN_NOT_FOUND
 * @throws StoreError ERR_LOG_CORRUPT, ERR_EXPORT_WRITE; the target is then as it was before
 */
export async function exportRun(runDir: string, options: ExportOptions): Promise<ExportResult> {
  const format = Object.hasOwn(formats, options.format) ? formats[options.format] : undefined;
  if (format === undefined) throw unknownFormat(options.format);
  const out = options.out ?? join(runDir, `transitions.${format.extension}`);
  await using log = await openStore(runDir, { mode: "read" });
  return await atBoundary(StoreError, "ERR_EXPORT_WRITE", `${out} cannot be written`, async () => {
    if ((await stat(out).catch(() => undefined))?.isDirectory())
      throw new ConfigError(`${out} is a directory: name a file`, { code: "ERR_EXPORT_TARGET" });
    await mkdir(dirname(out), { recursive: true });
    const temporary = temporaryPath(out);
    let written = 0;
    try {
      await pipeline(
        lines(log, format.line, () => {
          written++;
          if (written % progressEvery === 0) options.onProgress?.(written);
        }),
        createWriteStream(temporary, { flags: "wx" }),
        { ...(options.signal && { signal: options.signal }) },
      );
      const file = await open(temporary, "r");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, out);
      await syncDirectory(dirname(out));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    options.onProgress?.(written);
    return { written, out };
  });
}

async function* lines(log: EventLog, line: (one: Transition) => string, onLine: () => void): AsyncIterable<string> {
  for await (const transition of transitions(log)) {
    yield line(transition);
    onLine();
  }
}

function unknownFormat(format: string): ConfigError {
  const close = nearest(format, exportFormats);
  return new ConfigError(
    `unknown export format "${format}"${close ? `; did you mean "${close}"?` : ""} Formats: ${exportFormats.join(", ")}`,
    { code: "ERR_EXPORT_FORMAT" },
  );
}
