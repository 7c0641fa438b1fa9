import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Path of a module that is started as a process or worker of its own.
 *
 * Node 20 runs no TypeScript, so when this code itself runs from src/ (under vitest), the built twin in dist/ is used.
 * `url` is `new URL("./child.js", import.meta.url)`.
 */
export function childEntry(url: URL): string {
  const path = fileURLToPath(url);
  if (existsSync(path)) return path;
  const built = path.replace(/([\\/])src([\\/])(?!.*[\\/]src[\\/])/, "$1dist$2");
  if (existsSync(built)) return built;
  throw new Error(`${path} is not built: run "npm run build"`);
}
