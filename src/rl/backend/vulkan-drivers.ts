/**
 * Whether Linux's Vulkan loader would find a driver at all: asked before Dawn is loaded, which takes its time and prints
 * the loader's warnings when there is none.
 *
 * Source: "Driver discovery on Linux" of the Vulkan loader's LoaderDriverInterface document.
 */
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

/** Folders of driver manifests, in the loader's order. */
export function driverFolders(variables: Variables = process.env): string[] {
  const home = homedir();
  const list = (name: string, otherwise: string): string[] => (variables[name] || otherwise).split(":");
  return [
    ...list("XDG_CONFIG_HOME", join(home, ".config")),
    ...list("XDG_CONFIG_DIRS", "/etc/xdg"),
    "/usr/local/etc",
    "/etc",
    ...list("XDG_DATA_HOME", join(home, ".local/share")),
    ...list("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
  ].map((folder) => join(folder, "vulkan/icd.d"));
}

export function hasVulkanDriver(variables: Variables = process.env): boolean {
  // These replace the search, or add to it; the second is the older name of the first.
  const named = [variables["VK_DRIVER_FILES"], variables["VK_ICD_FILENAMES"], variables["VK_ADD_DRIVER_FILES"]];
  if (named.some((paths) => paths?.split(":").some((path) => path !== "" && existsSync(path)))) return true;
  if (named[0] || named[1]) return false;
  return driverFolders(variables).some(
    (folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith(".json")),
  );
}
