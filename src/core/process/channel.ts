/** Requests to a child process of ours and its replies, matched by id over the IPC channel. */
import type { ChildProcess } from "node:child_process";
import { PolicyError, type ErrorRecord } from "../errors.ts";
import { childEnd, endChild, RemoteError } from "./child.ts";

interface Identified {
  readonly type: string;
  readonly id: number;
}
interface Failed extends Identified {
  readonly type: "failed";
  readonly error: ErrorRecord;
}
type Unsent<Request> = Request extends Identified ? Omit<Request, "id"> : never;

/** Every request but `{type: "cancel", id}` is answered, by a reply with its id or by `{type: "failed"}`. */
export class RequestChannel<Request extends Identified, Reply extends Identified> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  readonly #ended: Promise<void>;
  #nextId = 0;
  #lost: PolicyError | null = null;

  /** @param what the process is called when it is lost, for example "the serving process" */
  constructor(child: ChildProcess, what: string) {
    this.#child = child;
    child.on("message", (reply: Reply) => this.#settle(reply));
    this.#ended = childEnd(child).then((how) => {
      this.#lost = new PolicyError(`${what} ended (${how})`, { code: "ERR_SERVING_LOST" });
      for (const { reject } of this.#waiting.values()) reject(this.#lost);
      this.#waiting.clear();
    });
  }

  /**
   * @throws what went wrong there; the signal's reason on abort, which the process is told; PolicyError
   * ERR_SERVING_LOST when it has ended.
   */
  ask(request: Unsent<Request>, signal?: AbortSignal): Promise<Exclude<Reply, Failed>> {
    if (this.#lost) return Promise.reject(this.#lost);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(id);
        if (this.#child.connected) this.#child.send({ type: "cancel", id });
        reject(signal!.reason as Error);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const done = () => signal?.removeEventListener("abort", onAbort);
      this.#waiting.set(id, {
        resolve: (reply) => (done(), resolve(reply as Exclude<Reply, Failed>)),
        reject: (error) => (done(), reject(error)),
      });
      this.#child.send({ ...request, id });
    });
  }

  close(): Promise<void> {
    return endChild(this.#child, this.#ended);
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (isFailed(reply)) waiting?.reject(new RemoteError(reply.error));
    else waiting?.resolve(reply);
  }
}

const isFailed = (reply: Identified): reply is Failed => reply.type === "failed";
