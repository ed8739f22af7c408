/* cmd_serve.c - tarn serve: opens the server, then sleeps until a signal, ticking once a minute. */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TICK_S 60

/* Blocked in every thread, so that only the main thread's sigtimedwait sees them. */
static void block_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void wait_for_signal(struct server *s, const sigset_t *set) {
    struct timespec tick = {.tv_sec = TICK_S};
    while (sigtimedwait(set, NULL, &tick) < 0) {
        server_tick(s);
    }
}

static int serve(const struct server_options *o, struct err *e) {
    struct server *s = NULL;
    sigset_t set;
    block_signals(&set);
    int rc = server_open(o, &s, e);
    if (rc) {
        return rc;
    }
    printf("tarn %s serves http://%s:%d, data in %s\n", TARN_VERSION, o->bind, server_port(s),
           server_data_dir(s));
    fflush(stdout);
    wait_for_signal(s, &set);
    fprintf(stderr, "tarn: stopping\n");
    server_close(&s);
    return 0;
}

int cmd_serve(int argc, char **argv) {
    struct server_options o = {.data_dir = "data",
                               .bind = "127.0.0.1",
                               .port = 4566,
                               .access_key = getenv("TARN_ACCESS_KEY"),
                               .secret_key = getenv("TARN_SECRET_KEY")};
    const struct arg_option options[] = {
        {"--data", 'd', "DIR", "where everything is kept (default ./data)", ARG_TEXT, &o.data_dir},
        {"--port", 'p', "N", "0 picks a free port (default 4566)", ARG_INTEGER, &o.port},
        {"--bind", 'b', "ADDRESS", "address to listen on (default 127.0.0.1)", ARG_TEXT, &o.bind},
        {"--access-key", 0, "KEY", "verify signatures with this key (or TARN_ACCESS_KEY)", ARG_TEXT,
         &o.access_key},
        {"--secret-key", 0, "KEY", "its secret (or TARN_SECRET_KEY)", ARG_TEXT, &o.secret_key},
        {"--query-workers", 0, "N", "processes for queries (default 2)", ARG_INTEGER,
         &o.query_workers},
        {"--query-memory-mb", 0, "N", "memory of each (default 2048)", ARG_INTEGER,
         &o.query_memory_mb},
        {"--query-threads", 0, "N", "threads of each (default: all cores)", ARG_INTEGER,
         &o.query_threads},
        {"--worker-idle-s", 0, "N", "idle workers leave after this (default 60)", ARG_INTEGER,
         &o.worker_idle_s},
        {0}};
    const struct args spec = {
        "tarn serve [options]",
        "Serves Kinesis, Firehose, Glue, Athena, S3 and STS on one port until\n"
        "Ctrl-C. Without keys every signature is accepted: keep it on a\n"
        "trusted address.",
        options, "  tarn serve --data /var/lib/tarn --port 4566\n"};
    struct err e = {0};
    int count = 0, rc = args_parse(&spec, argc, argv, &count, &e);
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    if (!rc && count > 0) {
        rc = err_set(&e, ERR_USAGE, "`tarn serve` takes no argument '%s'; see --help.", argv[0]);
    }
    if (!rc && (o.port < 0 || o.port > 65535)) {
        rc = err_set(&e, ERR_USAGE, "A port is a number from 0 to 65535.");
    }
    rc = rc ? rc : serve(&o, &e);
    return rc ? args_fail(&e, NULL) : EXIT_OK;
}
