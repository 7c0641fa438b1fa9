/** Attacks on a bubblewrap sandbox, for real. After each: it is contained, and a second sandbox answers at once. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SandboxError } from "../../src/core/errors.ts";
import type { Sandbox, SandboxDriver, SandboxKind, SandboxSpec } from "../../src/core/sandbox.ts";
import { baseImageName } from "../../src/sandbox/images/base-image.ts";
import { unpackedImage } from "../../src/sandbox/images/unpacked-image.ts";
import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { describeWith } from "../support/sandbox-kinds.ts";
import { bash, terminal, text } from "./sandbox-conformance.ts";

const mebibyte = 1024 * 1024;

async function usersOf(image: string): Promise<string> {
  const passwords = readFileSync(join((await unpackedImage(image)).root, "etc/passwd"), "utf8");
  return passwords.replace(/:.*$/gm, "");
}

const rooted = { image: baseImageName, workspace: { path: "/testbed", source: import.meta.dirname } };

describeWith("bubblewrap", (kind) => {
  describe("attacks on a bubblewrap sandbox", () => attacksOn(kind, {}));
  // An image shows more than the host's own /usr does.
  describe("attacks on a bubblewrap sandbox with an image and a workspace", () => attacksOn(kind, rooted));
});
describeWith("docker", (kind) => {
  describe("attacks on a docker sandbox with a workspace", () => attacksOn(kind, rooted));
});

function attacksOn(kind: SandboxKind, spec: Omit<SandboxSpec, "kind" | "limits">): void {
  let driver: SandboxDriver;
  let bystander: Sandbox;
  let victim: Sandbox;
  let worstLagMs = 0;
  let lagTimer: NodeJS.Timeout;

  beforeAll(async () => {
    driver = createSandboxDriver(kind);
    bystander = await driver.start({ ...spec });
    let last = performance.now();
    lagTimer = setInterval(() => {
      const now = performance.now();
      worstLagMs = Math.max(worstLagMs, now - last - 20);
      last = now;
    }, 20);
  });
  beforeEach(async () => {
    victim = await driver.start({
      ...spec,
      limits: { memoryBytes: 96 * mebibyte, diskBytes: 32 * mebibyte, maxFileBytes: 24 * mebibyte, maxProcesses: 48 },
    });
    worstLagMs = 0;
  });
  // The owner's loop never stood still (the bound is generous: machines that run tests are busy), and others answer.
  afterEach(async () => {
    expect(text((await bystander.exec(["echo", "alive"], { timeoutMs: 10_000 })).stdout)).toBe("alive\n");
    expect(worstLagMs).toBeLessThan(5000);
    await victim.close();
    expect((await bystander.processes()).length).toBe(0);
  });
  afterAll(async () => {
    clearInterval(lagTimer);
    await driver.close();
    expect(await driver.countProcesses()).toBe(0);
  });

  /** Python runs without bash between, so that what a step prints is the whole answer. */
  const python = async (script: string): Promise<string> =>
    text((await victim.exec(["python3", "-c", script], { timeoutMs: 20_000 })).stdout).trim();
  const count = async (): Promise<number> => (await victim.processes()).length;

  describe("exhaustion", () => {
    test("a fork bomb stops at the process limit, files can still be read, and close ends it", async () => {
      await victim.write([{ path: "f", content: "still here" }]);
      const bomb = bash(victim, "b() { b | b & }; b; while :; do sleep 1; done", { timeoutMs: 60_000 });
      const ended = expect(bomb).rejects.toMatchObject({ code: "ERR_SANDBOX_CLOSED" });
      let most = 0;
      for (let i = 0; i < 30; i++) {
        most = Math.max(most, await count());
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      expect(most).toBeGreaterThan(20);
      expect(most).toBeLessThanOrEqual(48);
      expect(text(await victim.read("f"))).toBe("still here");
      await victim.close();
      await ended;
    });

    test("a fork bomb is over when its command's deadline is", async () => {
      // Room for all its interpreters: the command would end early if the memory limit killed the first of them.
      const limits = { memoryBytes: 512 * mebibyte, diskBytes: 32 * mebibyte, maxProcesses: 48 };
      await using roomy = await driver.start({ ...spec, limits });
      const bomb = "import os\nwhile True:\n try: os.fork()\n except OSError: pass";
      const result = await roomy.exec(["python3", "-c", bomb], { timeoutMs: 700 });
      expect(result).toMatchObject({ timedOut: true, signalName: "SIGKILL" });
      expect(await roomy.processes()).toEqual([]);
    });

    test("a memory bomb is killed, and the sandbox goes on", async () => {
      const result = await victim.exec(["python3", "-c", "b = []\nwhile True: b.append(bytearray(1 << 20))"]);
      expect(result.signalName === "SIGKILL" || text(result.stderr).includes("MemoryError")).toBe(true);
      expect(text((await victim.exec(["echo", "on"])).stdout)).toBe("on\n");
    });

    test("many processes that take memory together are held by the same limit", async () => {
      await bash(
        victim,
        'for i in 1 2 3 4 5 6; do python3 -c "b = bytearray(60 << 20); import time; time.sleep(9)" & done; wait',
        {
          timeoutMs: 3000,
        },
      );
      expect(text((await victim.exec(["echo", "on"])).stdout)).toBe("on\n");
    });

    test("filling the disk ends at its size, in home, /tmp, the workspace and /dev/shm together", async () => {
      const script =
        "for d in ~ /tmp /testbed /dev/shm; do for i in 1 2 3 4; do cat /dev/zero > $d/$i; done; done; du -scm ~ /tmp /testbed /dev/shm | tail -1";
      const result = await bash(victim, script);
      const [usedMebibytes] = text(result.stdout).split("\t");
      expect(Number(usedMebibytes)).toBeGreaterThan(20);
      expect(Number(usedMebibytes)).toBeLessThanOrEqual(32 + 16 + 1); // du counts the files that the workspace began with, too
      expect(text(result.stderr)).toMatch(/No space left|File too large/);
    });

    test("a million tiny files use up the sandbox's own memory at most, and that is said and not retried", async () => {
      const script = "n=0\nwhile True:\n try: open(f'f{n}','w').close(); n+=1\n except OSError: pass";
      const outcome = await victim
        .exec(["python3", "-c", script], { timeoutMs: 15_000 })
        .then((result) => (result.timedOut ? "timed out" : result.signalName))
        .catch((error: SandboxError) => `${error.code} ${error.retryable}`);
      const ends = ["timed out", "SIGKILL", "ERR_SANDBOX_MEMORY false"];
      expect(ends).toContain(outcome);
      const listed = await victim.tree("").then(
        (entries) => entries.length <= 4096,
        (error: SandboxError) => error.code === "ERR_SANDBOX_MEMORY",
      );
      expect(listed).toBe(true);
    });

    test("1 GB of output to a pipe is drained, bounded, and its tail kept", async () => {
      const result = await bash(victim, "head -c 1000000000 /dev/zero | tr '\\0' x; echo END", { timeoutMs: 60_000 });
      expect(result.stdout.length).toBe(victim.limits.maxOutputBytes);
      expect(text(result.stdout).endsWith("xEND\n")).toBe(true);
      expect(result.droppedBytes).toBe(1_000_000_004 - victim.limits.maxOutputBytes);
    });

    test("endless output to a terminal does not starve another shell, nor grow memory", async () => {
      const flood = await victim.shell({ cols: 80, rows: 24, argv: ["yes", "x".repeat(200)] });
      let bytes = 0;
      const flooded = new Promise<void>((resolve) =>
        flood.onData((chunk) => {
          bytes += chunk.length;
          if (bytes > 40 * mebibyte) resolve();
        }),
      );
      const other = await terminal(bystander, ["bash", "-c", "while read x; do echo got $x; done"]);
      const before = process.memoryUsage().rss;
      for (let i = 0; i < 20; i++) {
        other.shell.write(`${i}\n`);
        await other.shows(new RegExp(`got ${i}\r`));
      }
      await flooded;
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * mebibyte);
      await flood.close();
      await other.shell.close();
    });

    test("output that nobody reads stops the program, not the owner", async () => {
      const flood = await victim.shell({ cols: 80, rows: 24, argv: ["yes"] });
      await new Promise((resolve) => setTimeout(resolve, 300));
      let bytes = 0;
      flood.pause();
      await flood.foreground();
      flood.onData((chunk) => void (bytes += chunk.length));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(bytes).toBeLessThan(2 * mebibyte);
      await flood.close();
    });
  });

  describe("the network", () => {
    let server: Server;
    let abstract: Server;
    let connections = 0;
    beforeAll(async () => {
      server = createServer(() => void connections++);
      abstract = createServer(() => void connections++);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      await new Promise<void>((resolve) => abstract.listen({ path: `\0afterstate-attack-${process.pid}` }, resolve));
    });
    afterAll(() => {
      server.close();
      abstract.close();
    });

    test("only a loopback of its own exists, and the host's listeners cannot be reached", async () => {
      const { port } = server.address() as AddressInfo;
      const script = `
import socket
def attempt(family, kind, address):
    try:
        s = socket.socket(family, kind); s.settimeout(2); s.connect(address); s.send(b"x"); print("reached", address)
    except OSError as e: print("refused")
attempt(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", ${port}))
attempt(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80))
attempt(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53))
attempt(socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8::1", 80))
attempt(socket.AF_UNIX, socket.SOCK_STREAM, "\\0afterstate-attack-${process.pid}")
print([name for _, name in socket.if_nameindex()])
`;
      expect((await python(script)).split("\n")).toEqual([...Array(5).fill("refused"), "['lo']"]);
      expect(connections).toBe(0);
    });

    test("families that a network namespace does not cover are refused", async () => {
      const script =
        "import socket\nfor f in (40, 38, 17, 31):\n try: socket.socket(f, socket.SOCK_STREAM); print('made', f)\n except OSError as e: print(e.errno)";
      expect(await python(script)).toBe("97\n97\n97\n97");
    });

    test("names resolve to nothing, and the sandbox's own loopback works", async () => {
      const script =
        "import socket\nl=socket.create_server(('127.0.0.1',0)); c=socket.create_connection(l.getsockname()); print('own')\ntry: socket.getaddrinfo('example.com', 80); print('resolved')\nexcept OSError: print('no name')";
      expect(await python(script)).toBe("own\nno name");
    });
  });

  describe("the host's secrets", () => {
    test("the host's home, other homes, /var, /srv, /opt, /run and this directory are not there", async () => {
      const here = new URL(".", import.meta.url).pathname;
      const script = `for p in "$@"; do [ -e "$p" ] && echo "$p"; done; ls /home; ls -A ~`;
      const look = async (...paths: string[]) =>
        text((await victim.exec(["bash", "-c", script, "bash", ...paths])).stdout);
      expect(await look(here, process.cwd())).toBe("agent\n");
      if (spec.image === undefined)
        expect(await look(homedir(), "/root", "/var", "/srv", "/opt", "/run", "/mnt", "/sys", "/boot")).toBe("agent\n");
      // An image has directories of these names; nothing of the host's is in them.
      else
        expect(text((await bash(victim, "ls -A /root /srv /opt /mnt /sys /boot /var/log /run")).stdout)).toBe(
          "/boot:\n\n/mnt:\n\n/opt:\n\n/run:\nlock\n\n/srv:\n\n/sys:\n\n/var/log:\n",
        );
    });

    test("neither the host's users nor its passwords are in /etc", async () => {
      const result = await bash(
        victim,
        "cat /etc/shadow /etc/gshadow /etc/ssh/ssh_host* /etc/machine-id; cut -d: -f1 /etc/passwd",
      );
      const users = spec.image === undefined ? "root\nagent\nnobody\n" : await usersOf(spec.image);
      expect(text(result.stdout)).toBe(users);
    });

    test("a host file in /tmp is not seen, and what is written there stays inside", async () => {
      const directory = mkdtempSync(join(tmpdir(), "afterstate-secret-"));
      writeFileSync(join(directory, "secret"), "secret");
      const result = await bash(
        victim,
        `ls -A /tmp; cat ${directory}/secret; mkdir -p ${directory}; echo x > ${directory}/new`,
      );
      expect(text(result.stdout)).toBe("");
      expect(existsSync(join(directory, "new"))).toBe(false);
      rmSync(directory, { recursive: true });
    });

    test("no environment of the host is in any process", async () => {
      process.env["AFTERSTATE_ATTACK_SECRET"] = "hidden-value";
      await using fresh = await driver.start({ ...spec });
      const result = await bash(fresh, "env; cat /proc/*/environ /proc/1/environ");
      delete process.env["AFTERSTATE_ATTACK_SECRET"];
      expect(text(result.stdout)).not.toMatch(/hidden-value|npm_|VITEST/);
    });

    test("only the sandbox's processes are in /proc, and pid 1 is ours and closed to the agent", async () => {
      const script =
        "ls -d /proc/[0-9]* | wc -l; cat /proc/1/comm; ls /proc/1/root/ /proc/1/cwd/ /proc/1/fd; cat /proc/1/mem | head -c 1; cat /proc/1/environ";
      const result = await bash(victim, script);
      const [processes, name, ...rest] = text(result.stdout).trim().split("\n");
      expect(Number(processes)).toBeLessThan(8);
      expect([name, rest]).toEqual(["init", []]);
      expect(text(result.stderr).match(/Permission denied/g)?.length).toBeGreaterThanOrEqual(4);
    });
  });

  describe("breaking out", () => {
    test("kernel settings and devices cannot be written or made", async () => {
      const script = `
for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/drop_caches /proc/sysrq-trigger /proc/1/oom_score_adj; do
  (echo x > $f) 2> /dev/null && echo "wrote $f"
done
mknod ~/sda b 8 0 2> /dev/null && echo node
chroot / true 2> /dev/null && echo chroot
ls /dev | grep -E '^(sd|vd|nvme|kvm|mem|kmsg)' && echo device
dmesg 2> /dev/null | head -1
true`;
      expect(text((await bash(victim, script)).stdout)).toBe("");
    });

    test("the system is read-only, and nothing in it is set-uid to anybody", async () => {
      const script =
        "touch /x /etc/x /usr/x /usr/bin/x /dev/x /.afterstate/x /proc/x; id -u; sudo -n true; su -c true; passwd -S root; head -1 /proc/self/uid_map";
      const result = await bash(victim, script);
      expect(text(result.stdout)).toMatch(/^1000\n/);
      expect(
        text(result.stderr).match(/Read-only file system|Permission denied|No such file/g)?.length,
      ).toBeGreaterThanOrEqual(6);
      const map = text(result.stdout).trim().split("\n").at(-1)?.trim().split(/\s+/) ?? [];
      // An engine's containers share the host's users, unless it is told to map them.
      if (kind !== "docker") expect(map[2]).toBe("1");
      const capabilities = text((await bash(victim, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status")).stdout);
      expect(capabilities.match(/^Cap\w+:\t0{16}$/gm)?.length).toBe(5);
      expect(capabilities).toMatch(/NoNewPrivs:\t1\nSeccomp:\t2/);
    });

    test("the host runs it as a user that owns nothing, or in a container as one without privileges", async () => {
      const running = terminal(victim, ["sleep", "77.5"]);
      const { shell } = await running;
      while ((await count()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const pids = execFileSync("pgrep", ["-f", "^sleep 77.5"]).toString().trim().split("\n");
      const uid = statSync(`/proc/${pids[0]}`).uid;
      expect(uid).toBeGreaterThan(kind === "docker" ? 0 : 1_000_000_000);
      await shell.close();
    });

    test("no nested user namespace, no mount, no foreign namespace", async () => {
      const script =
        "unshare -Ur true && echo user; unshare -n true && echo net; unshare -m true && echo mount; mount -t tmpfs x /tmp && echo mounted; nsenter -t 1 -m true && echo entered; bwrap --dev-bind / / true && echo bwrap; true";
      expect(text((await bash(victim, script)).stdout)).toBe("");
    });

    test("system calls that have been ways out are refused", async () => {
      const calls = {
        x64: {
          bpf: 321,
          perf: 298,
          userfaultfd: 323,
          io_uring: 425,
          keyctl: 250,
          ptrace1: 101,
          clone3: 435,
          handle: 304,
        },
        arm64: {
          bpf: 280,
          perf: 241,
          userfaultfd: 282,
          io_uring: 425,
          keyctl: 219,
          ptrace1: 117,
          clone3: 435,
          handle: 265,
        },
      };
      const numbers = calls[process.arch as "x64"];
      const script = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, number in ${JSON.stringify(numbers)}.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, 16 if name == "ptrace1" else 0, 1, 0, 0, 0, 0)
    print(name, result, ctypes.get_errno())`;
      const lines = (await python(script)).split("\n").map((line) => line.split(" "));
      expect(Object.fromEntries(lines.map(([name, result, errno]) => [name, [result, errno].join(" ")]))).toEqual({
        bpf: "-1 1",
        perf: "-1 1",
        userfaultfd: "-1 1",
        io_uring: "-1 1",
        keyctl: "-1 1",
        ptrace1: "-1 1",
        clone3: "-1 38",
        handle: "-1 1",
      });
    });

    test("pushing input into a terminal is refused", async () => {
      const attack =
        "import fcntl, sys\ntry: fcntl.ioctl(0, 0x5412, b'x'); print('pushed')\nexcept OSError as e: print('errno', e.errno)";
      const { exit, output } = await terminal(victim, ["python3", "-c", attack]);
      await exit;
      expect(output()).toBe("errno 1\r\n");
    });

    test("a terminal's device leads to no other terminal of the host", async () => {
      const { exit, output } = await terminal(victim, [
        "bash",
        "-c",
        "ls /dev/pts; cat /proc/self/fd/0 < /dev/null; echo ok > /dev/tty",
      ]);
      await exit;
      expect(output()).toBe("ptmx\r\nok\r\n");
    });

    test("core_pattern, limits and priorities cannot be raised", async () => {
      // The same user in all containers has no limit of its own: the container's is its control group's.
      const processes = kind === "docker" ? "" : "ulimit -u 5000 2>/dev/null && echo processes; ";
      const script = `${processes}ulimit -f unlimited 2>/dev/null && echo files; ulimit -c unlimited 2>/dev/null && echo core; nice -n -5 true 2>/dev/null; echo -1000 > /proc/self/oom_score_adj 2>/dev/null && echo oom; true`;
      expect(text((await bash(victim, script)).stdout)).toBe("");
    });
  });

  describe("staying alive", () => {
    test("daemons by setsid, double fork and nohup end at close", async () => {
      const script =
        "setsid sleep 301 & nohup sleep 302 > /dev/null 2>&1 & (setsid bash -c 'trap \"\" TERM HUP INT; sleep 303; sleep 303' & ) ; python3 -c 'import os,time\nif os.fork()==0:\n os.setsid()\n if os.fork()==0: time.sleep(304)'; true";
      await bash(victim, script);
      expect(await count()).toBeGreaterThanOrEqual(4);
      const before = await driver.countProcesses();
      await victim.close();
      expect(await driver.countProcesses()).toBeLessThanOrEqual(before - 6);
      expect(() => execFileSync("pgrep", ["-f", "^sleep 30[1-4]$"])).toThrow();
    });

    test("kill -9 -1 and signals to pid 1 leave the sandbox usable", async () => {
      const { exit, shows } = await terminal(victim);
      await shows(/\$ /);
      await bash(victim, "kill -9 1; kill -STOP 1; kill -TERM 1; kill -SEGV 1; kill -9 -1");
      await exit;
      await bash(victim, "kill -STOP -1; kill -9 -1");
      expect(text((await victim.exec(["echo", "usable"])).stdout)).toBe("usable\n");
      await victim.write([{ path: "f", content: "x" }]);
      expect(text(await victim.read("f"))).toBe("x");
    });

    test("pid 1 cannot be traced, read or written, though its user is the agent's", async () => {
      const script = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.ptrace(16, 1, 0, 0), ctypes.get_errno())
class iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(8); local = iovec(ctypes.addressof(buffer), 8); remote = iovec(0x400000, 8)
print(libc.process_vm_readv(1, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0), ctypes.get_errno())
for path in ("/proc/1/mem", "/proc/1/maps", "/proc/1/fd/3", "/proc/1/environ"):
    try: open(path, "rb").read(1); print("read", path)
    except OSError as e: print(e.errno)`;
      expect(await python(script)).toBe("-1 1\n-1 1\n13\n13\n13\n13");
    });

    test("a stopped command is killed at its deadline", async () => {
      const result = await bash(victim, "kill -STOP $$", { timeoutMs: 200 });
      expect(result.timedOut).toBe(true);
    });

    test("a command that detaches its children cannot outlive its deadline through its session", async () => {
      const result = await bash(victim, "for i in 1 2 3; do setsid sleep 300 & done; sleep 300", { timeoutMs: 300 });
      expect([result.timedOut, await count()]).toEqual([true, 0]);
    });
  });

  describe("tricks with files", () => {
    test("a directory swapped for a link to /etc gives the sandbox's /etc, never the host's", async () => {
      await victim.write([{ path: "work/answer", content: "x" }]);
      await bash(victim, "rm -rf work; ln -s /etc work; ln -s /etc/shadow s; ln -s ../../../../../../etc/shadow t");
      await expect(victim.tree("work")).rejects.toMatchObject({ code: "ERR_SANDBOX_FILE" });
      await expect(victim.tree("work/perl")).rejects.toMatchObject({ code: "ERR_SANDBOX_FILE" });
      await expect(victim.read("s")).rejects.toMatchObject({ code: "ERR_SANDBOX_FILE" });
      await expect(victim.read("t")).rejects.toMatchObject({ code: "ERR_SANDBOX_FILE" });
      const hostPasswords = readFileSync("/etc/passwd", "utf8");
      expect(text(await victim.read("work/passwd"))).not.toBe(hostPasswords);
      await expect(victim.write([{ path: "work/hosts", content: "x" }])).rejects.toMatchObject({
        code: "ERR_SANDBOX_FILE",
      });
      expect(readFileSync("/etc/passwd", "utf8")).toBe(hostPasswords);
    });

    test("swapping a directory and a link in a loop never breaks a tree, nor leads it out", async () => {
      const swapping = bash(
        victim,
        "mkdir -p a/d; echo x > a/d/f; while :; do mv a/d a/e; ln -s /etc a/d; rm a/d; mv a/e a/d; done",
        { timeoutMs: 2000 },
      );
      let listings = 0;
      for (let i = 0; i < 100; i++) {
        const entries = await victim.tree("", { maxEntries: 200 }).catch(() => []);
        for (const { path } of entries) expect(path).toMatch(/^a(\/(d|e)(\/f)?)?$/);
        listings += entries.length;
      }
      expect(listings).toBeGreaterThan(0);
      await swapping;
    });

    test("hostile names come back as they are, and deep or endless trees end", async () => {
      const script =
        "import os\nfor n in ['a\\nb', '-rf', '..x', ' ', '\\x1b[2J', '$(reboot)', 'é', 'x'*255]: open(n,'w').close()\nopen(b'\\xff\\xfe','w').close()\np='deep'\nfor i in range(300):\n os.mkdir(p); os.chdir(p); p='d'";
      await python(script);
      const paths = (await victim.tree("")).map(({ path }) => path);
      expect(paths).toEqual(
        expect.arrayContaining([
          "a\nb",
          "-rf",
          "..x",
          " ",
          "\u001b[2J",
          "$(reboot)",
          "é",
          "x".repeat(255),
          "\ufffd\ufffd",
        ]),
      );
      expect(paths.some((path) => path.startsWith("deep/d/d/d"))).toBe(true);
      expect(paths.length).toBeLessThan(200);
    });

    test("endless and changing files are bounded", async () => {
      await expect(victim.read("/proc/kmsg", { maxBytes: 100 })).rejects.toMatchObject({ code: "ERR_SANDBOX_FILE" });
      await expect(victim.read("/dev/urandom", { maxBytes: 100 })).rejects.toMatchObject({ code: "ERR_SANDBOX_FILE" });
      const growing = bash(victim, "while :; do echo xxxxxxxxxxxxxxxxxxxx >> g; done", { timeoutMs: 1500 });
      const refusal = (): Promise<string> =>
        victim.read("g", { maxBytes: 2000 }).then(
          () => "",
          (error: Error) => error.message,
        );
      while (!(await refusal()).includes("EFBIG")) await new Promise((resolve) => setTimeout(resolve, 5));
      await growing;
    });

    test("a process list full of hostile names stays a list", async () => {
      const abort = new AbortController();
      const script =
        "import os,time\nopen('/proc/self/comm','w').write(') R 1 1 (x\\n')\nos.execv('/bin/sleep', ['a\\nb) S 1', '300']) if os.fork() else time.sleep(300)";
      const running = victim.exec(["python3", "-c", script], { signal: abort.signal }).catch(() => {});
      while ((await count()) < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      const listed = await victim.processes();
      expect(listed.every(({ pid, parentPid, state }) => pid > 1 && parentPid >= 1 && /^[A-Z]$/.test(state))).toBe(
        true,
      );
      abort.abort();
      await running;
    });
  });
}
