/**
 * One program under measurement: a child process that keeps a model, takes one command a line and answers each with one
 * line of JSON. The same for ours, for C++ and Python over libtorch, and for llama.cpp; which commands it knows is its own.
 *
 *   train STEPS         optimiser steps on the whole training batch, one after the other
 *   check STEPS         the same, with the gradient's norm summed in double precision
 *   decode BATCH FIRST  the likeliest `newTokens` tokens after each of BATCH prompts from the one numbered FIRST on,
 *                       all together
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** Of one command; processor time is the whole process's, all threads. */
export interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Most memory the process has had resident so far. */
  readonly peakBytes: number;
  /** Of a GPU, the same, as far as the program can tell. */
  readonly devicePeakBytes?: number;
}

export interface Trained extends Measured {
  /** By step. */
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
}

export interface Decoded extends Measured {
  /** [batch][newTokens] */
  readonly tokens: readonly (readonly number[])[];
}

/** The first line of every program. */
export interface Ready {
  /** What computes, for people. */
  readonly ready: string;
  /** Resident before there was a model: the runtime's own. */
  readonly runtimeBytes: number;
}

export interface Launch {
  /** Short, for tables. */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

export class Program implements AsyncDisposable {
  readonly name: string;
  readonly ready: Ready;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(name: string, child: ChildProcess, answers: AsyncIterator<string>, ready: Ready) {
    this.name = name;
    this.ready = ready;
    this.pid = child.pid!;
    this.#child = child;
    this.#answers = answers;
  }

  /** @throws Error with what the program said when it ends before it is ready. */
  static async start({ name, argv, env }: Launch): Promise<Program> {
    const [file, ...args] = argv;
    // OpenBLAS and OpenMP read these when they are loaded: every program computes with the one thread that is its own.
    const threads = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
    const child = spawn(file, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...threads, ...env },
    });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ready = await Promise.race([answer<Ready>(name, answers), failed]);
    failed.catch(() => undefined);
    return new Program(name, child, answers, ready);
  }

  train(steps: number): Promise<Trained> {
    return this.#ask(`train ${steps}`);
  }

  /** For comparing numbers, not speeds. */
  check(steps: number): Promise<Trained> {
    return this.#ask(`check ${steps}`);
  }

  decode(batch: number, first: number): Promise<Decoded> {
    return this.#ask(`decode ${batch} ${first}`);
  }

  async #ask<T>(command: string): Promise<T> {
    this.#child.stdin!.write(`${command}\n`);
    return answer<T>(this.name, this.#answers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    // Each ends with its input.
    this.#child.stdin!.end();
    await gone;
  }
}

async function answer<T>(name: string, answers: AsyncIterator<string>): Promise<T> {
  for (;;) {
    const line = await answers.next();
    if (line.done) throw new Error(`${name} ended without an answer`);
    // Libraries write to stdout as well.
    if (line.value.startsWith("{")) return JSON.parse(line.value) as T;
  }
}
