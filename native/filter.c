/* A system call filter on top of bubblewrap's namespaces: what nobody needs for shell work, and what has been the way
 * out of containers before. Denied calls fail with EPERM, so programs go on. */
#include "common.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#define FIRST_FOREIGN_CALL 0x40000000u /* the x32 ABI, another set of numbers for the same calls */
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#define FIRST_FOREIGN_CALL 0x40000000u
#else
#error "sandbox-init knows the system calls of x86_64 and aarch64 only"
#endif

#define NAMESPACE_FLAGS \
  (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const int denied_calls[] = {
    /* mounts and roots */
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_swapon, SYS_swapoff, 428 /* open_tree */,
    429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */,
    442 /* mount_setattr */, SYS_name_to_handle_at, SYS_open_by_handle_at,
    /* namespaces */
    SYS_setns, SYS_unshare,
    /* kernel interfaces with a history */
    SYS_keyctl, SYS_add_key, SYS_request_key, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, 425 /* io_uring_setup */,
    426 /* io_uring_enter */, 427 /* io_uring_register */, SYS_kexec_load, 294 /* kexec_file_load, aarch64 */,
    320 /* kexec_file_load, x86_64 */, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_acct, SYS_quotactl,
    SYS_syslog, SYS_vhangup, SYS_reboot, SYS_lookup_dcookie,
};

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t))
#define SKIP_UNLESS_EQUAL(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define FAIL(error) (SECCOMP_RET_ERRNO | (error))

enum { MAX_INSTRUCTIONS = 256 };

void install_system_call_filter(void) {
  struct sock_filter program[MAX_INSTRUCTIONS];
  unsigned short n = 0;
#define EMIT(...) program[n++] = (struct sock_filter)__VA_ARGS__
  EMIT(LOAD(arch));
  EMIT(SKIP_UNLESS_EQUAL(NATIVE_ARCHITECTURE, 1));
  EMIT(BPF_STMT(BPF_JMP | BPF_JA, 1));
  EMIT(ANSWER(FAIL(ENOSYS)));
  EMIT(LOAD(nr));
  EMIT(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_FOREIGN_CALL, 0, 1));
  EMIT(ANSWER(FAIL(ENOSYS)));
  /* clone3 hides its flags behind a pointer; without it the C library uses clone. */
  EMIT(SKIP_UNLESS_EQUAL(435, 1));
  EMIT(ANSWER(FAIL(ENOSYS)));
  for (size_t i = 0; i < sizeof denied_calls / sizeof denied_calls[0]; i++) {
#if defined(__x86_64__)
    if (denied_calls[i] == 294) continue; /* inotify_init1 here */
#else
    if (denied_calls[i] == 320) continue;
#endif
    EMIT(SKIP_UNLESS_EQUAL((unsigned)denied_calls[i], 1));
    EMIT(ANSWER(FAIL(EPERM)));
  }
  EMIT(SKIP_UNLESS_EQUAL(SYS_clone, 4));
  EMIT(LOAD_ARGUMENT(0));
  EMIT(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACE_FLAGS, 0, 1));
  EMIT(ANSWER(FAIL(EPERM)));
  EMIT(ANSWER(SECCOMP_RET_ALLOW));
  /* Pushing input into a terminal that somebody else reads. */
  EMIT(SKIP_UNLESS_EQUAL(SYS_ioctl, 5));
  EMIT(LOAD_ARGUMENT(1));
  EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0));
  EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1));
  EMIT(ANSWER(FAIL(EPERM)));
  EMIT(ANSWER(SECCOMP_RET_ALLOW));
  /* A network namespace does not cover every family (a virtual machine's vsock, the kernel's crypto). */
  EMIT(SKIP_UNLESS_EQUAL(SYS_socket, 7));
  EMIT(LOAD_ARGUMENT(0));
  EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 3, 0));
  EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0));
  EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0));
  EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1));
  EMIT(ANSWER(SECCOMP_RET_ALLOW));
  EMIT(ANSWER(FAIL(EAFNOSUPPORT)));
  EMIT(ANSWER(SECCOMP_RET_ALLOW));
  struct sock_fprog filter = {n, program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    die("system call filter");
}
