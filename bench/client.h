/* client.h - the smallest HTTP/1.1 client, for load generators: one connection, one request at a
 * time, whole answers in the caller's room. Nothing is allocated and nothing parsed that is not
 * needed, since a generator shares the machine with the server that it measures. */
#ifndef TARN_BENCH_CLIENT_H
#define TARN_BENCH_CLIENT_H

#include "base/bytes.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connection to the port of this machine; -1 when it is refused. */
static inline int client_dial(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static inline bool client_send(int fd, struct bytes v) {
    while (v.len > 0) {
        ssize_t n = send(fd, v.ptr, v.len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        v = bytes_slice(v, (size_t)n, v.len);
    }
    return true;
}

/* The value of a header in `head`, empty when absent. */
static inline struct bytes client_header(struct bytes head, const char *name) {
    struct bytes rest = head, line, field;
    while (rest.ptr) {
        rest = bytes_cut(rest, '\n', &line);
        struct bytes value = bytes_cut(line, ':', &field);
        if (bytes_eq_nocase(field, bytes_str(name)))
            return bytes_trim(value);
    }
    return (struct bytes){0};
}

/* True when `reply` holds a whole response, by its length or its last chunk. */
static inline bool client_is_complete(struct bytes reply) {
    ptrdiff_t end = bytes_find(reply, BYTES("\r\n\r\n"));
    uint64_t length;
    if (end < 0)
        return false;
    struct bytes head = bytes_slice(reply, 0, (size_t)end);
    if (bytes_to_u64(client_header(head, "content-length"), &length))
        return reply.len >= (size_t)end + 4 + length;
    return bytes_ends_with(reply, BYTES("0\r\n\r\n"));
}

/* A whole response; empty when the connection broke or `room` was too small. */
static inline struct bytes client_read(int fd, char *room, size_t room_len) {
    size_t len = 0;
    while (len < room_len && !client_is_complete(bytes_of(room, len))) {
        ssize_t n = recv(fd, room + len, room_len - len, 0);
        if (n <= 0)
            return (struct bytes){0};
        len += (size_t)n;
    }
    return client_is_complete(bytes_of(room, len)) ? bytes_of(room, len) : (struct bytes){0};
}

static inline int client_compare_u32(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

#endif
