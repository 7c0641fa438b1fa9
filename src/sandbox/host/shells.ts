/** Terminals: one for each shell, its bytes relayed within a window that the owner acknowledges. */
import { constants } from "node:os";
import type { ForegroundState } from "../../core/sandbox.ts";
import { readForeground, shellPidOf } from "./foreground.ts";
import type { FrameSender } from "./frame-sender.ts";
import { type HostEvent, type ShellRequest, hostTag, shellWindowBytes } from "./protocol.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { RunCount } from "./run-count.ts";
import { TerminalInput } from "./terminal-input.ts";

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

interface OpenShell {
  readonly terminal: PseudoTerminal;
  readonly input: TerminalInput;
  readonly gone: Promise<void>;
  /** Of the shell; undefined until something is written to it. */
  runs: RunCount | null | undefined;
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
    let shell: OpenShell;
    let resolveGone: () => void;
    const gone = new Promise<void>((resolve) => (resolveGone = resolve));
    const onData = (bytes: Buffer): void => this.relay(shellId, shell, bytes);
    const onExit = (exitCode: number, signal: number): void => {
      this.shells.delete(shellId);
      shell.runs?.close();
      const signalName = signal === 0 ? null : (signalNames.get(signal) ?? `SIG${signal}`);
      this.report({ event: "shell-exit", shellId, exitCode: signalName === null ? exitCode : null, signalName });
      resolveGone();
    };
    const terminal = new PseudoTerminal({ file, args, env: request.env, cols, rows, onData, onExit });
    const input = new TerminalInput(terminal);
    shell = { terminal, input, gone, runs: undefined, unacknowledgedBytes: 0, pausedByOwner: false, paused: false };
    this.shells.set(shellId, shell);
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
    shell.terminal.setPaused(paused);
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
    const shell = this.shells.get(shellId);
    if (shell === undefined) return;
    if (shell.runs === undefined) {
      const pid = shellPidOf(shell.terminal.pid);
      if (pid !== null) shell.runs = RunCount.of(pid);
    }
    shell.runs?.mark();
    shell.input.write(bytes);
  }

  resize(shellId: number, cols: number, rows: number): void {
    this.shells.get(shellId)?.terminal.resize(cols, rows);
  }

  foreground(shellId: number): ForegroundState {
    const shell = this.shells.get(shellId);
    if (shell === undefined) return { isShell: false, name: null, waitingForInput: false, shellRanSinceWrite: null };
    const seen = readForeground(shellPidOf(shell.terminal.pid));
    return { ...seen, shellRanSinceWrite: seen.isShell ? (shell.runs?.ranSinceMark() ?? null) : null };
  }

  /** Ends the attached client; init then kills the session behind it. */
  async hangUp(shellId: number): Promise<void> {
    const shell = this.shells.get(shellId);
    if (shell === undefined) return;
    shell.terminal.kill();
    await shell.gone;
  }

  killAll(): void {
    for (const { terminal } of this.shells.values()) terminal.kill();
  }
}
