/**
 * The host process: it starts sandboxes and owns their terminals, and does nothing else, because starting a process
 * costs more the more memory the starter holds. It ends when its owner's pipe ends; what it started ends with it
 * (parent-death signals, and init's watch on the pipe it was given).
 */
import { Socket } from "node:net";
import { messageOf } from "../../core/errors.ts";
import type { ForegroundState } from "../../core/sandbox.ts";
import { FrameSplitter, frame } from "../wire.ts";
import { FrameSender } from "./frame-sender.ts";
import { type HostEvent, type HostReply, type HostRequest, hostPipeFd, hostTag } from "./protocol.ts";
import { runProgram } from "./run-program.ts";
import { SandboxProcesses } from "./sandbox-processes.ts";
import { Shells } from "./shells.ts";

const pipe = new Socket({ fd: hostPipeFd, readable: true, writable: true });
const sender = new FrameSender(pipe);
const sendJson = (tag: number, value: HostReply | HostEvent): void =>
  sender.send(frame(tag, Buffer.from(JSON.stringify(value))));
const sandboxes = new SandboxProcesses((event) => sendJson(hostTag.event, event));
const shells = new Shells(sender, (event) => sendJson(hostTag.event, event));

async function perform(request: HostRequest): Promise<ForegroundState | null> {
  switch (request.op) {
    case "start":
      await sandboxes.start(request);
      return null;
    case "run":
      await runProgram(request.argv);
      return null;
    case "stop":
      await sandboxes.stop(request.sandboxId);
      return null;
    case "shell":
      shells.open(request);
      return null;
    case "resize":
      shells.resize(request.shellId, request.cols, request.rows);
      return null;
    case "flow":
      shells.setPaused(request.shellId, request.paused);
      return null;
    case "foreground":
      return shells.foreground(request.shellId);
    case "hangup":
      await shells.hangUp(request.shellId);
      return null;
  }
}

/** Request 0 wants no reply. */
async function answer(id: number, request: HostRequest): Promise<void> {
  try {
    const value = await perform(request);
    if (id !== 0) sendJson(hostTag.reply, { id, value });
  } catch (error) {
    sendJson(hostTag.reply, { id, error: messageOf(error) });
  }
}

const splitter = new FrameSplitter((tag, payload) => {
  if (tag === hostTag.request) {
    const { id, request } = JSON.parse(payload.toString("utf8")) as { id: number; request: HostRequest };
    void answer(id, request);
  } else if (tag === hostTag.data) {
    shells.write(payload.readUInt32LE(0), payload.subarray(4));
  } else if (tag === hostTag.acknowledge) {
    shells.acknowledge(payload.readUInt32LE(0), payload.readUInt32LE(4));
  }
});

function end(): void {
  shells.killAll();
  sandboxes.killAll();
  process.exit(0);
}

pipe.on("data", (chunk: Buffer) => splitter.push(chunk));
pipe.on("end", end);
pipe.on("close", end);
pipe.on("error", end);
// Ctrl-C reaches the whole foreground group; the owner decides what ends, and when.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
