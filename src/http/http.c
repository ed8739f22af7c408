/* http.c - the listener over libmicrohttpd: a pool of epoll threads, replies from any thread.
 *
 * MHD calls `on_access` for a request's head, for each piece of its body, and once more at its end;
 * then the handler runs on that thread. If it has replied when it returns, the response is queued
 * at once (no system call beyond the send). If not, the connection is suspended until http_reply:
 *
 *     http thread                          any thread
 *     phase = HANDLING; handle(r)          response made; old = exchange(phase, REPLIED)
 *     still HANDLING: suspend;             old SUSPENDED: resume -> on_access queues
 *       compare-and-set to SUSPENDED       old HANDLING: the http thread sees REPLIED
 *       lost: resume, on_access queues       and queues or resumes
 *
 * The state of a request is freed by MHD's completion notice, after the last byte was sent. */
#include "base/log.h"
#include "base/mem.h"
#include "http/http_int.h"
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLOSE_WAIT_S 10
#define CONNECTION_MEMORY (192 << 10) /* half of it is MHD's read buffer */
#define CONNECTION_LIMIT 4000         /* less where the system allows fewer open files */
#define FILES_WANTED (2 * CONNECTION_LIMIT)
#define IDLE_TIMEOUT_S 300

/* ---- states under way, for http_close ---- */

static void list_add(struct http_state *st) {
    struct http_server *s = st->server;
    pthread_mutex_lock(&s->lock);
    st->next = s->under_way;
    if (st->next)
        st->next->prev = st;
    s->under_way = st;
    st->listed = true;
    pthread_mutex_unlock(&s->lock);
}

static void list_remove(struct http_state *st) {
    struct http_server *s = st->server;
    if (!st->listed)
        return;
    pthread_mutex_lock(&s->lock);
    if (st->prev)
        st->prev->next = st->next;
    else
        s->under_way = st->next;
    if (st->next)
        st->next->prev = st->prev;
    if (!s->under_way)
        pthread_cond_broadcast(&s->idle);
    pthread_mutex_unlock(&s->lock);
    st->listed = false;
}

static void state_free(struct http_state *st) {
    if (st->response && st->response != st->server->out_of_memory)
        MHD_destroy_response(st->response);
    if (st->body_shown)
        st->body.path = st->r.body_path; /* NULL when the handler took the file */
    body_clear(&st->body);
    buf_clear(&st->reply_buf);
    arena_clear(&st->r.arena);
    st->magic = 0;
    mem_free(st);
}

/* ---- MHD's calls ---- */

/* First sight of a request: its target as sent. What is returned becomes *con_cls. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *conn) {
    struct http_state *st = mem_calloc(1, sizeof(*st));
    if (!st)
        return NULL;
    st->magic = HTTP_STATE_MAGIC;
    st->server = cls;
    st->conn = conn;
    st->r.state_ = st;
    st->r.server_ = cls;
    st->r.body_fd = st->body.fd = -1;
    arena_init(&st->r.arena, 0);
    struct bytes target = arena_copy(&st->r.arena, bytes_str(uri)), path;
    st->r.raw_query = bytes_cut(target, '?', &path);
    st->r.raw_path = path;
    return st;
}

static size_t keep_escapes(void *cls, struct MHD_Connection *conn, char *text) {
    return strlen(text);
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
                         enum MHD_RequestTerminationCode why) {
    struct http_state *st = *con_cls;
    *con_cls = NULL;
    if (!st)
        return;
    list_remove(st);
    if (atomic_load(&st->phase) == PHASE_ABANDONED)
        return; /* its handler may still hold it; the process is ending */
    state_free(st);
}

static enum MHD_Result queue_abandoned(struct http_state *st) {
    return MHD_queue_response(st->conn, 503, st->server->out_of_memory);
}

static enum MHD_Result queue_reply(struct http_state *st) {
    struct MHD_Response *response = st->response;
    st->response = NULL;
    enum MHD_Result ok = MHD_queue_response(st->conn, (unsigned)st->status, response);
    if (response != st->server->out_of_memory)
        MHD_destroy_response(response);
    return ok;
}

static enum MHD_Result dispatch(struct http_state *st) {
    struct http_server *s = st->server;
    struct MHD_Connection *conn = st->conn;
    int expected = PHASE_HANDLING;
    list_add(st);
    atomic_store(&st->phase, PHASE_HANDLING);
    s->o.handle(s->o.ctx, &st->r);
    if (atomic_load(&st->phase) == PHASE_REPLIED)
        return queue_reply(st);
    MHD_suspend_connection(conn);
    if (!atomic_compare_exchange_strong(&st->phase, &expected, PHASE_SUSPENDED))
        MHD_resume_connection(conn);
    return MHD_YES;
}

static enum MHD_Result start_request(struct http_state *st, const char *method) {
    st->started = true;
    if (st->r.arena.failed)
        return MHD_NO;
    st->body_rc = http_request_start(st, method, &st->r.auth_err);
    if (st->body_rc == 0)
        return MHD_YES;
    st->r.auth_rc = st->body_rc; /* answered at once, without the body */
    return dispatch(st);
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *conn, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *len, void **con_cls) {
    struct http_state *st = *con_cls;
    if (!st)
        return MHD_NO; /* no memory for it: the connection is closed */
    int phase = atomic_load(&st->phase);
    if (phase == PHASE_ABANDONED)
        return queue_abandoned(st);
    if (phase == PHASE_REPLIED)
        return queue_reply(st);
    if (!st->started)
        return start_request(st, method);
    if (*len > 0) {
        if (st->body_rc == 0)
            st->body_rc = body_write(&st->body, bytes_of(data, *len), &st->r.auth_err);
        *len = 0;
        return MHD_YES;
    }
    http_request_finish(st);
    return dispatch(st);
}

static void on_log(void *cls, const char *fmt, va_list ap) {
    char text[512];
    vsnprintf(text, sizeof(text), fmt, ap);
    text[strcspn(text, "\n")] = 0;
    log_write(LOG_DEBUG, "http", "%s", text);
}

/* ---- replies ---- */

void http_reply_header(struct http_request *r, const char *name, struct bytes value) {
    struct http_state *st = http_state_of(r);
    struct http_reply_item *item = ARENA_NEW(&r->arena, struct http_reply_item);
    char *name_copy = arena_strndup(&r->arena, name, strlen(name));
    char *text = arena_cstr(&r->arena, value);
    if (!item || !name_copy || !text)
        return;
    for (char *p = text; *p; p++)
        if (*p == '\r' || *p == '\n')
            *p = ' '; /* no header injection through stored values */
    *item = (struct http_reply_item){name_copy, text, st->reply_headers};
    st->reply_headers = item;
}

static void add_reply_headers(struct http_state *st, const char *content_type) {
    MHD_add_response_header(st->response, "x-amzn-RequestId", st->r.request_id);
    if (content_type)
        MHD_add_response_header(st->response, "Content-Type", content_type);
    for (struct http_reply_item *i = st->reply_headers; i; i = i->next)
        MHD_add_response_header(st->response, i->name, i->value);
}

/* Hands the response over to the connection's thread. After the exchange `st` may be gone. */
static void send_reply(struct http_state *st, int status, const char *content_type) {
    struct MHD_Connection *conn = st->conn;
    if (st->response) {
        add_reply_headers(st, content_type);
        st->status = status;
    } else {
        st->response = st->server->out_of_memory;
        st->status = 503;
    }
    int old = atomic_load(&st->phase);
    do {
        assert(old == PHASE_HANDLING || old == PHASE_SUSPENDED || old == PHASE_ABANDONED);
        if (old == PHASE_ABANDONED)
            return;
    } while (!atomic_compare_exchange_weak(&st->phase, &old, PHASE_REPLIED));
    if (old == PHASE_SUSPENDED)
        MHD_resume_connection(conn);
}

void http_reply(struct http_request *r, int status, const char *content_type, struct bytes body) {
    struct http_state *st = http_state_of(r);
    st->response = MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr,
                                                   MHD_RESPMEM_PERSISTENT);
    send_reply(st, status, content_type);
}

void http_reply_buf(struct http_request *r, int status, const char *content_type,
                    struct buf *body) {
    struct http_state *st = http_state_of(r);
    st->reply_buf = *body;
    *body = (struct buf){0};
    http_reply(r, status, content_type, buf_bytes(&st->reply_buf));
}

void http_reply_file(struct http_request *r, int status, const char *content_type, int fd,
                     uint64_t offset, uint64_t len) {
    struct http_state *st = http_state_of(r);
    if (len == 0) {
        close(fd);
        http_reply(r, status, content_type, BYTES(""));
        return;
    }
    st->response = MHD_create_response_from_fd_at_offset64(len, fd, offset);
    if (!st->response)
        close(fd);
    send_reply(st, status, content_type);
}

/* ---- open and close ---- */

static int listen_error(struct err *e, const char *bind_to, int port, int why) {
    if (why == EADDRINUSE)
        return err_set(e, ERR_USAGE,
                       "port %d on %s is taken by another program; choose another port, or 0 for "
                       "any free one",
                       port, bind_to);
    return err_set_errno(e, ERR_USAGE, why, "cannot listen on %s port %d", bind_to, port);
}

static int listen_on(const struct addrinfo *ai) {
    int one = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, 511) == 0)
        return fd;
    int why = errno;
    close(fd);
    return -why;
}

static int open_socket(const char *bind_to, int port, int *ret_fd, struct err *e) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    char service[16];
    snprintf(service, sizeof(service), "%d", port);
    int gai = getaddrinfo(bind_to, service, &hints, &list);
    if (gai)
        return err_set(e, ERR_USAGE, "cannot listen on '%s': %s", bind_to, gai_strerror(gai));
    int fd = listen_on(list);
    freeaddrinfo(list);
    if (fd < 0)
        return listen_error(e, bind_to, port, -fd);
    *ret_fd = fd;
    return 0;
}

static int bound_port(int fd) {
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
        return 0;
    return ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
                                            : ((struct sockaddr_in *)&addr)->sin_port);
}

static void set_defaults(struct http_options *o) {
    o->bind = o->bind ? o->bind : "127.0.0.1";
    o->threads = o->threads ? o->threads : 2;
    o->max_body_bytes = o->max_body_bytes ? o->max_body_bytes : MIB(5 * 1024);
    o->spool_over_bytes = o->spool_over_bytes ? o->spool_over_bytes : MIB(32);
}

/* A connection is an open file. Asks for as many as the system lets us have, keeps half for the
 * logs and objects, and answers how many connections that makes. */
static unsigned connection_limit(void) {
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r))
        return 500;
    rlim_t wanted = MIN_OF(r.rlim_max, (rlim_t)FILES_WANTED);
    if (r.rlim_cur < wanted) {
        struct rlimit more = {.rlim_cur = wanted, .rlim_max = r.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            r = more;
    }
    return (unsigned)MIN_OF(r.rlim_cur / 2, (rlim_t)CONNECTION_LIMIT);
}

static struct MHD_Daemon *start_daemon(struct http_server *s, int fd) {
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    /* A pool of one is not a pool to MHD. */
    unsigned pool = s->o.threads > 1 ? (unsigned)s->o.threads : 0;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, pool,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
        connection_limit(), MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, s, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

int http_open(const struct http_options *o, struct http_server **ret, struct err *e) {
    static char busy[] = "The server is short of memory or stopping; retry later.";
    struct http_server *s = mem_calloc(1, sizeof(*s));
    int fd = -1;
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    s->o = *o;
    set_defaults(&s->o);
    s->tmp_dir = o->tmp_dir ? mem_strndup(o->tmp_dir, strlen(o->tmp_dir)) : NULL;
    s->o.tmp_dir = s->tmp_dir;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->idle, NULL);
    int rc = o->tmp_dir && !s->tmp_dir ? err_set(e, ERR_NOMEM, NULL)
                                       : open_socket(s->o.bind, s->o.port, &fd, e);
    if (rc)
        goto fail;
    s->port = bound_port(fd);
    s->out_of_memory =
        MHD_create_response_from_buffer(sizeof(busy) - 1, busy, MHD_RESPMEM_PERSISTENT);
    s->daemon = s->out_of_memory ? start_daemon(s, fd) : NULL;
    if (s->daemon) {
        *ret = s;
        return 0;
    }
    rc = err_set(e, ERR_INTERNAL, "the HTTP listener could not be started; see the log");
    close(fd);
fail:
    if (s->out_of_memory)
        MHD_destroy_response(s->out_of_memory);
    pthread_cond_destroy(&s->idle);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->tmp_dir);
    mem_free(s);
    return rc;
}

int http_port(const struct http_server *s) {
    return s->port;
}

/* True when nothing is under way any more. */
static bool wait_idle(struct http_server *s, int seconds) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&s->lock);
    while (s->under_way && pthread_cond_timedwait(&s->idle, &s->lock, &until) == 0)
        ;
    bool idle = s->under_way == NULL;
    pthread_mutex_unlock(&s->lock);
    return idle;
}

/* Answers 503 for requests whose handlers have not replied; their states are left to the end of
 * the process because those handlers may still use them. */
static void abandon_all(struct http_server *s) {
    pthread_mutex_lock(&s->lock);
    for (struct http_state *st = s->under_way; st; st = st->next) {
        int expected = PHASE_SUSPENDED;
        struct MHD_Connection *conn = st->conn;
        if (atomic_compare_exchange_strong(&st->phase, &expected, PHASE_ABANDONED))
            MHD_resume_connection(conn);
    }
    pthread_mutex_unlock(&s->lock);
}

void http_close(struct http_server **sp) {
    struct http_server *s = *sp;
    if (!s)
        return;
    *sp = NULL;
    int fd = MHD_quiesce_daemon(s->daemon);
    if (!wait_idle(s, CLOSE_WAIT_S)) {
        log_write(LOG_WARN, "http", "closing while requests are still under way");
        abandon_all(s);
        wait_idle(s, 1);
    }
    MHD_stop_daemon(s->daemon);
    if (fd >= 0)
        close(fd);
    MHD_destroy_response(s->out_of_memory);
    pthread_cond_destroy(&s->idle);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->tmp_dir);
    mem_free(s);
}
