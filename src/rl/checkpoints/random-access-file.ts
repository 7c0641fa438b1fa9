/** A file that is read and written by range, exactly: a short read is an error that names the file. */
import { open, type FileHandle } from "node:fs/promises";
import { messageOf, TrainerError } from "../../core/errors.ts";

/** One system call moves less than 2 GiB. */
const maxCallBytes = 2 ** 30;

export class RandomAccessFile {
  readonly path: string;
  /** Bytes, when it was opened. */
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  /**
   * "create" replaces what is there.
   * @throws TrainerError ERR_WEIGHTS_MISSING when it cannot be opened for reading, ERR_CHECKPOINT_UNWRITABLE for writing.
   */
  static async open(path: string, mode: "read" | "create"): Promise<RandomAccessFile> {
    try {
      const handle = await open(path, mode === "read" ? "r" : "w");
      try {
        const stat = await handle.stat();
        if (!stat.isFile()) throw new Error(`${path} is no regular file`);
        return new RandomAccessFile(path, stat.size, handle);
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      throw new TrainerError(`cannot ${mode === "read" ? "read" : "write"} weights: ${messageOf(error)}`, {
        code: mode === "read" ? "ERR_WEIGHTS_MISSING" : "ERR_CHECKPOINT_UNWRITABLE",
        cause: error,
      });
    }
  }

  /** Fills `into`. @throws TrainerError ERR_WEIGHTS_CORRUPT when the file ends before that. */
  async read(position: number, into: Uint8Array): Promise<void> {
    let done = 0;
    while (done < into.length) {
      const length = Math.min(maxCallBytes, into.length - done);
      const { bytesRead } = await this.#handle.read(into, done, length, position + done);
      if (bytesRead === 0)
        throw new TrainerError(`${this.path} ends at byte ${position + done}; more was promised`, {
          code: "ERR_WEIGHTS_CORRUPT",
        });
      done += bytesRead;
    }
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const length = Math.min(maxCallBytes, bytes.length - done);
      done += (await this.#handle.write(bytes, done, length, position + done)).bytesWritten;
    }
  }

  /** Zeros fill what is added. */
  resize(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
