/* task.c - length-prefixed messages over a stream socket. */
#include "work/task.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

const char *task_kind_name(enum task_kind k) {
    static const char *const names[] = {"query", "write", "convert", "facts",
                                        "sniff", "trino", "ping"};
    assert((size_t)k < COUNT_OF(names));
    return names[k];
}

static int write_all(int fd, const char *p, size_t len) {
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int task_write(int fd, struct bytes json_text, struct err *e) {
    uint8_t head[4];
    if (json_text.len > TASK_MESSAGE_MAX) {
        return err_set(e, ERR_INTERNAL, "A task message of %zu bytes is too large.", json_text.len);
    }
    for (int i = 0; i < 4; i++) {
        head[i] = (uint8_t)(json_text.len >> (8 * i));
    }
    int rc = write_all(fd, (const char *)head, sizeof head);
    rc = rc ? rc : write_all(fd, json_text.ptr, json_text.len);
    return rc ? err_set_errno(e, ERR_IO, -rc, "A task message could not be sent") : 0;
}

/* Exactly len bytes: 1, or 0 at end of stream, or -errno. */
static int read_all(int fd, char *p, size_t len) {
    while (len > 0) {
        ssize_t n = read(fd, p, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : 0;
        }
        p += n;
        len -= (size_t)n;
    }
    return 1;
}

int task_read(int fd, struct buf *out, struct err *e) {
    uint8_t head[4];
    int more = read_all(fd, (char *)head, sizeof head);
    if (more <= 0) {
        return more ? err_set_errno(e, ERR_IO, -more, "A task message could not be read") : 0;
    }
    size_t len =
        (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (len > TASK_MESSAGE_MAX) {
        return err_set(e, ERR_CORRUPT, "A task message claims %zu bytes.", len);
    }
    char *p = buf_reserve(out, len + 1);
    if (!p) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    more = read_all(fd, p, len);
    if (more <= 0) {
        return more ? err_set_errno(e, ERR_IO, -more, "A task message could not be read") : 0;
    }
    out->len += len;
    return 1;
}
