/** Looks for a container engine on this machine. */
import { messageOf } from "../../core/errors.ts";
import { Engine, type EngineInfo } from "./engine.ts";
import { engineSockets } from "./engine-address.ts";

export type EngineSearch = { readonly socketPath: string; readonly info: EngineInfo } | { readonly reason: string };

export async function findEngine(): Promise<EngineSearch> {
  const reasons: string[] = [];
  let sockets: readonly string[];
  try {
    sockets = engineSockets();
  } catch (error) {
    return { reason: messageOf(error) };
  }
  for (const socketPath of sockets) {
    const seen = await Engine.look(socketPath);
    if ("info" in seen) return { socketPath, info: seen.info };
    reasons.push(seen.reason);
  }
  return { reason: `no Docker engine answers: ${reasons.join("; ")}` };
}
