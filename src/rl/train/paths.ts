/** Where a training run keeps its models, relative to the run directory. */
export const weightsPath = (version: number): string => `weights/${String(version).padStart(6, "0")}`;
/** The model before imitation: tokenizer and random weights, so that every process reads one tokenizer. */
export const freshModelPath = "weights/fresh";
