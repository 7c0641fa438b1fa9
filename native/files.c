/* Files, as the sandbox sees them: every path is resolved inside, with no more rights than the agent has. Names,
 * links and types are hostile and may change between two calls: what was opened is checked, never what was named. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t no_time = UINT64_MAX;

/* Modes and times of directories are set last: a read-only directory must take its files first, and each file moves
 * its directory's time. */
struct directory {
  char *path;
  mode_t mode;
  uint64_t time_ns;
};

static struct timespec time_of(uint64_t ns) {
  if (ns == no_time) return (struct timespec){0, UTIME_NOW};
  return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

static int make_parents(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    int made = mkdir(path, 0755);
    *slash = '/';
    if (made != 0 && errno != EEXIST && errno != EROFS && errno != EACCES) return -1;
  }
  return 0;
}

/* Parents are made when they turn out to be missing: for most files of a large write they are there. */
static bool lacked_parents(char *path) { return errno == ENOENT && make_parents(path) == 0; }

static int make_directory(char *path) {
  struct stat info;
  if (mkdir(path, 0755) == 0 || (lacked_parents(path) && mkdir(path, 0755) == 0)) return 0;
  if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return 0;
  return -1;
}

/* A fresh regular file. Whatever else stands there (a link, a pipe) is removed, never followed or opened. */
static int open_fresh(const char *path) {
  for (int attempt = 0; attempt < 2; attempt++) {
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1 && ftruncate(fd, 0) == 0)
      return fd;
    if (fd >= 0) close(fd);
    else if (errno != ELOOP && errno != ENXIO && errno != EACCES) return -1;
    if (unlink(path) != 0) return -1;
  }
  errno = EBUSY;
  return -1;
}

/* Copies `length` bytes from the connection into `file`; after the first failure the rest is read and dropped.
 * Returns an errno, or -1 when the connection itself ended. */
static int copy_in(int connection, int file, uint64_t length, int error) {
  static char chunk[CHUNK_BYTES];
  while (length > 0) {
    size_t part = length < sizeof chunk ? (size_t)length : sizeof chunk;
    if (!read_all(connection, chunk, part)) return -1;
    length -= part;
    for (size_t done = 0; error == 0 && done < part;) {
      ssize_t put = write(file, chunk + done, part - done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) error = errno;
      else done += (size_t)put;
    }
  }
  return error;
}

static int write_file(int connection, char *path, mode_t mode, uint64_t time_ns, uint64_t length) {
  int fd = open_fresh(path);
  if (fd < 0 && lacked_parents(path)) fd = open_fresh(path);
  int error = copy_in(connection, fd, length, fd < 0 ? errno : 0);
  if (fd < 0) return error;
  struct timespec times[2] = {time_of(time_ns), time_of(time_ns)};
  if (error == 0 && (fchmod(fd, mode) != 0 || futimens(fd, times) != 0)) error = errno;
  close(fd);
  return error;
}

static int write_link(int connection, char *path, uint64_t time_ns, uint64_t length) {
  char target[MAX_PATH_BYTES];
  if (length >= sizeof target) return copy_in(connection, -1, length, ENAMETOOLONG);
  if (!read_all(connection, target, (size_t)length)) return -1;
  target[length] = 0;
  struct stat info;
  if (lstat(path, &info) == 0 && !S_ISDIR(info.st_mode)) unlink(path);
  if (symlink(target, path) != 0 && (!lacked_parents(path) || symlink(target, path) != 0)) return errno;
  struct timespec times[2] = {time_of(time_ns), time_of(time_ns)};
  utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
  return 0;
}

static bool remember(struct directory **list, size_t *count, struct directory directory) {
  struct directory *grown = realloc(*list, (*count + 1) * sizeof **list);
  if (grown == NULL || directory.path == NULL) return false;
  *list = grown;
  grown[(*count)++] = directory;
  return true;
}

/* Request: count (u32). Then for each, on the stream: header length (u32), header {path, kind, mode, time in ns},
 * content length (u64), content. The first failure is reported, after everything was read. */
void serve_write(int fd, struct reader *request) {
  uint32_t count = take_u32(request);
  struct directory *directories = NULL;
  size_t directory_count = 0;
  int first_error = 0;
  char failed[MAX_PATH_BYTES] = "";
  for (uint32_t i = 0; i < count; i++) {
    uint32_t header_length;
    uint64_t length;
    char *header = NULL;
    if (!read_all(fd, &header_length, 4) || (header = read_payload(fd, header_length)) == NULL) break;
    struct reader reader = {header, header + header_length, false};
    char *path = take_string(&reader);
    uint32_t kind = take_u32(&reader);
    mode_t mode = take_u32(&reader) & 07777;
    uint64_t time_ns = take_u64(&reader);
    int error = -1;
    if (!reader.bad && read_all(fd, &length, 8)) {
      if (kind == KIND_FILE) error = write_file(fd, path, mode, time_ns, length);
      else if (kind == KIND_SYMLINK) error = write_link(fd, path, time_ns, length);
      else {
        error = copy_in(fd, -1, length, make_directory(path) == 0 ? 0 : errno);
        struct directory directory = {error == 0 ? strdup(path) : NULL, mode, time_ns};
        if (error == 0 && !remember(&directories, &directory_count, directory)) error = ENOMEM;
      }
    }
    if (error > 0 && first_error == 0) {
      first_error = error;
      snprintf(failed, sizeof failed, "%s", path);
    }
    free(header);
    if (error < 0) {
      first_error = EPROTO;
      break;
    }
  }
  while (directory_count > 0) {
    struct directory *directory = &directories[--directory_count];
    struct timespec times[2] = {time_of(directory->time_ns), time_of(directory->time_ns)};
    if (chmod(directory->path, directory->mode) != 0 || utimensat(AT_FDCWD, directory->path, times, 0) != 0)
      first_error = first_error == 0 ? errno : first_error;
    free(directory->path);
  }
  free(directories);
  if (first_error == 0) send_frame(fd, TAG_OK, NULL, 0);
  else send_error(fd, first_error, failed);
}

/* Request: path, largest size (u64). Answer: data frames, then OK. */
void serve_read(int fd, struct reader *request) {
  static char chunk[CHUNK_BYTES];
  char *path = take_string(request);
  uint64_t largest = take_u64(request);
  int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat info;
  if (file < 0 || fstat(file, &info) != 0) {
    send_error(fd, errno, path);
    if (file >= 0) close(file);
    return;
  }
  int error = S_ISDIR(info.st_mode) ? EISDIR : !S_ISREG(info.st_mode) ? EINVAL : 0;
  if (error == 0 && (uint64_t)info.st_size > largest) error = EFBIG;
  for (uint64_t total = 0; error == 0;) {
    ssize_t got = read(file, chunk, sizeof chunk);
    if (got < 0) error = errno;
    if (got <= 0) break;
    total += (uint64_t)got;
    if (total > largest) error = EFBIG; /* it grew, or its size was a lie (as in /proc) */
    else if (!send_frame(fd, TAG_DATA, chunk, (size_t)got)) break;
  }
  close(file);
  if (error == 0) send_frame(fd, TAG_OK, NULL, 0);
  else send_error(fd, error, path);
}
