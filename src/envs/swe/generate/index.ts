export { generate, type GenerateOptions, type GenerateProgress, type GenerateReport } from "./generate.ts";
