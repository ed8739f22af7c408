/* http.h - the listener: HTTP/1.1 over libmicrohttpd, requests that may be answered later, from any
 * thread.
 *
 * Bodies pass through a stack of filters (aws-chunked, gzip, hashing) into memory, or into a spool
 * file when larger than spool_over_bytes. SigV4 is parsed always and verified when credentials are
 * configured. Each request has an arena that lives until its response has been sent. */
#ifndef TARN_HTTP_HTTP_H
#define TARN_HTTP_HTTP_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "http/sigv4.h"

struct http_request {
    struct arena arena;     /* for the handler; freed after the response */
    struct bytes method;    /* "GET" */
    struct bytes raw_path;  /* as sent, without the query */
    struct bytes raw_query; /* as sent, without '?' */
    struct bytes body;      /* decoded; empty when spooled */
    int body_fd;            /* spooled body, -1 when in memory; closed by http */
    const char *body_path;  /* its file in tmp; a handler that renames it away sets it to NULL */
    uint64_t body_bytes;
    uint8_t body_md5[16]; /* set for S3 requests with a body */
    char request_id[UUID_TEXT_LEN + 1];
    int64_t received_ms;
    struct sigv4_auth auth; /* parsed Authorization or presigned query; kind NONE when absent */
    /* 0, or why the request cannot be served: authentication failed (ERR_MISSING_AUTH,
     * ERR_*SIGNATURE, ERR_UNRECOGNIZED_CLIENT) or the body could not be read (anything else). The
     * router answers with it. */
    int auth_rc;
    struct err auth_err;
    bool verified; /* credentials are configured, so a zero auth_rc means a known client */
    void *server_; /* http's own from here on */
    void *state_;
};

/* Header by case-insensitive name, or the trailer of an aws-chunked body; the empty view (ptr NULL)
 * when absent. */
struct bytes http_header(const struct http_request *r, const char *name);
/* Decoded query parameter; ptr NULL when absent, empty but not NULL for "?name" and "?name=". */
struct bytes http_query(struct http_request *r, const char *name);
/* All headers in order, for prefixes such as x-amz-meta-. */
const struct sigv4_header *http_headers(const struct http_request *r, size_t *ret_count);

struct http_server;
struct http_options {
    struct clock *clock;
    const char *bind;          /* "127.0.0.1" */
    int port;                  /* 0: any free */
    int threads;               /* 0: 2 */
    uint64_t max_body_bytes;   /* ERR_TOO_LARGE beyond; 0: 5 GiB */
    uint64_t spool_over_bytes; /* 0: 32 MiB */
    const char *tmp_dir;
    const struct sigv4_keys *keys; /* NULL: accept any signature unverified */
    /* Runs on an http thread when the request is complete. Must lead to exactly one http_reply*,
     * now or later. Before that it may hand the request to other threads. */
    void (*handle)(void *ctx, struct http_request *r);
    void *ctx;
};
/* ERR_USAGE with a clear text when the port is taken. Texts are copied; clock, keys and ctx must
 * outlive the server. */
int http_open(const struct http_options *o, struct http_server **ret, struct err *e) WARN_UNUSED;
int http_port(const struct http_server *s);
/* Stops accepting, waits for requests under way (10 s at most), frees. */
void http_close(struct http_server **s);

/* Adds a response header; call before http_reply. Text is copied. */
void http_reply_header(struct http_request *r, const char *name, struct bytes value);
/* Sends. `body` must live in the request's arena or be static. Any thread; after it `r` is gone. */
void http_reply(struct http_request *r, int status, const char *content_type, struct bytes body);
/* As http_reply; takes over the buffer's memory and leaves *body empty. */
void http_reply_buf(struct http_request *r, int status, const char *content_type, struct buf *body);
/* Sends `len` bytes of `fd` from `offset`, zero-copy where possible; http closes fd. */
void http_reply_file(struct http_request *r, int status, const char *content_type, int fd,
                     uint64_t offset, uint64_t len);

#endif
