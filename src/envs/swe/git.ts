import { type SimpleGit, simpleGit } from "simple-git";

export interface HermeticGitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Beside our own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Git as only we set it up: no configuration of the machine or the user, a fixed author and time. */
export function hermeticGit(directory: string, { signal, env }: HermeticGitOptions = {}): SimpleGit {
  return simpleGit({ baseDir: directory, ...(signal && { abort: signal }) }).env({
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: "/nonexistent",
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "Afterstate",
    GIT_AUTHOR_EMAIL: "afterstate@localhost",
    GIT_AUTHOR_DATE: "2000-01-01T00:00:00Z",
    GIT_COMMITTER_NAME: "Afterstate",
    GIT_COMMITTER_EMAIL: "afterstate@localhost",
    GIT_COMMITTER_DATE: "2000-01-01T00:00:00Z",
    ...env,
  });
}
