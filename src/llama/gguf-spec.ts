/** GGUF files as people write them in a SPEC, for policies and judges alike: `llama:MODEL.gguf,lora=ADAPTER.gguf`. */

export interface GgufFiles {
  readonly modelPath: string;
  /** Applied one upon the other. */
  readonly loraPaths: readonly string[];
}

export const ggufForm = "llama:MODEL.gguf (adapters follow: ,lora=ADAPTER.gguf)";

/**
 * @param text what follows `llama:`; a path with a comma cannot be written
 * @param refuse makes the error, for a problem in a few words
 * @returns the files, and what follows them: null, or options of the caller separated by commas
 */
export function parseGguf(
  text: string,
  refuse: (problem: string) => Error,
): { readonly files: GgufFiles; readonly rest: string | null } {
  const [modelPath = "", ...options] = text.split(",").map((part) => part.trim());
  if (modelPath === "") throw refuse("the model file is missing");
  if (!modelPath.endsWith(".gguf")) throw refuse(`"${modelPath}" is no .gguf file`);
  const loraPaths: string[] = [];
  const rest: string[] = [];
  for (const option of options) {
    if (!option.startsWith("lora=")) {
      rest.push(option);
      continue;
    }
    const path = option.slice("lora=".length);
    if (!path.endsWith(".gguf")) throw refuse(`"${option}" names no .gguf file`);
    loraPaths.push(path);
  }
  return { files: { modelPath, loraPaths }, rest: rest.length === 0 ? null : rest.join(",") };
}

export const formatGguf = ({ modelPath, loraPaths }: GgufFiles): string =>
  [`llama:${modelPath}`, ...loraPaths.map((path) => `lora=${path}`)].join(",");
