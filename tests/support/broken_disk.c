/* Loaded before the C library: a disk that takes no more writes.
   While the symbolic link named by BROKEN_DISK exists, whatever would change a regular file fails with the error whose
   number the link holds. Reading goes on, as on a file system that the kernel made read-only after an error. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int is_broken(void) {
  const char *link = getenv("BROKEN_DISK");
  char number[16];
  ssize_t length = link ? readlink(link, number, sizeof number - 1) : -1;
  if (length < 0) return 0;
  number[length] = 0;
  errno = atoi(number);
  return 1;
}

static int is_stuck(int fd) {
  struct stat stat;
  return fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && is_broken();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) { return is_stuck(fd) ? -1 : REAL(write)(fd, bytes, count); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return is_stuck(fd) ? -1 : REAL(pwrite)(fd, bytes, count, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return is_stuck(fd) ? -1 : REAL(pwrite64)(fd, bytes, count, at); }
int ftruncate(int fd, off_t length) { return is_stuck(fd) ? -1 : REAL(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { return is_stuck(fd) ? -1 : REAL(ftruncate64)(fd, length); }
int fsync(int fd) { return is_stuck(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return is_stuck(fd) ? -1 : REAL(fdatasync)(fd); }

#define OPENS(name)                                                          \
  int name(const char *path, int flags, ...) {                               \
    mode_t mode = 0;                                                         \
    if (flags & O_CREAT) {                                                   \
      va_list rest;                                                          \
      va_start(rest, flags);                                                 \
      mode = va_arg(rest, mode_t);                                           \
      va_end(rest);                                                          \
    }                                                                        \
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);       \
    if (writes && is_broken()) return -1;                                    \
    return REAL(name)(path, flags, mode);                                    \
  }
OPENS(open)
OPENS(open64)
