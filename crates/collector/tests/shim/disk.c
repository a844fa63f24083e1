/* A disk that loses what was not synced, and that fails when it is told to: loaded into the collector before libc (LD_PRELOAD).
 *
 * Promise: what is below DISK_ROOT behaves as usual until the power is cut. Then each file holds what it held when it was last
 * synced, and some of what was written to it since; and the names in each directory are those that it had when it was last synced,
 * and some of those that came or went since, in their order. The process ends there and then.
 *
 * A step is whatever changes the disk or syncs it: a write, a truncation, a sync, a name that comes, goes or changes.
 *
 *   DISK_ROOT  the directory, absolute
 *   DISK_CUT   the number of the step before which the power is cut; `end`: when the process ends by itself
 *   DISK_FILE  the file name whose steps alone DISK_CUT counts
 *   DISK_SEED  a number that decides what survives
 *   DISK_DEAF  `1`: syncs do nothing, as with a drive that lies
 *   DISK_FAIL  first:count:errno, the steps that fail; a sync that fails loses what was written since the last one for good
 *   DISK_LOG   a file that each step adds a line to
 *
 * For each file the shim keeps what the disk holds (its platter) and the changes since. What is mapped into memory is not looked
 * at: SQLite's -shm file, which no reader trusts after a crash, holds noise after a cut.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct change {
    struct change *newer;
    off_t offset;
    size_t length; /* of bytes; none: the file was cut, or grew, to `offset` */
    char bytes[];
};

struct file {
    struct file *other;
    dev_t dev;
    ino_t ino;
    int fd;       /* never closed: closing it would end the locks that the process has on the file */
    int platter;  /* what the disk holds; -1 of a file that is mapped */
    struct change *oldest, *newest;
    char name[64];
};

enum name { CAME, WENT, MOVED, MADE };

struct entry {
    struct entry *older;
    enum name what;
    dev_t dev; /* of the directory */
    ino_t ino;
    char path[PATH_MAX], from[PATH_MAX], aside[PATH_MAX]; /* aside: the file that had the name before */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static const char *cut_file;
static uint64_t step, cut, cut_count, fail_first, fail_count, random_state;
static int cut_at_end, deaf, fail_errno, log_fd = -1;
static struct file *files;
static struct entry *entries;

static void die(const char *what) {
    dprintf(2, "disk shim: %s: %s\n", what, strerror(errno));
    syscall(SYS_exit_group, 99);
}

static uint64_t below(uint64_t end) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % end;
}

static uint64_t number(const char *name) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("DISK_ROOT");
    if (!text || !realpath(text, root)) return;
    root_length = strlen(root);
    text = getenv("DISK_CUT");
    cut_at_end = text && !strcmp(text, "end");
    cut = number("DISK_CUT");
    cut_file = getenv("DISK_FILE");
    deaf = number("DISK_DEAF") == 1;
    random_state = number("DISK_SEED") * 2 + 1;
    if ((text = getenv("DISK_FAIL")))
        sscanf(text, "%lu:%lu:%d", &fail_first, &fail_count, &fail_errno);
    if ((text = getenv("DISK_LOG")))
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int is_below(const char *path) {
    return root_length && path && !strncmp(path, root, root_length) && path[root_length] == '/';
}

static ssize_t put(int fd, const void *bytes, size_t length, off_t offset) {
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

static void apply(int fd, const struct change *change) {
    if (!change->length) {
        if (syscall(SYS_ftruncate, fd, change->offset)) die("ftruncate");
    } else if (put(fd, change->bytes, change->length, change->offset) != (ssize_t)change->length) {
        die("pwrite");
    }
}

static struct file *find(int fd) {
    struct stat stat;
    if (!files || fstat(fd, &stat) || !S_ISREG(stat.st_mode)) return NULL;
    for (struct file *file = files; file; file = file->other)
        if (file->dev == stat.st_dev && file->ino == stat.st_ino) return file;
    return NULL;
}

/* Copies all of one file over another. */
static void copy(int from, int to) {
    char block[65536];
    off_t at = 0;
    ssize_t count;
    if (syscall(SYS_ftruncate, to, 0)) die("ftruncate");
    while ((count = syscall(SYS_pread64, from, block, sizeof block, at)) > 0) {
        if (put(to, block, count, at) != count) die("pwrite");
        at += count;
    }
    if (count < 0) die("pread");
}

/* Watches a file from now on; it is on disk as it is. */
static void watch(const char *path) {
    size_t length = strlen(path);
    int mapped = length > 4 && !strcmp(path + length - 4, "-shm");
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    struct stat stat;
    /* Kept open even where it is watched already: see `fd`. */
    if (fd < 0 || find(fd) || fstat(fd, &stat) || !S_ISREG(stat.st_mode)) return;
    struct file *file = calloc(1, sizeof *file);
    file->dev = stat.st_dev;
    file->ino = stat.st_ino;
    file->fd = fd;
    snprintf(file->name, sizeof file->name, "%s", strrchr(path, '/') + 1);
    file->platter = mapped ? -1 : memfd_create("platter", MFD_CLOEXEC);
    if (!mapped) copy(fd, file->platter);
    file->other = files;
    files = file;
}

static void note(struct file *file, const void *bytes, size_t length, off_t offset) {
    if (file->platter < 0) return;
    struct change *change = malloc(sizeof *change + length);
    change->newer = NULL;
    change->offset = offset;
    change->length = length;
    if (length) memcpy(change->bytes, bytes, length);
    if (file->newest) file->newest->newer = change;
    else file->oldest = change;
    file->newest = change;
}

/* Ends the wait of all changes: they are on disk, or never will be. */
static void settle(struct file *file, int on_disk) {
    struct change *newer;
    for (struct change *change = file->oldest; change; change = newer) {
        newer = change->newer;
        if (on_disk && file->platter >= 0) apply(file->platter, change);
        free(change);
    }
    file->oldest = file->newest = NULL;
}

/* ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void enter(enum name what, const char *path, const char *from, const char *aside) {
    char directory[PATH_MAX];
    struct stat stat_;
    struct entry *entry = calloc(1, sizeof *entry);
    snprintf(directory, sizeof directory, "%s", path);
    if (stat(dirname(directory), &stat_)) die("stat");
    entry->what = what;
    entry->dev = stat_.st_dev;
    entry->ino = stat_.st_ino;
    snprintf(entry->path, PATH_MAX, "%s", path);
    snprintf(entry->from, PATH_MAX, "%s", from ? from : "");
    snprintf(entry->aside, PATH_MAX, "%s", aside ? aside : "");
    entry->older = entries;
    entries = entry;
}

/* Gives the file that has a name another one, so that it can get the first one back. */
static const char *keep(const char *path, char *aside) {
    static unsigned count;
    char directory[PATH_MAX];
    snprintf(directory, sizeof directory, "%s", path);
    snprintf(aside, PATH_MAX, "%s/.disk-%d-%u", dirname(directory), getpid(), count++);
    return syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, aside, 0) ? NULL : aside;
}

static void forget(struct entry *entry) {
    if (*entry->aside) syscall(SYS_unlinkat, AT_FDCWD, entry->aside, 0);
    free(entry);
}

/* The names of a directory are on disk. */
static void settle_names(const struct stat *directory) {
    for (struct entry **at = &entries; *at;) {
        struct entry *entry = *at;
        if (entry->dev == directory->st_dev && entry->ino == directory->st_ino) {
            *at = entry->older;
            forget(entry);
        } else {
            at = &entry->older;
        }
    }
}

static void undo(const struct entry *entry) {
    char aside[PATH_MAX];
    switch (entry->what) {
    case CAME:
        syscall(SYS_unlinkat, AT_FDCWD, entry->path, 0);
        break;
    case WENT:
        syscall(SYS_renameat, AT_FDCWD, entry->aside, AT_FDCWD, entry->path);
        break;
    case MOVED:
        syscall(SYS_renameat, AT_FDCWD, entry->path, AT_FDCWD, entry->from);
        if (*entry->aside) syscall(SYS_renameat, AT_FDCWD, entry->aside, AT_FDCWD, entry->path);
        break;
    case MADE:
        snprintf(aside, sizeof aside, "%.*s/.lost-%d-%lu", (int)root_length, root, getpid(), (unsigned long)step);
        syscall(SYS_renameat, AT_FDCWD, entry->path, AT_FDCWD, aside);
        break;
    }
}

/* ── the cut ───────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* What survives of a change: pieces at random. */
static void tear(int fd, const struct change *change, size_t sector) {
    size_t done = 0;
    while (done < change->length) {
        size_t piece = sector - (size_t)((change->offset + done) % sector);
        if (piece > change->length - done) piece = change->length - done;
        if (below(2) && put(fd, change->bytes + done, piece, change->offset + done) != (ssize_t)piece) die("pwrite");
        done += piece;
    }
}

/* What survives of a file's changes, in one of several ways. */
static void lose(struct file *file, unsigned way) {
    uint64_t count = 0, left;
    struct change *change;
    for (change = file->oldest; change; change = change->newer) count++;
    left = count ? below(count + 1) : 0;
    for (change = file->oldest; change; change = change->newer) {
        int survives = 0;
        switch (way) {
        case 0: break;                                /* nothing */
        case 1: survives = 1; break;                  /* all, as after kill -9 */
        case 2: survives = (int)below(2); break;      /* some, in any order */
        case 3: tear(file->platter, change, 512); break;
        case 4: tear(file->platter, change, 4096); break;
        case 5:                                       /* the first ones, and a part of the next */
            survives = left > 0;
            if (left == 0) tear(file->platter, change, 512);
            if (left-- == 0) way = 0;
            break;
        }
        if (survives) apply(file->platter, change);
    }
    copy(file->platter, file->fd);
}

static void power_off(void) {
    char noise[4096];
    unsigned way = (unsigned)below(6);
    for (struct file *file = files; file; file = file->other) {
        if (file->platter >= 0) {
            lose(file, way);
        } else if (below(2)) {
            for (size_t at = 0; at < sizeof noise; at++) noise[at] = (char)below(256);
            for (off_t at = 0; at < 32768; at += sizeof noise) put(file->fd, noise, sizeof noise, at);
        }
    }
    uint64_t count = 0;
    for (struct entry *entry = entries; entry; entry = entry->older) count++;
    uint64_t undone = way == 0 ? count : way == 1 ? 0 : below(count + 1);
    for (struct entry *entry = entries; entry; entry = entry->older) {
        if (undone > 0) undo(entry), undone--;
        else if (*entry->aside) syscall(SYS_unlinkat, AT_FDCWD, entry->aside, 0);
    }
    if (log_fd >= 0) dprintf(log_fd, "%lu cut way %u\n", (unsigned long)step, way);
}

__attribute__((destructor)) static void end(void) {
    if (!root_length) return;
    pthread_mutex_lock(&lock);
    if (cut_at_end) power_off();
    else for (struct entry *entry = entries; entry; entry = entry->older)
        if (*entry->aside) syscall(SYS_unlinkat, AT_FDCWD, entry->aside, 0);
    pthread_mutex_unlock(&lock);
}

/* Counts a step, with the lock held: 0, or what it fails with. */
static int take(const char *what, const char *path) {
    step++;
    if (log_fd >= 0) dprintf(log_fd, "%lu %s %s\n", (unsigned long)step, what, path);
    const char *name = strrchr(path, '/');
    cut_count += !cut_file || !strcmp(cut_file, name ? name + 1 : path);
    if (cut_count == cut) {
        power_off();
        /* The lock is kept: nobody changes anything any more. */
        syscall(SYS_kill, getpid(), SIGKILL);
        for (;;) pause();
    }
    return step >= fail_first && step - fail_first < fail_count ? fail_errno : 0;
}

static int failed(int error) {
    pthread_mutex_unlock(&lock);
    errno = error;
    return -1;
}

/* ── what libc would do ────────────────────────────────────────────────────────────────────────────────────────────────── */

static ssize_t write_at(int fd, const void *bytes, size_t length, off_t offset, int moves) {
    pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    if (!file) {
        pthread_mutex_unlock(&lock);
        return moves ? syscall(SYS_write, fd, bytes, length) : put(fd, bytes, length, offset);
    }
    int error = take("write", file->name);
    struct stat stat;
    if (moves) offset = fcntl(fd, F_GETFL) & O_APPEND && !fstat(fd, &stat) ? stat.st_size : lseek(fd, 0, SEEK_CUR);
    /* What fails may be there in part. */
    if (error) {
        if (error == EIO && length > 1 && put(fd, bytes, length / 2, offset) == (ssize_t)(length / 2))
            note(file, bytes, length / 2, offset);
        return failed(error);
    }
    ssize_t count = moves ? syscall(SYS_write, fd, bytes, length) : put(fd, bytes, length, offset);
    int said = errno;
    if (count > 0) note(file, bytes, (size_t)count, offset);
    pthread_mutex_unlock(&lock);
    errno = said;
    return count;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    return write_at(fd, bytes, length, 0, 1);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return write_at(fd, bytes, length, offset, 0);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
    return write_at(fd, bytes, length, offset, 0);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    struct stat stat;
    if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) return syscall(SYS_writev, fd, parts, count);
    /* May write less than all. */
    for (int part = 0; part < count; part++)
        if (parts[part].iov_len) return write(fd, parts[part].iov_base, parts[part].iov_len);
    return 0;
}

int ftruncate(int fd, off_t length) {
    pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    int error = file ? take("truncate", file->name) : 0;
    if (error) return failed(error);
    int done = (int)syscall(SYS_ftruncate, fd, length), said = errno;
    if (!done && file) note(file, NULL, 0, length);
    pthread_mutex_unlock(&lock);
    errno = said;
    return done;
}

int ftruncate64(int fd, off_t length) {
    return ftruncate(fd, length);
}

static int sync_file(int fd, long call) {
    struct stat stat;
    pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    int directory = !file && root_length && !fstat(fd, &stat) && S_ISDIR(stat.st_mode);
    if (!file && !directory) {
        pthread_mutex_unlock(&lock);
        return (int)syscall(call, fd);
    }
    int error = take(file ? "sync" : "sync names", file ? file->name : "");
    if (error) {
        /* As Linux does: the pages count as written, and the next sync knows nothing of them. */
        if (file) settle(file, 0);
        return failed(error);
    }
    if (!deaf) {
        if (file) settle(file, 1);
        else settle_names(&stat);
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) {
    return sync_file(fd, SYS_fsync);
}

int fdatasync(int fd) {
    return sync_file(fd, SYS_fdatasync);
}

static int open_below(int at, const char *path, int flags, mode_t mode) {
    if (!is_below(path) || (flags & O_ACCMODE) == O_RDONLY)
        return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat stat_;
    int was = !stat(path, &stat_), creates = !was && flags & O_CREAT;
    if (was) watch(path);
    int error = creates || (was && flags & O_TRUNC) ? take("open", path) : 0;
    if (error) return failed(error);
    int fd = (int)syscall(SYS_openat, at, path, flags, mode), said = errno;
    if (fd >= 0 && creates) {
        enter(CAME, path, NULL, NULL);
        watch(path);
    } else if (fd >= 0 && flags & O_TRUNC) {
        struct file *file = find(fd);
        if (file) note(file, NULL, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = said;
    return fd;
}

#define OPEN(name, before, at) \
    int name(before const char *path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list more; \
            va_start(more, flags); \
            mode = va_arg(more, mode_t); \
            va_end(more); \
        } \
        return open_below(at, path, flags, mode); \
    }
#define NOTHING
#define DIRECTORY int directory,
OPEN(open, NOTHING, AT_FDCWD)
OPEN(open64, NOTHING, AT_FDCWD)
OPEN(openat, DIRECTORY, directory)
OPEN(openat64, DIRECTORY, directory)

int unlink(const char *path) {
    char aside[PATH_MAX];
    if (!is_below(path)) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    pthread_mutex_lock(&lock);
    int error = access(path, F_OK) ? 0 : take("unlink", path);
    if (error) return failed(error);
    const char *kept = keep(path, aside);
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0), said = errno;
    if (!done && kept) enter(WENT, path, NULL, kept);
    pthread_mutex_unlock(&lock);
    errno = said;
    return done;
}

int rename(const char *from, const char *to) {
    char aside[PATH_MAX];
    if (!is_below(to)) return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    pthread_mutex_lock(&lock);
    int error = take("rename", to);
    if (error) return failed(error);
    const char *kept = access(to, F_OK) ? NULL : keep(to, aside);
    int done = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to), said = errno;
    if (!done) enter(MOVED, to, from, kept);
    pthread_mutex_unlock(&lock);
    errno = said;
    return done;
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags) {
    if (!is_below(to)) return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
    pthread_mutex_lock(&lock);
    int error = take("link", to);
    if (error) return failed(error);
    int done = (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags), said = errno;
    if (!done) enter(CAME, to, NULL, NULL);
    pthread_mutex_unlock(&lock);
    errno = said;
    return done;
}

int link(const char *from, const char *to) {
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdir(const char *path, mode_t mode) {
    if (!is_below(path)) return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    pthread_mutex_lock(&lock);
    int error = take("mkdir", path);
    if (error) return failed(error);
    int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode), said = errno;
    if (!done) enter(MADE, path, NULL, NULL);
    pthread_mutex_unlock(&lock);
    errno = said;
    return done;
}
