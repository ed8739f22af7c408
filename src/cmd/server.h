/* server.h - all rooms of one server, opened in order and closed in reverse. */
#ifndef TARN_CMD_SERVER_H
#define TARN_CMD_SERVER_H

#include "base/err.h"

#include <stdint.h>

struct server_options {
    const char *data_dir;
    const char *bind;
    int64_t port;           /* 0: any free */
    const char *access_key; /* both given: signatures are verified */
    const char *secret_key;
    int64_t query_workers, query_memory_mb, query_threads; /* 0: defaults of work/pool.h */
    int64_t worker_idle_s;
};

struct server;
/* ERR_USAGE when the port is taken or another server holds the data directory. */
int server_open(const struct server_options *o, struct server **ret, struct err *e) WARN_UNUSED;
int server_port(const struct server *s);
const char *server_data_dir(const struct server *s);
/* Periodic work that needs no thread of its own (log retention); about once a minute. */
void server_tick(struct server *s);
void server_close(struct server **s);

#endif
