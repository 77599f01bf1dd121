// A disk that fails on demand. While the file WARD_TEST_FAULT exists, calls that it names fail:
//   EIO write,sync /audit/       errno, calls (write: write, pwrite, writev; sync: fsync, fdatasync), part of the path
// It is read at each call, so a test switches the fault on and off by renaming a file into place and removing it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/// The errno to fail with, or 0.
static int fault_of(int fd, const char* call) {
  const char* control = getenv("WARD_TEST_FAULT");
  struct stat at;
  if (control == NULL || fstat(fd, &at) != 0 || !(S_ISREG(at.st_mode) || S_ISDIR(at.st_mode))) return 0;
  const int file = (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char line[512] = {0}, name[16], calls[64], part[256], link[64], path[PATH_MAX] = {0};
  const ssize_t length = read(file, line, sizeof line - 1);
  syscall(SYS_close, file);
  if (length <= 0 || sscanf(line, "%15s %63s %255s", name, calls, part) != 3 || strstr(calls, call) == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (readlink(link, path, sizeof path - 1) <= 0 || strstr(path, part) == NULL) return 0;
  return strcmp(name, "ENOSPC") == 0 ? ENOSPC : EIO;
}

#define FAIL(call) \
  do { \
    const int fault = fault_of(fd, call); \
    if (fault != 0) { \
      errno = fault; \
      return -1; \
    } \
  } while (0)

ssize_t write(int fd, const void* bytes, size_t count) {
  FAIL("write");
  return syscall(SYS_write, fd, bytes, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  FAIL("write");
  return syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  FAIL("write");
  return syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  FAIL("write");
  return syscall(SYS_writev, fd, parts, count);
}

int fsync(int fd) {
  FAIL("sync");
  return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
  FAIL("sync");
  return (int)syscall(SYS_fdatasync, fd);
}
