/**
 * A container engine for the tests: the one there is; else one of our own (scripts/docker-engine.sh), where that is
 * installed, for as long as the tests run. Without one, suites of containers are skipped and say so.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findEngine } from "../../src/sandbox/docker/find-engine.ts";

const run = (script: string, ...args: string[]): void => {
  const path = fileURLToPath(new URL(`../../scripts/${script}`, import.meta.url));
  execFileSync("bash", [path, ...args], { stdio: ["ignore", "ignore", "inherit"] });
};

export default async function setup(): Promise<(() => void) | undefined> {
  if ("info" in (await findEngine())) return undefined;
  if (process.getuid?.() !== 0 || !existsSync("/usr/sbin/dockerd")) return undefined;
  run("docker-engine.sh", "up");
  // An engine that never ran here has no images.
  run("base-image.sh");
  return () => run("docker-engine.sh", "down");
}
