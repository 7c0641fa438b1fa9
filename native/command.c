/* From fork to exec: what a new process inside gets, and what it must not keep of init's. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LISTENER = 3 };

static const struct options *settings;
static sigset_t original_mask;

static void apply_limits(void) {
  set_limit(RLIMIT_CPU, settings->limit.cpu_seconds);
  set_limit(RLIMIT_NPROC, settings->limit.processes);
  set_limit(RLIMIT_FSIZE, settings->limit.file_bytes);
  set_limit(RLIMIT_NOFILE, settings->limit.open_files);
  set_limit(RLIMIT_DATA, settings->limit.data_bytes);
  set_limit(RLIMIT_AS, settings->limit.address_bytes);
}

/* In the new process: everything but stdio is closed before exec, and a failure is said on its own stderr. */
static _Noreturn void run(const char *cwd, char **argv, char **env) {
  close_range(LISTENER, ~0u, 0);
  for (int number = 1; number < NSIG; number++)
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &original_mask, NULL);
  apply_limits();
  /* Out of memory, the kernel should take the command, not pid 1. Nothing of pid 1 is open any more. */
  prctl(PR_SET_DUMPABLE, 1);
  int score = open("/proc/self/oom_score_adj", O_WRONLY);
  if (score >= 0) {
    if (write(score, "500", 3) < 0) dprintf(STDERR_FILENO, "sandbox: oom_score_adj: %s\n", strerror(errno));
    close(score);
  }
  if (chdir(cwd) != 0) {
    dprintf(STDERR_FILENO, "sandbox: cannot enter %s: %s\n", cwd, strerror(errno));
    _exit(126);
  }
  execvpe(argv[0], argv, env);
  int error = errno;
  dprintf(STDERR_FILENO, "sandbox: cannot run %s: %s\n", argv[0], strerror(error));
  _exit(error == ENOENT ? 127 : 126);
}
