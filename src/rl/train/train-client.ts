/** Starts the training process and hears from it. */
import { childEntry } from "../../core/child-entry.ts";
import { TrainerError } from "../../core/errors.ts";
import { childEnd, endChild, forkChild, RemoteError } from "../../core/process/child.ts";
import type { TrainReply, TrainRequest, TrainStart } from "./protocol.ts";

/** What the training process says, short of its failure, which is thrown. */
export type TrainNews = Exclude<TrainReply, { type: "failed" }>;

export interface TrainingProcess extends AsyncDisposable {
  /** Let the update loop begin. */
  loop(): void;
  /** Ends with "finished" or rejects with what went wrong there. */
  replies(): AsyncIterable<TrainNews>;
  close(): Promise<void>;
}

export function startTraining(start: Omit<TrainStart, "type">): TrainingProcess {
  const child = forkChild(childEntry(new URL("./train-main.js", import.meta.url)));
  const queue: TrainReply[] = [];
  let wake: () => void = () => undefined;
  let ended: string | null = null;

  child.on("message", (reply: TrainReply) => {
    queue.push(reply);
    wake();
  });
  const exit = childEnd(child).then((how) => {
    ended = how;
    wake();
  });
  const send = (request: TrainRequest): void => {
    if (child.connected) child.send(request);
  };
  send({ type: "start", ...start });

  const close = (): Promise<void> => endChild(child, exit);
  return {
    loop: () => send({ type: "loop" }),
    async *replies() {
      for (;;) {
        const reply = queue.shift();
        if (reply?.type === "failed") throw new RemoteError(reply.error);
        if (reply) {
          yield reply;
          if (reply.type === "finished") return;
        } else if (ended !== null) {
          throw new TrainerError(`the training process ended (${ended})`, { code: "ERR_TRAINER_LOST" });
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
