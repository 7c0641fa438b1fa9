/** Write what a run holds to one file of JSON lines, whole or not at all. */
import { createWriteStream } from "node:fs";
import { open, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ConfigError, StoreError, atBoundary } from "../core/errors.ts";
import type { EventLog } from "../core/log.ts";
import { nearest } from "../core/nearest.ts";
import { syncDirectory, temporaryPath } from "./atomic-file.ts";
import { type PredictionGap, predictions } from "./predictions.ts";
import { openStore } from "./store.ts";
import { transitions } from "./transitions.ts";

interface Format {
  /** What its lines are, and the name of its file in the run directory. */
  readonly rows: "transitions" | "predictions";
  lines(log: EventLog, options: ExportOptions, onGap: (gap: PredictionGap) => void): AsyncIterable<object>;
}

const formats: Readonly<Record<string, Format>> = {
  jsonl: { rows: "transitions", lines: (log) => transitions(log) },
  swebench: {
    rows: "predictions",
    lines: (log, { attempt }, onGap) => predictions(log, { onGap, ...(attempt === undefined ? {} : { attempt }) }),
  },
};
export const exportFormats: readonly string[] = Object.keys(formats);

export interface ExportOptions {
  readonly format: string;
  /** Target file; default `transitions.jsonl` or `predictions.jsonl` in the run directory. Replaced when it exists. */
  readonly out?: string;
  /** Of predictions, which take one attempt at each instance: which, from 0. Default 0. */
  readonly attempt?: number;
  /** Called now and then with the number of lines written so far. */
  readonly onProgress?: (written: number) => void;
  readonly signal?: AbortSignal;
}

export interface ExportResult {
  readonly rows: Format["rows"];
  readonly written: number;
  readonly out: string;
  /** Only of predictions: instances that were played and have none. */
  readonly gaps?: readonly PredictionGap[];
}

const progressEvery = 500;

/**
 * @throws ConfigError ERR_EXPORT_FORMAT naming the formats, ERR_EXPORT_ATTEMPT, ERR_EXPORT_NO_PATCHES, ERR_RUN_NOT_FOUND
 * @throws StoreError ERR_LOG_CORRUPT, ERR_EXPORT_WRITE; the target is then as it was before
 */
export async function exportRun(runDir: string, options: ExportOptions): Promise<ExportResult> {
  const format = Object.hasOwn(formats, options.format) ? formats[options.format] : undefined;
  if (format === undefined) throw unknownFormat(options.format);
  const { rows } = format;
  if (options.attempt !== undefined && rows !== "predictions")
    throw new ConfigError(`--attempt is for --format swebench; ${options.format} holds every attempt`, {
      code: "ERR_EXPORT_ATTEMPT",
    });
  const out = options.out ?? join(runDir, `${rows}.jsonl`);
  await using log = await openStore(runDir, { mode: "read" });
  return await atBoundary(StoreError, "ERR_EXPORT_WRITE", `${out} cannot be written`, async () => {
    if ((await stat(out).catch(() => undefined))?.isDirectory())
      throw new ConfigError(`${out} is a directory: name a file`, { code: "ERR_EXPORT_TARGET" });
    await mkdir(dirname(out), { recursive: true });
    const temporary = temporaryPath(out);
    const gaps: PredictionGap[] = [];
    const found = format.lines(log, options, (gap) => gaps.push(gap));
    let written = 0;
    try {
      await pipeline(
        lines(found, () => {
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
    return { rows, written, out, ...(rows === "predictions" ? { gaps } : {}) };
  });
}

async function* lines(found: AsyncIterable<object>, onLine: () => void): AsyncIterable<string> {
  for await (const one of found) {
    yield `${JSON.stringify(one)}\n`;
    onLine();
  }
}

/** @param formats all that could have been written. */
export function unknownFormat(format: string, formats: readonly string[] = exportFormats): ConfigError {
  const close = nearest(format, formats);
  return new ConfigError(
    `unknown export format "${format}"${close ? `; did you mean "${close}"?` : ";"} formats: ${formats.join(", ")}`,
    { code: "ERR_EXPORT_FORMAT" },
  );
}
