/** `export` of a model: a run's weights, or a saved model's, in a format of the open-weight world. */
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import {
  exportModel,
  parseModelType,
  type ModelExport,
  type ModelExportOptions,
  type ModelFormat,
} from "../rl/model/export-model.ts";
import { isSavedModel } from "../rl/model/model-head.ts";
import { weightsPath } from "../rl/train/paths.ts";

export interface ExportWeightsOptions extends Pick<ModelExportOptions, "onProgress" | "signal"> {
  readonly format: ModelFormat;
  readonly out?: string;
  /** Which of a run's weights; default: the newest. */
  readonly weights?: number;
  /** As `parseModelType` reads it; default "F32". */
  readonly type?: string;
}

/**
 * @param directory a training run's, or a saved model's (runs/NAME/weights/000060).
 * @throws ConfigError ERR_MODEL_MISSING, ERR_EXPORT_FORMAT, ERR_EXPORT_TARGET, and as `exportModel`.
 */
export async function exportWeights(directory: string, options: ExportWeightsOptions): Promise<ModelExport> {
  const { weights, type, out, ...rest } = options;
  const given = resolve(directory);
  const isModel = isSavedModel(given);
  if (isModel && weights !== undefined)
    throw new ConfigError(`${directory} is one model: --weights chooses among a run's`, { code: "ERR_EXPORT_TARGET" });
  if (out === undefined)
    throw new ConfigError(`say where to: --out ${rest.format === "gguf" ? "FILE.gguf" : "DIR"}`, {
      code: "ERR_EXPORT_TARGET",
    });
  const stored = type === undefined ? {} : { type: parseModelType(type) };
  const source = isModel ? given : await weightsOf(given, weights);
  return exportModel(source, { ...rest, ...stored, out: resolve(out) });
}

/**
 * A run's weights: those of the version, else the newest.
 * @throws ConfigError ERR_MODEL_MISSING that names the versions that are there.
 */
async function weightsOf(runDirectory: string, version?: number): Promise<string> {
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
