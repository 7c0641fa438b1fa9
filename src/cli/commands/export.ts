import { Option } from "commander";
import { exportWeights } from "../../app/export-weights.ts";
import { modelFormats, modelTypes, type ModelFormat } from "../../rl/model/export-model.ts";
import { ConfigError } from "../../core/errors.ts";
import { exportFormats, exportRun, unknownFormat, type ExportResult } from "../../store/export.ts";
import type { CliCommand, CommandResult } from "../command.ts";
import { parseIndex } from "../options.ts";
import { progressLine } from "../progress-line.ts";

const formats = [...exportFormats, ...modelFormats];

export const exportCommand: CliCommand = {
  name: "export",
  args: "<dir>",
  description: "Write a run's transitions, the patches that it made, or the weights that it trained.",
  examples: [
    "afterstate export runs/oracle --format jsonl",
    "afterstate export runs/swe --format swebench",
    "afterstate export runs/tuned --format gguf --type Q8_0 --out tuned.gguf",
  ],
  options: [
    new Option(
      "--format <format>",
      "jsonl: transitions; swebench: predictions; huggingface, gguf: the model, its adapter merged; peft: its adapter apart",
    ).default("jsonl"),
    new Option(
      "--out <path>",
      "default: transitions.jsonl or predictions.jsonl in the run directory; weights want one",
    ),
    new Option("--attempt <n>", "swebench: which attempt at each instance, from 0 (default: 0)").argParser(parseIndex),
    new Option("--weights <n>", "weights: which version of the run's (default: the newest)").argParser(parseIndex),
    new Option("--type <type>", `weights: one of ${modelTypes.join(", ")} (default: F32)`),
  ],
  async run([directory], { format, out, attempt, weights, type }, { stderr, signal }) {
    const line = progressLine(stderr, "export");
    const onProgress = (written: number) => line.update(`${written} written`);
    const common = { ...(typeof out === "string" ? { out } : {}), signal, onProgress };
    if (!formats.includes(format as string)) throw unknownFormat(format as string, formats);
    const isModel = (modelFormats as readonly unknown[]).includes(format);
    const foreign = isModel ? { attempt } : { weights, type };
    const [stray] = Object.entries(foreign).filter(([, value]) => value !== undefined);
    if (stray)
      throw new ConfigError(`--${stray[0]} has no meaning for this --format; leave it out`, {
        code: "ERR_ARGUMENTS",
      });
    const result = isModel
      ? await writeWeights(directory!, {
          ...common,
          format: format as ModelFormat,
          ...(typeof weights === "number" ? { weights } : {}),
          ...(typeof type === "string" ? { type } : {}),
        })
      : await writeRows(directory!, {
          ...common,
          format: format as string,
          ...(typeof attempt === "number" ? { attempt } : {}),
        });
    line.end();
    return result;
  },
};

async function writeRows(...args: Parameters<typeof exportRun>): Promise<CommandResult> {
  const result = await exportRun(...args);
  return {
    document: result,
    text: [`${result.written} ${result.rows} in ${result.out}`, ...gapsOf(result)].join("\n"),
  };
}

async function writeWeights(...args: Parameters<typeof exportWeights>): Promise<CommandResult> {
  const result = await exportWeights(...args);
  const how = result.merged ? ", the adapter merged into them" : "";
  return { document: result, text: `weights ${result.version}${how}, in ${result.out}` };
}

function gapsOf({ gaps = [] }: ExportResult): string[] {
  const [first] = gaps;
  if (first === undefined) return [];
  return [`${gaps.length} instances have none; the first, ${first.instance_id}: ${first.reason}`];
}
