/* Text files and grok patterns. The first byte says which: 'g' grok (the first line the format, the
 * rest the table's own patterns), else the rest is a file whose name says what it is compressed
 * with: it gives lines to its end or an error, never a crash. */
#include "base/arena.h"
#include "duck/text_grok.h"
#include "duck/text_source.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void run_grok(struct bytes in) {
    struct bytes format, custom = bytes_cut(in, '\n', &format);
    struct arena a;
    struct grok g;
    struct err e = {0};
    arena_init(&a, 0);
    if (grok_compile(&a, format, custom, &g, &e))
        assert(e.code == ERR_SQL || e.code == ERR_NOMEM);
    else
        assert(g.count <= GROK_GROUPS && g.regex.len <= (2u << 20));
    arena_clear(&a);
}

static void run_lines(const char *path) {
    struct text_lines l;
    struct err e = {0};
    struct bytes line;
    int64_t offset, before = -1;
    int rc = text_lines_open(&l, path, 0, &e);
    for (int i = 0; rc >= 0 && i < 100000; i++) {
        rc = text_lines_next(&l, &line, &offset, &e);
        if (rc <= 0)
            break;
        assert(offset > before && !memchr(line.ptr, '\n', line.len));
        before = offset;
    }
    text_lines_close(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct {
        char mode;
        const char *suffix;
    } modes[] = {{'z', ".gz"}, {'b', ".bz2"}, {'d', ".zst"}, {'s', ".snappy"}, {'p', ".txt"}};
    if (size < 1 || size > 65536)
        return 0;
    if (data[0] == 'g') {
        run_grok(bytes_of(data + 1, size - 1));
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        char path[64];
        if (data[0] != (uint8_t)modes[i].mode)
            continue;
        snprintf(path, sizeof path, "/dev/shm/tarn-fuzz-%d%s", (int)getpid(), modes[i].suffix);
        int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
        if (fd < 0)
            return 0;
        bool whole = write(fd, data + 1, size - 1) == (ssize_t)(size - 1);
        close(fd);
        if (whole)
            run_lines(path);
        unlink(path);
    }
    return 0;
}
