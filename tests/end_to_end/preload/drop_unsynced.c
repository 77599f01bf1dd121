// A power cut without a machine to cut: what was written below WARD_TEST_DIR and not synced is lost.
//
// Writes go through at once, and what they replaced is kept in memory: for each file the old bytes and size, for each
// directory the names made, moved and removed. fsync and fdatasync of a file forget its list, fsync of a directory the
// names in it (POSIX promises no more). A line in the pipe WARD_TEST_DIR.cut undoes the lists, backwards, and kills:
//   all SEED   everything that was not synced is lost
//   torn SEED  of each file some sectors of 512 bytes are lost and others kept, and the first few names are kept
// With WARD_TEST_LIE set the disk lies: a sync says yes and keeps nothing. Then the checks must find something.
// SQLite's -shm file is memory that outlives nobody; it is left alone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { sector = 512, files_max = 4096 };

struct change {  // of a file's bytes
  struct change* before;
  uint64_t number;
  off_t old_size, offset;
  size_t length;  // of what was replaced; what lay beyond the old end was nothing
  char bytes[];
};

struct file {
  dev_t device;
  ino_t inode;
  int own;  // a descriptor of ours, never closed: closing one would drop SQLite's locks
  struct change* last;
};

struct name {  // made (no stash), replaced or removed (the old one is in the stash), or moved
  struct name* before;
  uint64_t number;
  dev_t device;
  ino_t directory;
  char made[PATH_MAX], from[PATH_MAX], stash[PATH_MAX + 32];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct file files[files_max];
static size_t file_count;
static struct name* names;
static uint64_t number;
static char root[PATH_MAX];
static size_t root_length;
static int lies;

static void die(const char* what) {
  dprintf(2, "drop_unsynced: %s: %s\n", what, strerror(errno));
  _exit(97);
}

// The calls themselves, past this library.
static int raw_open(const char* path, int flags) { return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600); }
static ssize_t raw_pread(int fd, void* to, size_t count, off_t at) { return syscall(SYS_pread64, fd, to, count, at); }
static ssize_t raw_pwrite(int fd, const void* from, size_t count, off_t at) { return syscall(SYS_pwrite64, fd, from, count, at); }

static int is_ours(const char* path) {
  const size_t length = strlen(path);
  if (root_length == 0 || strncmp(path, root, root_length) != 0 || path[root_length] != '/') return 0;
  return length < 4 || strcmp(path + length - 4, "-shm") != 0;
}

/// The file behind a descriptor, if it is a regular one below the root.
static struct file* file_of(int fd) {
  struct stat at;
  if (root_length == 0 || fstat(fd, &at) != 0 || !S_ISREG(at.st_mode)) return NULL;
  for (size_t i = 0; i < file_count; ++i)
    if (files[i].inode == at.st_ino && files[i].device == at.st_dev) return &files[i];
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return NULL;
  path[length] = 0;
  if (!is_ours(path)) return NULL;
  if (file_count == files_max) die("too many files");
  struct file* file = &files[file_count];
  *file = (struct file){.device = at.st_dev, .inode = at.st_ino, .own = raw_open(link, O_RDWR)};
  if (file->own < 0) die(path);
  ++file_count;
  return file;
}

static void remember(struct file* file, off_t offset, size_t length) {
  struct stat at;
  if (fstat(file->own, &at) != 0) die("fstat");
  const size_t replaced = offset >= at.st_size ? 0 : (size_t)(at.st_size - offset) < length ? (size_t)(at.st_size - offset) : length;
  struct change* change = malloc(sizeof *change + replaced);
  if (change == NULL) die("memory");
  *change = (struct change){.before = file->last, .number = ++number, .old_size = at.st_size, .offset = offset, .length = replaced};
  if (replaced > 0 && raw_pread(file->own, change->bytes, replaced, offset) != (ssize_t)replaced) die("read");
  file->last = change;
}

/// Frees the changes up to a number: they were covered by a sync that began after them.
static void forget(struct change** from, uint64_t until) {
  while (*from != NULL && (*from)->number > until) from = &(*from)->before;
  struct change* change = *from;
  *from = NULL;
  while (change != NULL) {
    struct change* before = change->before;
    free(change);
    change = before;
  }
}

static void forget_names(const struct stat* directory, uint64_t until) {
  for (struct name** at = &names; *at != NULL;) {
    struct name* name = *at;
    if (name->directory == directory->st_ino && name->device == directory->st_dev && name->number <= until) {
      *at = name->before;
      if (name->stash[0] != 0) syscall(SYS_unlinkat, AT_FDCWD, name->stash, 0);
      free(name);
    } else {
      at = &name->before;
    }
  }
}

/// The name at `path` is about to be made, moved to (from `from`) or removed.
static void remember_name(const char* path, const char* from, int gone) {
  struct name* name = calloc(1, sizeof *name);
  if (name == NULL) die("memory");
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%s", path);
  *strrchr(folder, '/') = 0;
  struct stat at;
  if (stat(folder, &at) != 0) die(folder);
  name->device = at.st_dev;
  name->directory = at.st_ino;
  name->number = ++number;
  name->before = names;
  snprintf(name->made, sizeof name->made, "%s", path);
  if (from != NULL) snprintf(name->from, sizeof name->from, "%s", from);
  if (gone || (from != NULL && access(path, F_OK) == 0)) {
    snprintf(name->stash, sizeof name->stash, "%s.stash/%llu", root, (unsigned long long)name->number);
    if (link(path, name->stash) != 0) die(name->stash);
  }
  names = name;
}

static void take_back_name(void) {
  struct name* name = names;
  names = name->before;
  free(name);
}

// ---- the cut ----

static uint64_t mixed(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

static int is_kept(uint64_t seed, const struct file* file, off_t at) {
  return seed != 0 && mixed(seed ^ mixed(file->inode ^ mixed((uint64_t)(at / sector)))) % 2 == 0;
}

static void put_back(const struct file* file, const struct change* change, uint64_t seed) {
  for (size_t done = 0; done < change->length;) {
    const off_t at = change->offset + (off_t)done;
    size_t piece = sector - (size_t)(at % sector);
    if (piece > change->length - done) piece = change->length - done;
    if (!is_kept(seed, file, at) && raw_pwrite(file->own, change->bytes + done, piece, at) != (ssize_t)piece) die("write");
    done += piece;
  }
}

static void undo(struct file* file, uint64_t seed) {
  static const char zeros[sector];
  if (file->last == NULL) return;
  off_t size = file->last->old_size;
  for (const struct change* change = file->last; change != NULL; change = change->before) {
    put_back(file, change, seed);
    size = change->old_size;
  }
  struct stat at;
  if (fstat(file->own, &at) != 0) die("fstat");
  // A longer file may keep its length: then what was lost of it reads as zeros.
  if (at.st_size > size && is_kept(seed, file, -1)) {
    for (off_t from = size; from < at.st_size; from += sector - from % sector) {
      const off_t end = from + sector - from % sector < at.st_size ? from + sector - from % sector : at.st_size;
      if (!is_kept(seed, file, from) && raw_pwrite(file->own, zeros, (size_t)(end - from), from) < 0) die("write");
    }
  } else if (syscall(SYS_ftruncate, file->own, size) != 0) {
    die("ftruncate");
  }
}

static void undo_name(const struct name* name) {
  struct stat at;
  if (name->from[0] != 0) {
    syscall(SYS_renameat2, AT_FDCWD, name->made, AT_FDCWD, name->from, 0);
  } else if (name->stash[0] == 0 && lstat(name->made, &at) == 0) {
    char aside[PATH_MAX + 48];
    snprintf(aside, sizeof aside, "%s.stash/lost-%llu", root, (unsigned long long)name->number);
    if (S_ISDIR(at.st_mode)) syscall(SYS_renameat2, AT_FDCWD, name->made, AT_FDCWD, aside, 0);
    else syscall(SYS_unlinkat, AT_FDCWD, name->made, 0);
  }
  if (name->stash[0] != 0) syscall(SYS_renameat2, AT_FDCWD, name->stash, AT_FDCWD, name->made, 0);
}

static void cut(uint64_t seed) {
  size_t lost = 0, count = 0, kept = 0;
  for (size_t i = 0; i < file_count; ++i) {
    for (const struct change* change = files[i].last; change != NULL; change = change->before) ++lost;
    undo(&files[i], seed);
  }
  for (const struct name* name = names; name != NULL; name = name->before) ++count;
  if (seed != 0) kept = mixed(seed) % (count + 1);
  dprintf(2, "drop_unsynced: %zu writes and %zu of %zu names undone\n", lost, count - kept, count);
  for (const struct name* name = names; name != NULL && count > kept; name = name->before, --count) undo_name(name);
  kill(getpid(), SIGKILL);
}

static void* wait_for_cut(void* unused) {
  (void)unused;
  char path[PATH_MAX + 8], line[64] = {0};
  snprintf(path, sizeof path, "%s.cut", root);
  const int pipe = raw_open(path, O_RDONLY);
  if (pipe < 0) die(path);
  if (read(pipe, line, sizeof line - 1) <= 0) die("pipe");
  // Whoever holds the mutex is between a call and its entry here; nothing is acknowledged from now on.
  pthread_mutex_lock(&mutex);
  char mode[8];
  unsigned long long seed = 0;
  if (sscanf(line, "%7s %llu", mode, &seed) != 2) die("pipe");
  cut(strcmp(mode, "torn") == 0 ? seed | 1 : 0);
  return NULL;
}

__attribute__((constructor)) static void start(void) {
  const char* directory = getenv("WARD_TEST_DIR");
  if (directory == NULL || realpath(directory, root) == NULL) return;
  unsetenv("LD_PRELOAD");  // for this process alone
  root_length = strlen(root);
  lies = getenv("WARD_TEST_LIE") != NULL;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  if (pthread_create(&thread, NULL, wait_for_cut, NULL) != 0) die("thread");
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// ---- the calls ----

#define REAL(result, call, ...) \
  static result (*real)(__VA_ARGS__); \
  if (real == NULL) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, call)

static int opened(const char* path, int flags, mode_t mode) {
  if (root_length == 0 || !is_ours(path) || (flags & (O_CREAT | O_TRUNC)) == 0) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  pthread_mutex_lock(&mutex);
  const int exists = access(path, F_OK) == 0;
  if (!exists && (flags & O_CREAT)) remember_name(path, NULL, 0);
  if (exists && (flags & O_TRUNC)) {
    const int fd = raw_open(path, O_RDWR);
    struct file* file = fd < 0 ? NULL : file_of(fd);
    if (file != NULL) remember(file, 0, SIZE_MAX);
  }
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  const int error = errno;
  if (fd < 0 && !exists && (flags & O_CREAT)) take_back_name();
  pthread_mutex_unlock(&mutex);
  errno = error;
  return fd;
}

static mode_t mode_of(int flags, va_list arguments) { return flags & O_CREAT ? (mode_t)va_arg(arguments, int) : 0; }

#define OPEN(function) \
  int function(const char* path, int flags, ...) { \
    va_list arguments; \
    va_start(arguments, flags); \
    const mode_t mode = mode_of(flags, arguments); \
    va_end(arguments); \
    return opened(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(function) \
  int function(int directory, const char* path, int flags, ...) { \
    va_list arguments; \
    va_start(arguments, flags); \
    const mode_t mode = mode_of(flags, arguments); \
    va_end(arguments); \
    return path[0] == '/' ? opened(path, flags, mode) : (int)syscall(SYS_openat, directory, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

static ssize_t written(int fd, const void* bytes, size_t count, off_t offset) {
  pthread_mutex_lock(&mutex);
  struct file* file = file_of(fd);
  if (file != NULL) remember(file, offset, count);
  const ssize_t done = raw_pwrite(fd, bytes, count, offset);
  pthread_mutex_unlock(&mutex);
  return done;
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) { return written(fd, bytes, count, offset); }
ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) { return written(fd, bytes, count, offset); }

static off_t place_of(int fd) {
  struct stat at;
  if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &at) == 0 ? at.st_size : 0;
  return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void* bytes, size_t count) {
  struct stat at;
  if (root_length == 0 || fstat(fd, &at) != 0 || !S_ISREG(at.st_mode)) return syscall(SYS_write, fd, bytes, count);
  pthread_mutex_lock(&mutex);
  struct file* file = file_of(fd);
  if (file != NULL) remember(file, place_of(fd), count);
  const ssize_t done = syscall(SYS_write, fd, bytes, count);
  pthread_mutex_unlock(&mutex);
  return done;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  struct stat at;
  if (root_length == 0 || fstat(fd, &at) != 0 || !S_ISREG(at.st_mode)) return syscall(SYS_writev, fd, parts, count);
  size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
  pthread_mutex_lock(&mutex);
  struct file* file = file_of(fd);
  if (file != NULL) remember(file, place_of(fd), bytes);
  const ssize_t done = syscall(SYS_writev, fd, parts, count);
  pthread_mutex_unlock(&mutex);
  return done;
}

static int truncated(int fd, off_t size) {
  pthread_mutex_lock(&mutex);
  struct file* file = file_of(fd);
  if (file != NULL) remember(file, size, SIZE_MAX);
  const int done = (int)syscall(SYS_ftruncate, fd, size);
  pthread_mutex_unlock(&mutex);
  return done;
}

int ftruncate(int fd, off_t size) { return truncated(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncated(fd, size); }

static int allocated(int fd, int mode, off_t offset, off_t length) {
  pthread_mutex_lock(&mutex);
  struct file* file = file_of(fd);
  if (file != NULL) remember(file, offset, mode == 0 ? 0 : (size_t)length);
  const int done = (int)syscall(SYS_fallocate, fd, mode, offset, length);
  pthread_mutex_unlock(&mutex);
  return done;
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return allocated(fd, mode, offset, length); }
int fallocate64(int fd, int mode, off64_t offset, off64_t length) { return allocated(fd, mode, offset, length); }
int posix_fallocate(int fd, off_t offset, off_t length) { return allocated(fd, 0, offset, length) == 0 ? 0 : errno; }
int posix_fallocate64(int fd, off64_t offset, off64_t length) { return allocated(fd, 0, offset, length) == 0 ? 0 : errno; }

static int synced(int fd, long call) {
  struct stat at;
  pthread_mutex_lock(&mutex);
  const uint64_t until = number;
  struct file* file = file_of(fd);
  pthread_mutex_unlock(&mutex);
  const int done = (int)syscall(call, fd);
  if (done != 0 || lies) return done;
  pthread_mutex_lock(&mutex);
  if (file != NULL) forget(&file->last, until);
  if (file == NULL && fstat(fd, &at) == 0 && S_ISDIR(at.st_mode)) forget_names(&at, until);
  pthread_mutex_unlock(&mutex);
  return done;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int moved(const char* from, const char* to) {
  if (root_length == 0 || !is_ours(to)) return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_lock(&mutex);
  remember_name(to, from, 0);
  const int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  const int error = errno;
  if (done != 0) take_back_name();
  pthread_mutex_unlock(&mutex);
  errno = error;
  return done;
}

int rename(const char* from, const char* to) { return moved(from, to); }

static int removed(const char* path) {
  struct stat at;
  if (root_length == 0 || !is_ours(path) || lstat(path, &at) != 0 || !S_ISREG(at.st_mode)) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  pthread_mutex_lock(&mutex);
  remember_name(path, NULL, 1);
  const int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  pthread_mutex_unlock(&mutex);
  return done;
}

int unlink(const char* path) { return removed(path); }

int remove(const char* path) {
  REAL(int, "remove", const char*);
  struct stat at;
  return root_length != 0 && is_ours(path) && lstat(path, &at) == 0 && S_ISREG(at.st_mode) ? removed(path) : real(path);
}

int mkdir(const char* path, mode_t mode) {
  if (root_length == 0 || !is_ours(path) || access(path, F_OK) == 0) return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  pthread_mutex_lock(&mutex);
  remember_name(path, NULL, 0);
  const int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  const int error = errno;
  if (done != 0) take_back_name();
  pthread_mutex_unlock(&mutex);
  errno = error;
  return done;
}
