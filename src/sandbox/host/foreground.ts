/**
 * What a terminal's foreground is doing, read from /proc: nothing is guessed from output.
 * A process waits for input when one of its threads sleeps in read() on the terminal, or in poll/select/epoll with
 * the terminal in its set. What cannot be read (another user's process) counts as not waiting.
 */
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from "node:fs";
import type { ForegroundState } from "../../core/sandbox.ts";

const maxProcesses = 512;
const maxThreads = 32;
const maxPollEntries = 1024;
const maxSelectFds = 1024;
const pollIn = 0x001;
const pollReadNormal = 0x040;
const controllingTerminalDevice = 0x500; // /dev/tty, 5:0

type WaitCall = "read" | "poll" | "select" | "epoll";

const waitCalls: Readonly<Record<string, ReadonlyMap<number, WaitCall>>> = {
  x64: new Map([
    [0, "read"],
    [19, "read"], // readv
    [7, "poll"],
    [271, "poll"], // ppoll
    [23, "select"],
    [270, "select"], // pselect6
    [232, "epoll"],
    [281, "epoll"], // epoll_pwait
    [441, "epoll"], // epoll_pwait2
  ]),
  arm64: new Map([
    [63, "read"],
    [65, "read"],
    [73, "poll"],
    [72, "select"],
    [22, "epoll"],
    [441, "epoll"],
  ]),
};
const waitCallsHere = waitCalls[process.arch] ?? new Map<number, WaitCall>();

interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly terminal: number;
  readonly foregroundGroup: number;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function readStat(pid: number): ProcessStat | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === null) return null;
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  const number = (index: number): number => Number(fields[index]);
  return {
    pid,
    name: text.slice(text.indexOf("(") + 1, nameEnd),
    state: fields[0] ?? "?",
    parent: number(1),
    group: number(2),
    session: number(3),
    terminal: number(4),
    foregroundGroup: number(5),
  };
}

function childrenOf(pid: number): number[] {
  const text = readText(`/proc/${pid}/task/${pid}/children`);
  return text === null ? [] : text.split(" ").filter(Boolean).map(Number);
}

/** Members of the foreground group: the leader, and who descends from the shell or was orphaned to its parent. */
function foregroundMembers(shell: ProcessStat): ProcessStat[] {
  const members: ProcessStat[] = [];
  const seen = new Set<number>([shell.parent]);
  const queue = [shell.pid, shell.foregroundGroup, ...childrenOf(shell.parent)];
  for (let next = queue.shift(); next !== undefined && seen.size < maxProcesses; next = queue.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const stat = readStat(next);
    if (stat === null || stat.session !== shell.session) continue;
    if (stat.group === shell.foregroundGroup) members.push(stat);
    queue.push(...childrenOf(next));
  }
  return members;
}

function isTerminal(pid: number, fd: number, terminal: number): boolean {
  try {
    const { rdev } = statSync(`/proc/${pid}/fd/${fd}`);
    return rdev === terminal || rdev === controllingTerminalDevice;
  } catch {
    return false;
  }
}

function readMemory(pid: number, address: number, length: number): Buffer | null {
  if (address === 0 || length === 0) return null;
  const bytes = Buffer.alloc(length);
  let file: number;
  try {
    file = openSync(`/proc/${pid}/mem`, "r");
  } catch {
    return null;
  }
  try {
    return readSync(file, bytes, 0, length, address) === length ? bytes : null;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

function pollFds(pid: number, address: number, count: number): number[] {
  const bytes = readMemory(pid, address, Math.min(count, maxPollEntries) * 8);
  if (bytes === null) return [];
  const fds: number[] = [];
  for (let at = 0; at < bytes.length; at += 8)
    if ((bytes.readInt16LE(at + 4) & (pollIn | pollReadNormal)) !== 0) fds.push(bytes.readInt32LE(at));
  return fds;
}

function selectFds(pid: number, count: number, address: number): number[] {
  const bounded = Math.min(count, maxSelectFds);
  const bytes = readMemory(pid, address, Math.ceil(bounded / 64) * 8);
  if (bytes === null) return [];
  const fds: number[] = [];
  for (let fd = 0; fd < bounded; fd++) if (((bytes[fd >> 3] ?? 0) & (1 << (fd & 7))) !== 0) fds.push(fd);
  return fds;
}

function epollFds(pid: number, epollFd: number): number[] {
  const text = readText(`/proc/${pid}/fdinfo/${epollFd}`) ?? "";
  const fds: number[] = [];
  for (const match of text.matchAll(/^tfd:\s*(\d+) events:\s*([0-9a-f]+)/gm))
    if ((Number.parseInt(match[2] ?? "0", 16) & pollIn) !== 0) fds.push(Number(match[1]));
  return fds;
}

/** The descriptors a thread sleeps on for reading; empty when it runs or sleeps for something else. */
function awaitedFds(pid: number, thread: string): number[] {
  const words = (readText(`/proc/${pid}/task/${thread}/syscall`) ?? "").split(" ");
  const call = waitCallsHere.get(Number(words[0]));
  const argument = (index: number): number => Number(words[index + 1] ?? 0);
  switch (call) {
    case undefined:
      return [];
    case "read":
      return [argument(0)];
    case "poll":
      return pollFds(pid, argument(0), argument(1));
    case "select":
      return selectFds(pid, argument(0), argument(1));
    case "epoll":
      return epollFds(pid, argument(0));
  }
}

function waitsFor(process: ProcessStat, terminal: number): boolean {
  if (process.state === "Z" || process.state === "T") return false;
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${process.pid}/task`).slice(0, maxThreads);
  } catch {
    return false;
  }
  return threads.some((thread) => awaitedFds(process.pid, thread).some((fd) => isTerminal(process.pid, fd, terminal)));
}

/** @param attachPid the attached client, whose name is the shell's pid (native/attach.c); null before the shell runs. */
export function shellPidOf(attachPid: number): number | null {
  return Number((readText(`/proc/${attachPid}/comm`) ?? "").trim()) || null;
}

export function readForeground(shellPid: number | null): Omit<ForegroundState, "shellRanSinceWrite"> {
  const shell = readStat(shellPid ?? -1);
  if (shell === null) return { isShell: false, name: null, waitingForInput: false };
  const leader = readStat(shell.foregroundGroup);
  return {
    isShell: shell.foregroundGroup === shell.group,
    name: leader?.name ?? null,
    waitingForInput: foregroundMembers(shell).some((member) => waitsFor(member, shell.terminal)),
  };
}
