/* What is kept of a command's output: the tail, bounded, so that a gigabyte of it never leaves the sandbox. */
#include "common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last `keep` bytes of a stream: grows to twice that, then drops its front. */
struct tail {
  int fd; /* -1 once the stream has ended */
  char *data;
  size_t length, capacity, keep;
  uint64_t dropped;
};

static void add_to_tail(struct tail *tail, const char *bytes, size_t length) {
  if (length > tail->keep) {
    tail->dropped += length - tail->keep;
    bytes += length - tail->keep;
    length = tail->keep;
  }
  if (tail->length + length > 2 * tail->keep) {
    size_t drop = tail->length + length - tail->keep;
    memmove(tail->data, tail->data + drop, tail->length - drop);
    tail->length -= drop;
    tail->dropped += drop;
  }
  if (tail->length + length > tail->capacity) {
    size_t capacity = tail->capacity * 2 > tail->length + length ? tail->capacity * 2 : tail->length + length + 4096;
    char *data = realloc(tail->data, capacity);
    if (data == NULL) {
      tail->dropped += length;
      return;
    }
    tail->data = data;
    tail->capacity = capacity;
  }
  memcpy(tail->data + tail->length, bytes, length);
  tail->length += length;
}

/* One read; false when nothing is there now. */
static bool drain(struct tail *tail) {
  static char bytes[CHUNK_BYTES];
  if (tail->fd < 0) return false;
  ssize_t got = read(tail->fd, bytes, sizeof bytes);
  if (got > 0) {
    add_to_tail(tail, bytes, (size_t)got);
    return true;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  close(tail->fd);
  tail->fd = -1;
  return false;
}

static void put_tail(struct buffer *answer, struct tail *tail) {
  size_t extra = tail->length > tail->keep ? tail->length - tail->keep : 0;
  tail->dropped += extra;
  put_u32(answer, (uint32_t)(tail->length - extra));
  put_bytes(answer, tail->data + extra, tail->length - extra);
}
