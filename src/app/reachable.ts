/** Whether anything listens at an endpoint, found out before a run is set up around it. */
import { connect } from "node:net";
import type { AfterstateError, ErrorDetails } from "../core/errors.ts";

const timeoutMs = 5_000;

/**
 * Connects once and sends nothing: whether the key and the model are right is the first request's affair.
 * @throws the given class, ERR_ENDPOINT_UNREACHABLE, in one line that names the URL.
 */
export async function requireReachable(
  baseUrl: string,
  ErrorClass: new (message: string, details: ErrorDetails) => AfterstateError,
): Promise<void> {
  const { hostname, port, protocol } = new URL(baseUrl);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const failure = await tryConnect(host, Number(port) || (protocol === "https:" ? 443 : 80));
  if (failure !== null)
    throw new ErrorClass(`${baseUrl}: nothing answers (${failure}); start the server, or correct the address`, {
      code: "ERR_ENDPOINT_UNREACHABLE",
    });
}

function tryConnect(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const settle = (failure: string | null): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once("connect", () => settle(null));
    socket.once("timeout", () => settle(`no connection in ${timeoutMs / 1000} s`));
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  });
}
