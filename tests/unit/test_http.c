/* test_http.c - replies at once, later and from other threads; ports; closing with work under way;
 * the body filters piece by piece. */
#include "base/mem.h"
#include "http/http_int.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a handler that answers as the path says ---- */

static void *answer_later(void *arg) {
    struct http_request *r = arg;
    bool slow = bytes_eq(r->raw_path, BYTES("/slow"));
    if (slow)
        usleep(300 * 1000);
    http_reply(r, 200, "text/plain", arena_fmt(&r->arena, "later %.*s", BYTES_ARG(r->body)));
    return NULL;
}

static void handle(void *ctx, struct http_request *r) {
    pthread_t t;
    struct buf b = {0};
    if (bytes_eq(r->raw_path, BYTES("/now"))) {
        buf_add_fmt(&b, "%.*s %zu bytes q=%.*s", BYTES_ARG(r->method), r->body.len,
                    BYTES_ARG(http_query(r, "q")));
        http_reply_header(r, "X-Split", BYTES("a\r\nInjected: 1"));
        http_reply_buf(r, 200, "text/plain", &b);
        return;
    }
    assert(pthread_create(&t, NULL, answer_later, r) == 0);
    pthread_detach(t);
}

static struct http_server *open_server(int port, int *rc, struct err *e) {
    struct http_options o = {.clock = clock_system(), .port = port, .handle = handle};
    struct http_server *s = NULL;
    *rc = http_open(&o, &s, e);
    return s;
}

static int dial(const struct http_server *s) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(s))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void say(int fd, const char *text) {
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until the connection closes or `until` has come. */
static void hear(int fd, const char *until, char *out, size_t cap) {
    size_t n = 0;
    out[0] = 0;
    while (n + 1 < cap && !strstr(out, until)) {
        ssize_t got = recv(fd, out + n, cap - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        out[n] = 0;
    }
    if (!strstr(out, until))
        fail_msg("no '%s' in:\n%s", until, out);
}

static void test_replies(void **state) {
    int rc;
    char out[4096];
    struct http_server *s = open_server(0, &rc, NULL);
    assert_int_equal(rc, 0);
    int fd = dial(s);
    for (int i = 0; i < 200; i++) { /* one connection, both kinds */
        say(fd, "POST /now?a=1&q=x%20y+z HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        hear(fd, "POST 5 bytes q=x y z", out, sizeof(out));
        assert_non_null(strstr(out, "x-amzn-RequestId: "));
        assert_non_null(strstr(out, "X-Split: a  Injected: 1"));
        say(fd, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        hear(fd, "later abc", out, sizeof(out));
    }
    close(fd);
    http_close(&s);
    assert_null(s);
    assert_int_equal(mem_test_live_blocks(), 0);
}

static void test_close_waits(void **state) {
    int rc;
    char out[4096];
    struct http_server *s = open_server(0, &rc, NULL);
    assert_int_equal(rc, 0);
    int fd = dial(s), half = dial(s);
    say(fd, "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    say(half, "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\nabc");
    usleep(100 * 1000);
    http_close(&s); /* the slow one is answered first; the half one is dropped */
    hear(fd, "later abc", out, sizeof(out));
    assert_int_equal(recv(half, out, sizeof(out), 0), 0);
    close(fd);
    close(half);
    assert_int_equal(mem_test_live_blocks(), 0);
}

static void test_client_leaves(void **state) {
    int rc;
    struct http_server *s = open_server(0, &rc, NULL);
    assert_int_equal(rc, 0);
    for (int i = 0; i < 20; i++) {
        int fd = dial(s);
        say(fd, "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        close(fd); /* the reply finds nobody */
    }
    usleep(400 * 1000);
    http_close(&s);
    assert_int_equal(mem_test_live_blocks(), 0);
}

static void test_port_taken(void **state) {
    int rc;
    struct err e = {0};
    struct http_server *s = open_server(0, &rc, &e), *again = open_server(http_port(s), &rc, &e);
    assert_null(again);
    assert_int_equal(rc, ERR_USAGE);
    assert_non_null(strstr(e.text, "taken"));
    http_close(&s);
}

/* ---- body filters ---- */

static int feed(const char *text, size_t step, struct body *b, struct arena *a, struct err *e) {
    struct body_options o = {.arena = a,
                             .decoded_bytes = UINT64_MAX,
                             .max_bytes = 64,
                             .spool_over_bytes = 1024,
                             .aws_chunked = true};
    struct bytes data = bytes_str(text);
    int rc = body_init(b, &o, e);
    for (size_t i = 0; rc == 0 && i < data.len; i += step)
        rc = body_write(b, bytes_slice(data, i, i + step), e);
    return rc ? rc : body_finish(b, e);
}

static void test_aws_chunked(void **state) {
    static const char good[] = "5;x=y\r\nhello\r\n0A\r\n, chunked!\r\n0\r\na:b\r\nc: d \r\n\r\n";
    static const char *const bad[] = {
        "5\r\nhello\r\n",           /* no last chunk */
        "5\r\nhelloX\r\n0\r\n\r\n", /* longer than it says */
        "g\r\n",
        "\r\n",
        "5\r\nhello\r\n0\r\nno colon\r\n",
        "ffffffffffffffff\r\n",
        "100\r\n0123456789012345678901234567890123456789012345678901234567890123456789"};
    for (size_t step = 1; step < 20; step++) {
        struct body b;
        struct arena a;
        struct err e = {0};
        arena_init(&a, 0);
        assert_int_equal(feed(good, step, &b, &a, &e), 0);
        assert_true(bytes_eq(buf_bytes(&b.memory), BYTES("hello, chunked!")));
        assert_int_equal(b.trailer_count, 2);
        assert_true(bytes_eq(b.trailers[1].value, BYTES("d")));
        body_clear(&b);
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
            assert_int_not_equal(feed(bad[i], step, &b, &a, &e), 0);
            body_clear(&b);
        }
        arena_clear(&a);
    }
    assert_int_equal(mem_test_live_blocks(), 0);
}

static void test_spool(void **state) {
    char dir[] = "/tmp/tarn-spool-XXXXXX", got[16] = {0};
    struct body b;
    struct arena a;
    assert_non_null(mkdtemp(dir));
    arena_init(&a, 0);
    struct body_options o = {.arena = &a,
                             .decoded_bytes = UINT64_MAX,
                             .max_bytes = 1000,
                             .spool_over_bytes = 8,
                             .tmp_dir = dir,
                             .want_md5 = true};
    assert_int_equal(body_init(&b, &o, NULL), 0);
    assert_int_equal(body_write(&b, BYTES("12345"), NULL), 0);
    assert_int_equal(b.fd, -1);
    assert_int_equal(body_write(&b, BYTES("67890"), NULL), 0);
    assert_int_equal(body_finish(&b, NULL), 0);
    assert_true(b.fd >= 0);
    assert_int_equal(pread(b.fd, got, sizeof(got), 0), 10);
    assert_string_equal(got, "1234567890");
    assert_int_equal(b.md5[0], 0xe8); /* e807f1fcf82d132f9bb018ca6738a19f */
    body_clear(&b);
    arena_clear(&a);
    assert_int_equal(rmdir(dir), 0); /* the spool file is gone */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),       cmocka_unit_test(test_close_waits),
        cmocka_unit_test(test_client_leaves), cmocka_unit_test(test_port_taken),
        cmocka_unit_test(test_aws_chunked),   cmocka_unit_test(test_spool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
