/** The op-conformance suite on a device, as counts. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Conformance {
  readonly backend: string;
  readonly passed: number;
  readonly failed: number;
  /** With a reason of the suite's own. */
  readonly skipped: number;
  /** Titles and first lines of what was said. */
  readonly failures: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const nvidiaDrivers = ["/etc/vulkan/icd.d/nvidia_icd.json", "/usr/share/vulkan/icd.d/nvidia_icd.json"];

/** What makes webgpu compute on the GPU; null where its Vulkan driver is missing. */
function gpuVulkan(): string | null {
  return process.env["VK_DRIVER_FILES"] ?? nvidiaDrivers.find((path) => existsSync(path)) ?? null;
}

/**
 * @param device "cpu" takes webgpu's software driver.
 * @returns null where webgpu has no driver for the GPU. @throws Error when the suite does not run.
 */
export function runConformance(backend: "torch" | "webgpu", device: string): Conformance | null {
  const vulkan = device === "cpu" ? null : gpuVulkan();
  if (backend === "webgpu" && device !== "cpu" && vulkan === null) return null;
  const directory = mkdtempSync(join(tmpdir(), "afterstate-conformance-"));
  const file = join(directory, "report.json");
  const args = ["vitest", "run", "test/rl/backend/op-conformance.test.ts", "--reporter=json", `--outputFile=${file}`];
  try {
    const { stderr } = spawnSync("npx", [...args, "-t", backend], {
      env: {
        ...process.env,
        AFTERSTATE_TORCH_DEVICE: device,
        ...(vulkan === null ? {} : { VK_DRIVER_FILES: vulkan }),
      },
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"],
    });
    let report: Report;
    try {
      report = JSON.parse(readFileSync(file, "utf8")) as Report;
    } catch (error) {
      throw new Error(`the conformance suite did not run: ${stderr.slice(-2000)}`, { cause: error });
    }
    const all = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    const own = all.filter(({ ancestorTitles }) => ancestorTitles[0] === backend);
    const count = (status: string) => own.filter((test) => test.status === status).length;
    const failures = own
      .filter(({ status }) => status === "failed")
      .map(({ title, failureMessages }) => `${title}: ${failureMessages[0]?.split("\n")[0] ?? ""}`);
    const [passed, failed] = [count("passed"), count("failed")];
    return { backend, passed, failed, skipped: own.length - passed - failed, failures };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
