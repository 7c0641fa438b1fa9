/* A bounded listing of a directory tree, in order of names (bytes), never following a link. */
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Deeper directories are listed, not entered; of a larger directory the rest is not seen. */
enum { MAX_DEPTH = 64, MAX_NAMES = 65536, SEND_BYTES = 256 << 10 };

struct walk {
  int connection;
  struct buffer answer;
  uint64_t entries_left, file_bytes, total_bytes_left;
  char **skip;
  bool stopped;
};

static int open_root(const char *path) {
  struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
  int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  if (fd < 0 && errno == ENOSYS) fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return fd;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char **read_names(int fd, size_t *count) {
  DIR *directory = fdopendir(dup(fd));
  char **names = NULL;
  size_t capacity = 0;
  *count = 0;
  if (directory == NULL) return NULL;
  for (struct dirent *entry; *count < MAX_NAMES && (entry = readdir(directory)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (*count == capacity) {
      capacity = capacity == 0 ? 64 : capacity * 2;
      char **grown = realloc(names, capacity * sizeof *names);
      if (grown == NULL) break;
      names = grown;
    }
    if ((names[*count] = strdup(entry->d_name)) == NULL) break;
    (*count)++;
  }
  closedir(directory);
  if (*count > 0) qsort(names, *count, sizeof *names, by_name);
  return names;
}

/* Appends has-content (u32), length, bytes. */
static void put_content(struct walk *walk, int directory, const char *name, const struct stat *info) {
  static char bytes[CHUNK_BYTES];
  if (S_ISLNK(info->st_mode)) {
    ssize_t length = readlinkat(directory, name, bytes, MAX_PATH_BYTES);
    put_u32(&walk->answer, length >= 0);
    put_u32(&walk->answer, length >= 0 ? (uint32_t)length : 0);
    put_bytes(&walk->answer, bytes, length >= 0 ? (size_t)length : 0);
    return;
  }
  uint64_t size = (uint64_t)info->st_size, got_total = 0;
  size_t flag_at = walk->answer.length;
  put_u32(&walk->answer, 0);
  put_u32(&walk->answer, 0);
  if (!S_ISREG(info->st_mode) || size > walk->file_bytes || size > walk->total_bytes_left) return;
  int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat opened;
  bool whole = fd >= 0 && fstat(fd, &opened) == 0 && S_ISREG(opened.st_mode);
  while (whole && got_total < size) {
    size_t part = size - got_total < sizeof bytes ? (size_t)(size - got_total) : sizeof bytes;
    ssize_t got = read(fd, bytes, part);
    if (got < 0) whole = false;
    if (got <= 0) break;
    put_bytes(&walk->answer, bytes, (size_t)got);
    got_total += (uint64_t)got;
  }
  if (fd >= 0) close(fd);
  if (walk->answer.failed) return;
  if (!whole) walk->answer.length = flag_at + 8;
  uint32_t flags[2] = {whole, whole ? (uint32_t)got_total : 0};
  memcpy(walk->answer.data + flag_at, flags, sizeof flags);
  walk->total_bytes_left -= flags[1];
}

static void flush(struct walk *walk, size_t threshold) {
  if (walk->answer.failed || walk->answer.length < threshold) return;
  if (walk->answer.length > 0 && !send_frame(walk->connection, TAG_DATA, walk->answer.data, walk->answer.length))
    walk->stopped = true;
  walk->answer.length = 0;
}

static bool is_skipped(const struct walk *walk, const char *name) {
  for (char **skip = walk->skip; *skip != NULL; skip++)
    if (strcmp(*skip, name) == 0) return true;
  return false;
}

static void list(struct walk *walk, int directory, char *path, size_t path_length, int depth) {
  size_t count;
  char **names = read_names(directory, &count);
  for (size_t i = 0; i < count; i++) {
    char *name = names[i];
    size_t length = path_length + (path_length > 0) + strlen(name);
    struct stat info;
    if (!walk->stopped && !walk->answer.failed && walk->entries_left > 0 && length < MAX_PATH_BYTES &&
        fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
      sprintf(path + path_length, "%s%s", path_length > 0 ? "/" : "", name);
      walk->entries_left--;
      put_string(&walk->answer, path);
      put_u32(&walk->answer, info.st_mode);
      put_u64(&walk->answer, (uint64_t)info.st_size);
      put_u64(&walk->answer, (uint64_t)info.st_mtim.tv_sec * 1000000000u + (uint64_t)info.st_mtim.tv_nsec);
      put_content(walk, directory, name, &info);
      flush(walk, SEND_BYTES);
      if (S_ISDIR(info.st_mode) && depth < MAX_DEPTH && !is_skipped(walk, name)) {
        int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0) {
          list(walk, child, path, length, depth + 1);
          close(child);
        }
      }
      path[path_length] = 0;
    }
    free(name);
  }
  free(names);
}

/* Request: path, most entries (u64), most bytes of one file (u64), of all (u64), names not to enter. */
void serve_tree(int fd, struct reader *request) {
  struct walk walk = {.connection = fd};
  char *root = take_string(request);
  walk.entries_left = take_u64(request);
  walk.file_bytes = take_u64(request);
  walk.total_bytes_left = take_u64(request);
  walk.skip = take_strings(request);
  int directory = request->bad ? -1 : open_root(root);
  if (directory < 0) {
    send_error(fd, request->bad ? EINVAL : errno, root);
  } else {
    char path[MAX_PATH_BYTES + 1] = "";
    list(&walk, directory, path, 0, 0);
    close(directory);
    flush(&walk, 0);
    if (walk.answer.failed) send_error(fd, ENOMEM, root);
    else if (!walk.stopped) send_frame(fd, TAG_OK, NULL, 0);
  }
  free(walk.answer.data);
  free(walk.skip);
}
