/* Stands between the binary and the C library, where SQLite and the clock call the system: makes calls fail, makes syncs lie, moves the wall clock.
 *
 * What it does stands in a file that the test and this library share (HUBTEST_SHIM), as numbers of 64 bits in the places below. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum place { CALL, OF_FILE, FROM, TO, FAILURE, SEEN, FAILED, CLOCK_SECONDS, SYNCS, PLACES };
enum call { NONE, SYNC, WRITE, TRUNCATE, OPEN, MAP, READ };
enum file { ANY, DATABASE, LOG, INDEX, FILES };
enum syncs { HONEST, NEVER, LOG_AT_CHECKPOINTS };

/* A failure that is none of the system's: half of what was to be written is, and the call says so. */
#define HALF (-1)
#define MAX_FILES 65536

static _Atomic int64_t *told;
static _Atomic char file_of[MAX_FILES];
/* The log's descriptor, where it was written and not synced. */
static _Atomic int unsynced_log = -1;
static _Atomic int new_header;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("HUBTEST_SHIM");
  int file = path ? open(path, O_RDWR) : -1;
  if (file < 0) abort();
  void *page = mmap(NULL, PLACES * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (page == MAP_FAILED) abort();
  close(file);
  told = page;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char kind_of(const char *path) {
  static const char *const ends[FILES] = {NULL, "/hub.db", "/hub.db-wal", "/hub.db-shm"};
  size_t length = strlen(path);
  for (char kind = DATABASE; kind < FILES; kind++) {
    size_t end = strlen(ends[(int)kind]);
    if (length >= end && strcmp(path + length - end, ends[(int)kind]) == 0) return kind;
  }
  return ANY;
}

static char kind(int file) { return file >= 0 && file < MAX_FILES ? file_of[file] : ANY; }

/* How this call fails; 0 if it does not. */
static int64_t failure(enum call call, char file) {
  if (!told || told[CALL] != call || file == ANY) return 0;
  if (told[OF_FILE] != ANY && told[OF_FILE] != file) return 0;
  int64_t number = ++told[SEEN];
  if (number < told[FROM] || number > told[TO]) return 0;
  told[FAILED]++;
  return told[FAILURE];
}

static int fails(enum call call, char file) {
  int64_t how = failure(call, file);
  if (how > 0) errno = (int)how;
  return how > 0;
}

int open64(const char *path, int flags, ...) {
  va_list words;
  va_start(words, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(words, mode_t) : 0;
  va_end(words);
  char file = kind_of(path);
  if (fails(OPEN, file)) return -1;
  int opened = REAL(open64)(path, flags, mode);
  if (opened >= 0 && opened < MAX_FILES) file_of[opened] = file;
  return opened;
}

int close(int file) {
  if (file >= 0 && file < MAX_FILES) file_of[file] = ANY;
  int known = file;
  atomic_compare_exchange_strong(&unsynced_log, &known, -1);
  return REAL(close)(file);
}

static int sync_of(int file, int (*real)(int)) {
  char which = kind(file);
  if (fails(SYNC, which)) return -1;
  if (told && which != ANY) {
    if (told[SYNCS] == NEVER) return 0;
    if (told[SYNCS] == LOG_AT_CHECKPOINTS && which == LOG && !atomic_exchange(&new_header, 0)) {
      unsynced_log = file;
      return 0;
    }
  }
  return real(file);
}

int fsync(int file) { return sync_of(file, REAL(fsync)); }
int fdatasync(int file) { return sync_of(file, REAL(fdatasync)); }

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  char which = kind(file);
  if (told && told[SYNCS] == LOG_AT_CHECKPOINTS) {
    if (which == LOG && at == 0) new_header = 1;
    /* A checkpoint: the log is on disk before the database takes over from it. */
    int log = which == DATABASE ? atomic_exchange(&unsynced_log, -1) : -1;
    if (log >= 0) REAL(fsync)(log);
  }
  int64_t how = failure(WRITE, which);
  if (how > 0) {
    errno = (int)how;
    return -1;
  }
  return REAL(pwrite64)(file, bytes, how == HALF ? count / 2 : count, at);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t at) {
  return fails(READ, kind(file)) ? -1 : REAL(pread64)(file, bytes, count, at);
}

int ftruncate64(int file, off64_t length) {
  return fails(TRUNCATE, kind(file)) ? -1 : REAL(ftruncate64)(file, length);
}

void *mmap64(void *at, size_t length, int may, int flags, int file, off64_t from) {
  if (fails(MAP, kind(file))) return MAP_FAILED;
  return REAL(mmap64)(at, length, may, flags, file, from);
}

static time_t shift(void) { return told ? (time_t)told[CLOCK_SECONDS] : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
  int said = REAL(clock_gettime)(clock, now);
  if (said == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
  return said;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int said = REAL(gettimeofday)(now, zone);
  if (said == 0) now->tv_sec += shift();
  return said;
}

time_t time(time_t *now) {
  time_t said = REAL(time)(NULL) + shift();
  if (now) *now = said;
  return said;
}
