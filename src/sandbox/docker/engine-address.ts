/** Where a container engine may listen. Only on this machine: sandboxes are reached over sockets of its file system. */
import { join } from "node:path";
import { SandboxError } from "../../core/errors.ts";

/** Of scripts/docker-engine.sh. */
const ownEngineDirectory = "/var/lib/afterstate-docker";

/**
 * Paths of sockets, the first that answers is taken: DOCKER_HOST alone where it is set, as for Docker's own tools; else the
 * usual ones, and that of scripts/docker-engine.sh.
 * @throws SandboxError ERR_SANDBOX_UNAVAILABLE for an engine that is not on this machine.
 */
export function engineSockets(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const { DOCKER_HOST: host, AFTERSTATE_DOCKER_DIR: own, XDG_RUNTIME_DIR: runtime } = env;
  if (host !== undefined && host !== "") {
    const path = host.startsWith("unix://") ? host.slice("unix://".length) : "";
    if (path.startsWith("/")) return [path];
    throw new SandboxError(
      `DOCKER_HOST=${host}: sandboxes need an engine on this machine; write DOCKER_HOST=unix:///path/of/docker.sock, or unset it`,
      { code: "ERR_SANDBOX_UNAVAILABLE" },
    );
  }
  if (own !== undefined && own !== "") return [join(own, "docker.sock")];
  const rootless = runtime === undefined || runtime === "" ? [] : [join(runtime, "docker.sock")];
  return ["/var/run/docker.sock", ...rootless, join(ownEngineDirectory, "docker.sock")];
}
