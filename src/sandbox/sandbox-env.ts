/** What every process in a sandbox finds in its environment, whatever the kind; nothing of the host's. */
export function sandboxEnv(home: string): Record<string, string> {
  return {
    HOME: home,
    USER: "agent",
    LOGNAME: "agent",
    SHELL: "/bin/bash",
    PATH: "/usr/bin:/bin:/usr/local/bin",
    LANG: "C.UTF-8",
    TZ: "UTC",
    TERM: "xterm-256color",
  };
}
