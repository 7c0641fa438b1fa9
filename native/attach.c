/* Hand this process's terminal to a new process inside the sandbox, wait, and end in the same way as that process.
 * The name of this process (/proc/PID/comm) becomes the new process's pid as the host sees it: that is how the
 * process that owns the terminal finds the foreground group without a channel of its own. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

static void put_all(struct buffer *request, char **strings) {
  uint32_t count = 0;
  while (strings[count] != NULL) count++;
  put_u32(request, count);
  for (uint32_t i = 0; i < count; i++) put_string(request, strings[i]);
}

/* The header goes first and carries the terminal. */
static void send_request(int fd, const struct options *options) {
  struct buffer request = {0};
  put_string(&request, options->home == NULL ? "" : options->home);
  put_all(&request, options->rest);
  put_all(&request, environ);
  struct frame_header header = {OP_TERMINAL, (uint32_t)request.length};
  if (request.failed || !send_with_descriptor(fd, &header, sizeof header, STDIN_FILENO) ||
      !write_all(fd, request.data, request.length))
    die("request");
  free(request.data);
}

/* The sender of the "started" frame, as a pid of this namespace; 0 when the frame is something else. */
static pid_t receive_sender(int fd, struct frame_header *header) {
  struct iovec data = {header, sizeof *header};
  char control[CMSG_SPACE(sizeof(struct ucred))];
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got;
  do got = recvmsg(fd, &message, MSG_WAITALL);
  while (got < 0 && errno == EINTR);
  if (got != (ssize_t)sizeof *header) return -1;
  struct cmsghdr *item = CMSG_FIRSTHDR(&message);
  if (header->tag != TAG_STARTED || item == NULL || item->cmsg_type != SCM_CREDENTIALS) return 0;
  struct ucred sender;
  memcpy(&sender, CMSG_DATA(item), sizeof sender);
  return sender.pid;
}

static _Noreturn void end_by(int signal_number) {
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  signal(signal_number, SIG_DFL);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_UNBLOCK, &all, NULL);
  raise(signal_number);
  _exit(128 + signal_number);
}

int attach_main(const struct options *options) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_range(3, ~0u, 0);
  if (options->socket == NULL || options->rest[0] == NULL) {
    errno = EINVAL;
    die("attach");
  }
  if (options->uid >= 0 && fchown(STDIN_FILENO, (uid_t)options->uid, (gid_t)options->uid) != 0) die("fchown");
  if (options->home != NULL) setenv("PWD", options->home, 1);
  int fd = connect_to(options->socket), yes = 1;
  if (fd < 0) die(options->socket);
  /* The kernel names the sender of the "started" frame. */
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0) die("credentials");
  /* Giving up a controlling terminal hangs up its session: this process is all there is of it. */
  signal(SIGHUP, SIG_IGN);
  if (ioctl(STDIN_FILENO, TIOCNOTTY) != 0) die("TIOCNOTTY");
  send_request(fd, options);
  int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  signal(SIGHUP, SIG_DFL);

  struct frame_header header;
  pid_t pid = receive_sender(fd, &header);
  if (pid < 0) return 70;
  if (pid > 0) {
    char name[16];
    snprintf(name, sizeof name, "%d", (int)pid);
    prctl(PR_SET_NAME, name);
    if (!read_all(fd, &header, sizeof header)) end_by(SIGKILL);
  }
  int32_t exit_code;
  uint32_t signal_number;
  if (header.tag != TAG_EXIT || header.length != 8 || !read_all(fd, &exit_code, 4) || !read_all(fd, &signal_number, 4))
    return 70;
  if (exit_code < 0) end_by((int)signal_number);
  return exit_code;
}
