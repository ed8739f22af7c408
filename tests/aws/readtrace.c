/* readtrace.c - preloaded by test_bytes.py: writes down what is read of Parquet files.
 *
 * Each read or pread of a file whose path ends in ".parquet" appends "offset length path" to the
 * file that READTRACE names, by one write, so that lines of threads and processes do not mix. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static void note(int fd, off_t at, ssize_t n) {
    static const char suffix[] = ".parquet";
    const char *log = getenv("READTRACE");
    char link[64], path[4096], line[4200];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = log && n > 0 ? readlink(link, path, sizeof path - 1) : -1;
    if (len < (ssize_t)sizeof suffix - 1)
        return;
    path[len] = 0;
    if (strcmp(path + len - (sizeof suffix - 1), suffix) != 0)
        return;
    int size = snprintf(line, sizeof line, "%lld %zd %s\n", (long long)at, n, path);
    int out = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (out < 0 || write(out, line, (size_t)size) != size)
        abort();
    close(out);
}

ssize_t pread(int fd, void *to, size_t n, off_t at) {
    ssize_t (*real)(int, void *, size_t, off_t);
    *(void **)&real = dlsym(RTLD_NEXT, "pread");
    ssize_t got = real(fd, to, n, at);
    note(fd, at, got);
    return got;
}
ssize_t pread64(int fd, void *to, size_t n, off_t at) {
    return pread(fd, to, n, at);
}
ssize_t read(int fd, void *to, size_t n) {
    ssize_t (*real)(int, void *, size_t);
    *(void **)&real = dlsym(RTLD_NEXT, "read");
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t got = real(fd, to, n);
    if (at >= 0)
        note(fd, at, got);
    return got;
}
