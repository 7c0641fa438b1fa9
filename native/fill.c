/* Copies a directory of the host into a sandbox, through init: what is written there belongs to the sandbox's user, and
 * every path of the target is resolved inside. Modes, links and times are kept; hard links become files of their own.
 * The source is not changed by anybody meanwhile (the contract of workspaces), and no link in it is followed. */
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_BYTES = 256 << 10 };

struct source_entry {
  char *path; /* below the source, which is the working directory */
  struct stat info;
};

struct source_tree {
  struct source_entry *entries;
  size_t count, capacity;
};

static void add_entry(struct source_tree *tree, const char *path) {
  if (tree->count == tree->capacity) {
    tree->capacity = tree->capacity == 0 ? 1024 : 2 * tree->capacity;
    tree->entries = realloc(tree->entries, tree->capacity * sizeof *tree->entries);
    if (tree->entries == NULL) die("fill");
  }
  struct source_entry *entry = &tree->entries[tree->count++];
  entry->path = strdup(path);
  if (entry->path == NULL || lstat(path, &entry->info) != 0) die(path);
}

/* Directories come before what is in them. */
static void collect(struct source_tree *tree, const char *path) {
  add_entry(tree, path);
  if (!S_ISDIR(tree->entries[tree->count - 1].info.st_mode)) return;
  DIR *directory = opendir(path);
  if (directory == NULL) die(path);
  for (struct dirent *item; (item = readdir(directory)) != NULL;) {
    char below[MAX_PATH_BYTES];
    if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
    if (snprintf(below, sizeof below, "%s/%s", path, item->d_name) >= (int)sizeof below) {
      errno = ENAMETOOLONG;
      die(path);
    }
    collect(tree, below);
  }
  closedir(directory);
}

static void send_off(int socket, struct buffer *bytes) {
  if (bytes->failed || !write_all(socket, bytes->data, bytes->length))
    die("the sandbox does not take the workspace");
  bytes->length = 0;
}

static void put_source(int socket, struct buffer *bytes, const struct source_entry *entry) {
  char chunk[CHUNK_BYTES];
  uint64_t left = (uint64_t)entry->info.st_size;
  int file = open(entry->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) die(entry->path);
  while (left > 0) {
    ssize_t got = read(file, chunk, left < sizeof chunk ? (size_t)left : sizeof chunk);
    if (got <= 0) {
      errno = got < 0 ? errno : ESTALE;
      die(entry->path);
    }
    put_bytes(bytes, chunk, (size_t)got);
    left -= (uint64_t)got;
    if (bytes->length >= FLUSH_BYTES) send_off(socket, bytes);
  }
  close(file);
}

/* One file of a write request (files.c). */
static void put_entry(int socket, struct buffer *bytes, const char *target, const struct source_entry *entry) {
  mode_t mode = entry->info.st_mode;
  char path[MAX_PATH_BYTES], link[MAX_PATH_BYTES];
  ssize_t link_length = S_ISLNK(mode) ? readlink(entry->path, link, sizeof link) : 0;
  if (!S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode)) errno = EINVAL;
  if ((!S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode)) || link_length < 0) die(entry->path);
  /* "." is the target itself, "./name" is below it. */
  snprintf(path, sizeof path, "%s%s", target, entry->path + 1);
  uint32_t path_length = (uint32_t)strlen(path);
  const struct timespec *time = &entry->info.st_mtim;
  put_u32(bytes, 4 + path_length + 4 + 4 + 8);
  put_string(bytes, path);
  put_u32(bytes, S_ISREG(mode) ? KIND_FILE : S_ISDIR(mode) ? KIND_DIRECTORY : KIND_SYMLINK);
  put_u32(bytes, mode & 07777);
  put_u64(bytes, (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec);
  put_u64(bytes, S_ISREG(mode) ? (uint64_t)entry->info.st_size : (uint64_t)link_length);
  if (S_ISREG(mode)) put_source(socket, bytes, entry);
  else put_bytes(bytes, link, (size_t)link_length);
  if (bytes->length >= FLUSH_BYTES) send_off(socket, bytes);
}

/* Ends with 0, or with 1 when the sandbox could not take a file; which and why is said on standard output. */
int fill_main(const struct options *options) {
  close_range(3, ~0u, 0);
  if (options->socket == NULL || options->source == NULL || options->target == NULL) {
    errno = EINVAL;
    die("fill");
  }
  if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0) die("dup2");
  if (chdir(options->source) != 0) die(options->source);
  struct source_tree tree = {0};
  collect(&tree, ".");
  int socket = connect_to(options->socket);
  if (socket < 0) die(options->socket);
  struct buffer bytes = {0};
  put_u32(&bytes, OP_WRITE);
  put_u32(&bytes, sizeof(uint32_t));
  put_u32(&bytes, (uint32_t)tree.count);
  for (size_t i = 0; i < tree.count; i++) put_entry(socket, &bytes, options->target, &tree.entries[i]);
  send_off(socket, &bytes);
  struct frame_header header;
  char *payload = read_all(socket, &header, sizeof header) ? read_payload(socket, header.length) : NULL;
  if (payload == NULL) die("the sandbox ended");
  if (header.tag == TAG_OK) return 0;
  struct reader reader = {payload, payload + header.length, false};
  errno = (int)take_u32(&reader);
  dprintf(STDOUT_FILENO, "%s: %s\n", take_string(&reader), strerror(errno));
  return 1;
}
