/* What runs here, read from /proc: for the listing, and for killing whole sessions. */
#include "common.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_LISTED = 32768, MAX_ARGUMENT_BYTES = 4096, MAX_KILL_ROUNDS = 50, MAX_END_MS = 2000 };

struct process {
  pid_t pid, parent, group, session;
  char state;
  bool marked;
};

static ssize_t read_file(const char *path, char *bytes, size_t length) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t got = read(fd, bytes, length);
  close(fd);
  return got;
}

/* The name in /proc/PID/stat may hold anything, a ")" too: fields start after the last one. */
static bool read_process(const char *pid, struct process *process) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  ssize_t got = read_file(path, text, sizeof text - 1);
  if (got <= 0) return false;
  text[got] = 0;
  char *fields = strrchr(text, ')');
  *process = (struct process){.pid = (pid_t)atoi(pid)};
  return fields != NULL && sscanf(fields + 1, " %c %d %d %d", &process->state, &process->parent, &process->group,
                                  &process->session) == 4;
}

static int list_processes(struct process **out) {
  static struct process processes[MAX_LISTED];
  int count = 0;
  DIR *proc = opendir("/proc");
  if (proc == NULL) return 0;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL && count < MAX_LISTED;)
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && read_process(entry->d_name, &processes[count])) count++;
  closedir(proc);
  *out = processes;
  return count;
}

/* Marks whoever descends from a marked process, or from `ancestor`. */
static void mark_descendants(struct process *processes, int count, pid_t ancestor) {
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = 0; i < count; i++) {
      if (processes[i].marked) continue;
      bool descends = processes[i].parent == ancestor;
      for (int j = 0; j < count && !descends; j++)
        descends = processes[j].marked && processes[j].pid == processes[i].parent;
      if (descends) processes[i].marked = changed = true;
    }
  }
}

static void signal_marked(const struct process *processes, int count, int number) {
  for (int i = 0; i < count; i++)
    if (processes[i].marked && processes[i].pid != getpid()) kill(processes[i].pid, number);
}

static bool is_among(const pid_t *pids, int count, pid_t pid) {
  for (int i = 0; i < count; i++)
    if (pids[i] == pid) return true;
  return false;
}

/* A killed process takes a moment to go; "killed" should mean gone. Bounded: one may hang in the kernel. */
static void await_end(const pid_t *pids, int count) {
  uint64_t deadline_ms = now_ms() + MAX_END_MS;
  for (int i = 0; i < count; i++) {
    char pid[16];
    struct process process;
    snprintf(pid, sizeof pid, "%d", (int)pids[i]);
    while (read_process(pid, &process) && process.state != 'Z' && now_ms() < deadline_ms) usleep(200);
  }
}

/* Everything that belongs together is stopped before anything is killed: a stopped process starts no other, and while
 * a parent lives its children can be told by it, even those that left its session. Ends when a look finds nobody new. */
static void kill_family(bool (*belongs)(const struct process *, pid_t), pid_t root, pid_t ancestor) {
  static pid_t known[MAX_LISTED];
  int known_count = 0;
  for (int round = 0; round < MAX_KILL_ROUNDS; round++) {
    struct process *processes;
    int count = list_processes(&processes), found = 0;
    for (int i = 0; i < count; i++)
      processes[i].marked = processes[i].pid != getpid() &&
                            (belongs(&processes[i], root) || is_among(known, known_count, processes[i].pid));
    mark_descendants(processes, count, ancestor);
    signal_marked(processes, count, SIGSTOP);
    for (int i = 0; i < count; i++)
      if (processes[i].marked && !is_among(known, known_count, processes[i].pid) && known_count < MAX_LISTED) {
        known[known_count++] = processes[i].pid;
        found++;
      }
    if (found > 0) continue;
    break;
  }
  for (int i = 0; i < known_count; i++) kill(known[i], SIGKILL);
  await_end(known, known_count);
}

static bool is_of_session(const struct process *process, pid_t leader) {
  return process->pid == leader || process->group == leader || process->session == leader;
}

static bool is_nobody(const struct process *process, pid_t root) {
  (void)process;
  (void)root;
  return false;
}

void kill_session(pid_t leader) {
  if (leader > 1) kill_family(is_of_session, leader, -1);
}

void kill_descendants(void) {
  for (int round = 0; round < MAX_KILL_ROUNDS; round++) {
    kill_family(is_nobody, 0, getpid());
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) continue;
    if (pid < 0) return; /* no children left: as their reaper we would have inherited the others' */
    usleep(1000);
  }
}

void serve_processes(int fd, bool descendants_only) {
  struct process *processes;
  int count = list_processes(&processes);
  if (descendants_only) mark_descendants(processes, count, getpid());
  struct buffer answer = {0};
  for (int i = 0; i < count; i++) {
    if (processes[i].pid == getpid() || (descendants_only && !processes[i].marked)) continue;
    char path[64], arguments[MAX_ARGUMENT_BYTES];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)processes[i].pid);
    ssize_t length = read_file(path, arguments, sizeof arguments);
    put_u32(&answer, (uint32_t)processes[i].pid);
    put_u32(&answer, (uint32_t)processes[i].parent);
    put_u32(&answer, (uint32_t)(unsigned char)processes[i].state);
    put_u32(&answer, length > 0 ? (uint32_t)length : 0);
    put_bytes(&answer, arguments, length > 0 ? (size_t)length : 0);
  }
  if (answer.failed || !send_frame(fd, TAG_DATA, answer.data, answer.length) || !send_frame(fd, TAG_OK, NULL, 0))
    send_error(fd, 12, "out of memory");
  free(answer.data);
}
