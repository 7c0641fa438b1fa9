/** Opening a run directory: who may, in which mode, and what is checked before LMDB touches a file. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, StoreError, atBoundary } from "../core/errors.ts";
import { DurableLog } from "./log.ts";
import { liveOwner, takeOwnership, type Ownership } from "./owner.ts";
import { assessLog, hasLog, journalFile, rebuildDatabase } from "./recovery.ts";

export interface OpenStoreOptions {
  /**
   * - `create`: a new run; the directory must be missing or empty;
   * - `resume`: go on with a run as its owner;
   * - `attach`: a further process of a run (a trainer, a judge): may append, owns nothing;
   * - `read`: look only.
   */
  readonly mode: "create" | "resume" | "attach" | "read";
  /** Longest time that an append waits for its fsync (the group commit), ms; default 200. */
  readonly flushIntervalMs?: number;
}

/**
 * @throws ConfigError ERR_OUT_IN_USE (another live process owns it, or `create` finds something there),
 *   ERR_RUN_NOT_FOUND (nothing to resume, attach to or read)
 * @throws StoreError ERR_LOG_CORRUPT (which file, and what to do), ERR_STORE_OPEN (permissions, a full disk)
 */
export function openStore(runDir: string, options: OpenStoreOptions): Promise<DurableLog> {
  return atBoundary(StoreError, "ERR_STORE_OPEN", `${runDir} cannot be opened`, () => openChecked(runDir, options));
}

async function openChecked(runDir: string, options: OpenStoreOptions): Promise<DurableLog> {
  const logDir = join(runDir, "log");
  const owns = options.mode === "create" || options.mode === "resume";
  if (options.mode === "create") prepareNew(runDir);
  else if (!hasLog(logDir))
    throw new ConfigError(`${runDir} holds no run: give the directory that an earlier run was told to write (--out)`, {
      code: "ERR_RUN_NOT_FOUND",
    });

  let ownership: Ownership | null = owns ? takeOwnership(runDir) : null;
  try {
    if (options.mode === "create") {
      if (hasLog(logDir)) throw inUse(runDir);
      mkdirSync(logDir, { recursive: true });
      writeFileSync(journalFile(logDir), "", { flag: "wx" });
    }
    if (assessLog(logDir) === "rebuild") {
      ownership ??= takeOwnership(runDir);
      await rebuildDatabase(logDir);
    }
    if (!owns) {
      ownership?.release();
      ownership = null;
    }
    const held = ownership;
    return new DurableLog(runDir, {
      readOnly: options.mode === "read",
      flushIntervalMs: options.flushIntervalMs ?? 200,
      owner: owns,
      onClose: () => held?.release(),
    });
  } catch (error) {
    ownership?.release();
    throw error;
  }
}

/** Whether a live process writes rollouts into this directory. */
export function runInUse(runDir: string): boolean {
  return liveOwner(runDir) !== null;
}

function prepareNew(runDir: string): void {
  const found = statSync(runDir, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory())
    throw new ConfigError(`${runDir} is a file: give a directory that is missing or empty`, { code: "ERR_OUT_IN_USE" });
  if (found !== undefined && readdirSync(runDir).length > 0) throw inUse(runDir);
  mkdirSync(runDir, { recursive: true });
}

function inUse(runDir: string): ConfigError {
  const pid = liveOwner(runDir);
  return new ConfigError(
    pid === null
      ? `${runDir} is not empty: go on with its run by --resume, or give another directory`
      : `${runDir} is in use by process ${pid}: wait for it to end, or give another directory`,
    { code: "ERR_OUT_IN_USE" },
  );
}
