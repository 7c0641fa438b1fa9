/**
 * The /etc of a bubblewrap sandbox: a few generated files, and copies of harmless ones of the host's that programs
 * need. Made once for each driver and shared, read-only, by its sandboxes.
 */
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const sandboxUserId = 1000;
export const sandboxHome = "/home/agent";

/** Interpreters and tools look here; nothing in them is about this host or its people. */
const copied = [
  "alternatives",
  "debian_version",
  "inputrc",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "magic",
  "magic.mime",
  "mime.types",
  "nanorc",
  "os-release",
  "perl",
  "protocols",
  "python3",
  "python3.11",
  "python3.12",
  "python3.13",
  "services",
  "terminfo",
  "vim",
];

const generated: Readonly<Record<string, string>> = {
  passwd:
    "root:x:0:0:root:/root:/bin/bash\n" +
    `agent:x:${sandboxUserId}:${sandboxUserId}:agent:${sandboxHome}:/bin/bash\n` +
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  group: `root:x:0:\nagent:x:${sandboxUserId}:\nnogroup:x:65534:\n`,
  hosts: "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n",
  hostname: "sandbox\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
  "host.conf": "multi on\n",
  "login.defs": "UMASK 022\n",
  shells: "/bin/sh\n/bin/bash\n",
  profile: '[ -n "$BASH" ] && [ -n "$PS1" ] && . /etc/bash.bashrc\n',
  "bash.bashrc":
    '[ -z "$PS1" ] && return\n' +
    "shopt -s checkwinsize\n" +
    "unset HISTFILE\n" +
    "PS1='\\u@\\h:\\w\\$ '\n" +
    "[ -f /etc/afterstate/bashrc ] && . /etc/afterstate/bashrc\n",
};

/** @param systemFiles name to content, placed in /etc/afterstate/. */
export function makeSystemDirectory(path: string, systemFiles: Readonly<Record<string, string>>): void {
  mkdirSync(join(path, "afterstate"), { recursive: true, mode: 0o755 });
  for (const name of copied) {
    const source = join("/etc", name);
    if (!existsSync(source)) continue;
    // Links stay as they are written: those of /etc/alternatives point into /usr, which the sandbox has.
    cpSync(source, join(path, name), {
      recursive: true,
      verbatimSymlinks: name === "alternatives",
      dereference: name !== "alternatives",
    });
  }
  for (const [name, content] of Object.entries(generated)) writeFileSync(join(path, name), content);
  for (const [name, content] of Object.entries(systemFiles)) writeFileSync(join(path, "afterstate", name), content);
}
