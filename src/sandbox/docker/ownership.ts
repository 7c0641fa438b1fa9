/** Labels by which a later run knows whose a container is, and whether its owner still lives. */
import { readFileSync, readlinkSync } from "node:fs";
import { isOwnerAlive, ownerName } from "../run-directory.ts";

const label = {
  owner: "afterstate.owner",
  boot: "afterstate.boot",
  pidNamespace: "afterstate.pid-namespace",
  driver: "afterstate.driver",
  sandbox: "afterstate.sandbox",
  expires: "afterstate.expires",
} as const;

/** Filters of a listing: all that are anybody's, or those of one driver of ours. */
export const anyOwner = { label: [label.owner] };
export const ofDriver = (driver: string): { label: string[] } => ({
  label: [`${label.owner}=${ownerName()}`, `${label.driver}=${driver}`],
});

/** A pid names an owner only within one namespace, and only until the machine starts again. */
const boot = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
const pidNamespace = (): string => readlinkSync("/proc/self/ns/pid");

export function ownershipLabels(driver: string, sandbox: string, expiresSeconds: number): Record<string, string> {
  return {
    [label.owner]: ownerName(),
    [label.boot]: boot(),
    [label.pidNamespace]: pidNamespace(),
    [label.driver]: driver,
    [label.sandbox]: sandbox,
    [label.expires]: String(expiresSeconds),
  };
}

export const sandboxOf = (labels: Readonly<Record<string, string>>): string => labels[label.sandbox] ?? "";
export const ownerOf = (labels: Readonly<Record<string, string>>): string => labels[label.owner] ?? "";

/**
 * Whether nobody will remove the container any more. Of an owner in another pid namespace (a container with our engine's
 * socket) we cannot know; its containers end by their lifetime.
 * @param nowSeconds since 1970.
 */
export function isOrphan(labels: Readonly<Record<string, string>>, nowSeconds: number): boolean {
  // The engine is on this machine, so another boot is an earlier one.
  if (labels[label.boot] !== boot()) return true;
  if (labels[label.pidNamespace] === pidNamespace()) return !isOwnerAlive(ownerOf(labels));
  return Number(labels[label.expires]) < nowSeconds;
}
