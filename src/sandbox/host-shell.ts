import type { ForegroundState, Shell, ShellExit } from "../core/sandbox.ts";
import type { HostClient } from "./host-client.ts";
import { shellWindowBytes } from "./host/protocol.ts";

/** A quarter of the window: small outputs, the usual case, cost no acknowledgement at all. */
const acknowledgeEveryBytes = shellWindowBytes / 4;

/** Before a listener is there, what arrives is kept; the window that the host keeps bounds it. */
export class HostShell implements Shell {
  private readonly host: HostClient;
  private readonly shellId: number;
  private early: Buffer[] = [];
  private dataListener: ((chunk: Uint8Array) => void) | null = null;
  private exitListener: ((exit: ShellExit) => void) | null = null;
  private exit: ShellExit | null = null;
  private exitReported = false;
  private unacknowledgedBytes = 0;

  constructor(host: HostClient, shellId: number) {
    this.host = host;
    this.shellId = shellId;
    host.listen(shellId, { data: (chunk) => this.receive(chunk), exit: (exit) => this.finish(exit) });
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.dataListener = listener;
    const early = this.early;
    this.early = [];
    for (const chunk of early) this.receive(chunk);
    this.reportExit();
  }

  onExit(listener: (exit: ShellExit) => void): void {
    this.exitListener = listener;
    this.reportExit();
  }

  write(data: string | Uint8Array): void {
    if (this.exit !== null) return;
    this.host.writeTo(this.shellId, typeof data === "string" ? Buffer.from(data) : data);
  }

  resize(cols: number, rows: number): void {
    if (this.exit === null) this.host.notify({ op: "resize", shellId: this.shellId, cols, rows });
  }

  pause(): void {
    this.host.notify({ op: "flow", shellId: this.shellId, paused: true });
  }

  resume(): void {
    this.host.notify({ op: "flow", shellId: this.shellId, paused: false });
  }

  async foreground(): Promise<ForegroundState> {
    const gone = { isShell: false, name: null, waitingForInput: false, shellRanSinceWrite: null };
    if (this.exit !== null) return gone;
    return (await this.host.request({ op: "foreground", shellId: this.shellId })) ?? gone;
  }

  async close(): Promise<void> {
    if (this.exit === null && !this.host.isLost) await this.host.request({ op: "hangup", shellId: this.shellId });
  }

  private receive(chunk: Buffer): void {
    if (this.dataListener === null) {
      this.early.push(chunk);
      return;
    }
    this.dataListener(chunk);
    this.unacknowledgedBytes += chunk.length;
    if (this.unacknowledgedBytes < acknowledgeEveryBytes) return;
    this.host.acknowledge(this.shellId, this.unacknowledgedBytes);
    this.unacknowledgedBytes = 0;
  }

  private finish(exit: ShellExit): void {
    this.exit = exit;
    this.reportExit();
  }

  /** After the last data: a listener for data that comes late still gets it first. */
  private reportExit(): void {
    if (this.exit === null || this.exitReported || this.exitListener === null || this.early.length > 0) return;
    this.exitReported = true;
    this.exitListener(this.exit);
  }
}
