/** What nvidia-smi says of the GPU while something else computes on it. */
import { spawn } from "node:child_process";
import { spreadOf, type Spread } from "../support/statistics.ts";

export interface Watched {
  /** Percent of the time in which a kernel ran, by sample. */
  readonly utilisation: Spread;
  /** Of the whole device. */
  readonly memoryPeakBytes: number;
}

const everyMs = 200;

/** @returns what was seen while `body` ran, besides what it gives; null where there is no nvidia-smi, or it said nothing. */
export async function watchGpu<T>(
  body: () => Promise<T>,
): Promise<{ readonly result: T; readonly watched: Watched | null }> {
  const query = ["--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", `-lms`, String(everyMs)];
  const child = spawn("nvidia-smi", query, { stdio: ["ignore", "pipe", "ignore"] });
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    // Where there is none.
    child.once("error", () => resolve());
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  try {
    const result = await body();
    child.kill();
    await gone;
    return { result, watched: read(text) };
  } finally {
    child.kill();
  }
}

function read(text: string): Watched | null {
  const samples = [...text.matchAll(/^(\d+), (\d+)$/gm)].map(([, busy, mebibytes]) => [
    Number(busy),
    Number(mebibytes),
  ]);
  if (samples.length === 0) return null;
  return {
    utilisation: spreadOf(samples.map(([busy]) => busy!)),
    memoryPeakBytes: 2 ** 20 * Math.max(...samples.map(([, mebibytes]) => mebibytes!)),
  };
}
