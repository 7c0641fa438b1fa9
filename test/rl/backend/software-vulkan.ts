/**
 * A Vulkan driver that computes on the CPU (SwiftShader), so that webgpu is tested on every machine that set-up can
 * prepare, and on the same device. Who names a driver in VK_DRIVER_FILES tests that one.
 */
import { existsSync } from "node:fs";

const driver = process.env["VK_DRIVER_FILES"] || "/usr/lib/chromium/vk_swiftshader_icd.json";
// As root on Debian scripts/setup.sh installs it: where it could and has not, that is a failure and no reason to skip.
const installedBySetup = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

/** Why webgpu cannot be tested here, or null. */
export const noWebgpu: string | null =
  existsSync(driver) || installedBySetup ? null : `no ${driver}: apt-get install chromium-common libvulkan1`;

/** For this process and its children; before any backend is loaded. */
export function useSoftwareVulkan(): void {
  process.env["VK_DRIVER_FILES"] = driver;
}
