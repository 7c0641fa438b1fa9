/** Names that the loops share: where weights lie, relative to the run directory, and what episodes are for. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../../core/errors.ts";

export const weightsPath = (version: number): string => `weights/${String(version).padStart(6, "0")}`;
export const demonstrationPurpose = "demonstration";
export const trainPurpose = "train";
/** Under which the training process leases samples. */
export const trainConsumer = "trainer";

/**
 * A run's weights: those of the version, else the newest.
 * @throws ConfigError ERR_MODEL_MISSING that names the versions that are there.
 */
export async function weightsOf(runDirectory: string, version?: number): Promise<string> {
  const names = await readdir(join(runDirectory, "weights")).catch(() => []);
  const versions = names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  const chosen = version ?? versions.at(-1);
  if (chosen !== undefined && versions.includes(chosen)) return join(runDirectory, weightsPath(chosen));
  const there = versions.length === 0 ? "no weights" : `weights ${versions.join(", ")}`;
  throw new ConfigError(`${runDirectory} holds ${there}${version === undefined ? "" : `, not ${version}`}`, {
    code: "ERR_MODEL_MISSING",
  });
}
