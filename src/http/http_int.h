/* http_int.h - inside src/http: the state behind a request, and the body's filter stack. */
#ifndef TARN_HTTP_HTTP_INT_H
#define TARN_HTTP_HTTP_INT_H

#include "base/hash.h"
#include "base/vfs.h"
#include "http/http.h"
#include <pthread.h>
#include <stdatomic.h>

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

/* ---- body filters: data flows first -> ... -> sink; each calls the next ---- */
struct body_filter {
    int (*write)(struct body_filter *f, struct bytes data, struct err *e);
    int (*finish)(struct body_filter *f, struct err *e);
    void (*clear)(struct body_filter *f); /* frees what is not in the arena; may be NULL */
    struct body_filter *next;
};
static inline int body_pass(struct body_filter *f, struct bytes data, struct err *e) {
    return f->next->write(f->next, data, e);
}
static inline int body_pass_finish(struct body_filter *f, struct err *e) {
    return f->next ? f->next->finish(f->next, e) : 0;
}

#define HTTP_MAX_TRAILERS 8

/* What a body's filters find out. */
struct body {
    struct body_filter *first;
    struct buf memory;
    int fd;           /* spool file or -1 */
    const char *path; /* its path, in the arena */
    uint64_t bytes;   /* decoded */
    uint8_t md5[MD5_LEN];
    char sha256_hex[65]; /* of the bytes as received; "" when not wanted */
    struct sigv4_header trailers[HTTP_MAX_TRAILERS];
    size_t trailer_count;
};
struct body_options {
    struct arena *arena;
    uint64_t expected_bytes; /* 0: unknown */
    uint64_t decoded_bytes;  /* x-amz-decoded-content-length; UINT64_MAX: not given */
    uint64_t max_bytes, spool_over_bytes;
    const char *tmp_dir;
    bool want_sha256, want_md5, gunzip, aws_chunked;
    const struct sigv4_chunks *chunk_keys; /* NULL: chunk signatures are not checked */
};
/* `b` is the caller's storage and outlives the filters. Clear with body_clear in any case. */
int body_init(struct body *b, const struct body_options *o, struct err *e) WARN_UNUSED;
int body_write(struct body *b, struct bytes data, struct err *e) WARN_UNUSED;
int body_finish(struct body *b, struct err *e) WARN_UNUSED;
/* Frees filters and memory; closes and removes a spool file that is still b->path. */
void body_clear(struct body *b);

struct body_filter *body_chunked_new(struct body *b, const struct body_options *o,
                                     struct body_filter *next);
struct body_filter *body_gunzip_new(struct body *b, const struct body_options *o,
                                    struct body_filter *next);

/* ---- request state ----
 * Moves: READING -> HANDLING -> REPLIED                  (answered before the handler returned)
 *                   HANDLING -> SUSPENDED -> REPLIED     (answered later)
 *                               SUSPENDED -> ABANDONED   (server closed after its 10 s) */
enum http_phase { PHASE_READING, PHASE_HANDLING, PHASE_SUSPENDED, PHASE_REPLIED, PHASE_ABANDONED };

#define HTTP_STATE_MAGIC 0x48545453u
struct http_state {
    struct http_request r; /* first: the two are converted into each other */
    uint32_t magic;
    _Atomic int phase;
    struct http_server *server;
    struct MHD_Connection *conn;
    /* the http thread's until HANDLING, then the handler's until REPLIED */
    struct body body;
    bool started, body_shown;
    int body_rc;
    struct sigv4_header *headers;
    size_t header_count;
    struct sigv4_header *query; /* decoded; NULL before first use */
    size_t query_count;
    struct sigv4_chunks chunks;
    /* reply */
    struct http_reply_item *reply_headers;
    struct buf reply_buf;
    struct MHD_Response *response;
    int status;
    /* under server->lock while listed */
    bool listed;
    struct http_state *prev, *next;
};
struct http_reply_item {
    const char *name, *value;
    struct http_reply_item *next;
};

struct http_server {
    struct http_options o; /* its bind text is the caller's and used by http_open only */
    char *tmp_dir;         /* o.tmp_dir */
    struct MHD_Daemon *daemon;
    struct MHD_Response *out_of_memory;
    int port;
    pthread_mutex_t lock; /* guards `under_way` and the states' links */
    pthread_cond_t idle;
    struct http_state *under_way;
};

static inline struct http_state *http_state_of(const struct http_request *r) {
    struct http_state *st = (struct http_state *)r->state_;
    assert(st && st->magic == HTTP_STATE_MAGIC);
    return st;
}

/* http_request.c: takes head facts from the connection, parses SigV4, opens the body. */
int http_request_start(struct http_state *st, const char *method, struct err *e) WARN_UNUSED;
/* Ends the body and checks the signature; fills r.body*, r.auth_rc. */
void http_request_finish(struct http_state *st);

#endif
