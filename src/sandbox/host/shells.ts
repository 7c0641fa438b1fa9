/** Terminals: one node-pty for each shell, its bytes relayed within a window that the owner acknowledges. */
import { constants } from "node:os";
import { type IPty, spawn } from "node-pty";
import type { ForegroundState } from "../../core/sandbox.ts";
import { readForeground } from "./foreground.ts";
import type { FrameSender } from "./frame-sender.ts";
import { type HostEvent, type ShellRequest, hostTag, shellWindowBytes } from "./protocol.ts";
import { TerminalInput } from "./terminal-input.ts";

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

interface OpenShell {
  readonly pty: IPty;
  readonly input: TerminalInput;
  readonly gone: Promise<void>;
  unacknowledgedBytes: number;
  pausedByOwner: boolean;
  paused: boolean;
}

export class Shells {
  private readonly shells = new Map<number, OpenShell>();
  private readonly sender: FrameSender;
  private readonly report: (event: HostEvent) => void;

  constructor(sender: FrameSender, report: (event: HostEvent) => void) {
    this.sender = sender;
    this.report = report;
  }

  open(request: ShellRequest): void {
    const [file, ...args] = request.argv;
    if (file === undefined) throw new Error("nothing to run");
    const { shellId, cols, rows } = request;
    const pty = spawn(file, args, {
      cols,
      rows,
      cwd: "/",
      env: { ...request.env },
      name: request.env["TERM"] ?? "dumb",
      encoding: null,
    });
    // node-pty's own writer spins while a program does not read; the descriptor is the part of it that we need.
    const input = new TerminalInput((pty as IPty & { readonly fd: number }).fd);
    let shell: OpenShell;
    const gone = new Promise<void>((resolve) => {
      pty.onExit(({ exitCode, signal }) => {
        input.close();
        this.shells.delete(shellId);
        const signalName = signal ? (signalNames.get(signal) ?? `SIG${signal}`) : null;
        this.report({ event: "shell-exit", shellId, exitCode: signalName === null ? exitCode : null, signalName });
        resolve();
      });
    });
    shell = { pty, input, gone, unacknowledgedBytes: 0, pausedByOwner: false, paused: false };
    this.shells.set(shellId, shell);
    // With `encoding: null` node-pty emits buffers, whatever its types say.
    pty.onData((data) => this.relay(shellId, shell, data as unknown as Buffer));
  }

  private relay(shellId: number, shell: OpenShell, data: Buffer): void {
    const bytes = Buffer.allocUnsafe(12 + data.length);
    bytes.writeUInt32LE(hostTag.data, 0);
    bytes.writeUInt32LE(4 + data.length, 4);
    bytes.writeUInt32LE(shellId, 8);
    data.copy(bytes, 12);
    this.sender.send(bytes);
    shell.unacknowledgedBytes += data.length;
    this.updateFlow(shell);
  }

  private updateFlow(shell: OpenShell): void {
    const paused = shell.pausedByOwner || shell.unacknowledgedBytes >= shellWindowBytes;
    if (paused === shell.paused) return;
    shell.paused = paused;
    if (paused) shell.pty.pause();
    else shell.pty.resume();
  }

  acknowledge(shellId: number, bytes: number): void {
    const shell = this.shells.get(shellId);
    if (shell === undefined) return;
    shell.unacknowledgedBytes -= bytes;
    this.updateFlow(shell);
  }

  setPaused(shellId: number, paused: boolean): void {
    const shell = this.shells.get(shellId);
    if (shell === undefined) return;
    shell.pausedByOwner = paused;
    this.updateFlow(shell);
  }

  write(shellId: number, bytes: Buffer): void {
    this.shells.get(shellId)?.input.write(bytes);
  }

  resize(shellId: number, cols: number, rows: number): void {
    this.shells.get(shellId)?.pty.resize(cols, rows);
  }

  foreground(shellId: number): ForegroundState {
    const shell = this.shells.get(shellId);
    return shell === undefined ? { isShell: false, name: null, waitingForInput: false } : readForeground(shell.pty.pid);
  }

  /** Ends the attached client; init then kills the session behind it. */
  async hangUp(shellId: number): Promise<void> {
    const shell = this.shells.get(shellId);
    if (shell === undefined) return;
    shell.pty.kill("SIGKILL");
    await shell.gone;
  }

  killAll(): void {
    for (const { pty } of this.shells.values()) pty.kill("SIGKILL");
  }
}
