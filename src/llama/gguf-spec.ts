/** GGUF models as people write them in a SPEC, for policies and judges alike: `llama:MODEL.gguf,lora=ADAPTER.gguf`. */

export interface GgufSpec {
  readonly modelPath: string;
  /** Applied one upon the other. */
  readonly loraPaths: readonly string[];
  /** Most tokens of one prompt and its completion; the model's own limit holds too. */
  readonly contextTokens: number;
}

export const ggufForm = "llama:MODEL.gguf (options follow: ,lora=ADAPTER.gguf and ,context=TOKENS)";
export const defaultContextTokens = 8192;

/**
 * @param text what follows `llama:`; a path with a comma cannot be written
 * @param refuse makes the error, for a problem in a few words
 * @returns the model, and what else follows it: null, or options of the caller separated by commas
 */
export function parseGguf(
  text: string,
  refuse: (problem: string) => Error,
): { readonly model: GgufSpec; readonly rest: string | null } {
  const [modelPath = "", ...options] = text.split(",").map((part) => part.trim());
  if (modelPath === "") throw refuse("the model file is missing");
  if (!modelPath.endsWith(".gguf")) throw refuse(`"${modelPath}" is no .gguf file`);
  const loraPaths: string[] = [];
  let contextTokens: number | null = null;
  const rest: string[] = [];
  for (const option of options) {
    const equals = option.indexOf("=");
    const [key, value] = [option.slice(0, Math.max(0, equals)), option.slice(equals + 1)];
    if (key === "lora") {
      if (!value.endsWith(".gguf")) throw refuse(`"${option}" names no .gguf file`);
      loraPaths.push(value);
    } else if (key === "context" && contextTokens === null) {
      contextTokens = /^\d{1,8}$/.test(value) ? Number(value) : 0;
      if (contextTokens < 256) throw refuse(`"${option}" is no number of tokens from 256`);
    } else rest.push(option);
  }
  return {
    model: { modelPath, loraPaths, contextTokens: contextTokens ?? defaultContextTokens },
    rest: rest.length === 0 ? null : rest.join(","),
  };
}

/** The canonical text: defaults are left out, so that equal models have equal ids. */
export const formatGguf = ({ modelPath, loraPaths, contextTokens }: GgufSpec): string =>
  [
    `llama:${modelPath}`,
    ...loraPaths.map((path) => `lora=${path}`),
    ...(contextTokens === defaultContextTokens ? [] : [`context=${contextTokens}`]),
  ].join(",");
