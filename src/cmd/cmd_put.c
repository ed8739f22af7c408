/* cmd_put.c - tarn put: events from a file, standard input or a generator into a stream. */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/sender.h"
#include "cmd/source.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

struct put {
    /* options */
    const char *target, *file, *warehouse, *data, *key_column;
    int64_t generate, rate, seed, connections;
    /* what runs */
    struct arena arena;
    struct source *source;
    struct sender *sender;
    int64_t start_us, shown_us;
    uint64_t sent;
    bool progress;
};

static void show_progress(struct put *p, bool last) {
    int64_t now = clock_mono_us(clock_system());
    if (!p->progress || (!last && now - p->shown_us < 100000)) {
        return;
    }
    p->shown_us = now;
    double seconds = (double)(now - p->start_us) / 1e6;
    uint64_t done = sender_acknowledged(p->sender);
    fprintf(stderr, "\r%llu events acknowledged, %.0f/s ", (unsigned long long)done,
            seconds > 0 ? (double)done / seconds : 0);
    if (last) {
        fputc('\n', stderr);
    }
}

/* Sleeps until the next event is due; hands over what is waiting before a longer sleep. */
static int keep_rate(struct put *p, struct err *e) {
    if (p->rate <= 0) {
        return 0;
    }
    int64_t due = p->start_us + (int64_t)((double)p->sent / (double)p->rate * 1e6);
    int64_t wait = due - clock_mono_us(clock_system());
    if (wait < 2000) {
        return 0;
    }
    int rc = sender_flush(p->sender, e);
    nanosleep(&(struct timespec){.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000}, NULL);
    return rc;
}

/* The partition key: a column of the event, else a running number. */
static struct bytes partition_key(struct put *p, struct arena *a, struct bytes event) {
    struct json *tree;
    if (p->key_column && json_parse(a, event, &tree, NULL) == 0) {
        const struct json *v = json_get(tree, p->key_column);
        if (v && v->text.len > 0 && v->text.len <= 256) {
            return v->text;
        }
    }
    return arena_fmt(a, "%llu", (unsigned long long)p->sent);
}

static int pump(struct put *p, struct err *e) {
    struct bytes event;
    int more;
    p->start_us = clock_mono_us(clock_system());
    while ((more = source_next(p->source, &event, e)) > 0) {
        struct arena a;
        arena_init(&a, 0);
        int rc = keep_rate(p, e);
        rc = rc ? rc : sender_add(p->sender, partition_key(p, &a, event), event, e);
        arena_clear(&a);
        if (rc) {
            return rc;
        }
        p->sent++;
        if ((p->sent & 255) == 0 || p->rate > 0) {
            show_progress(p, false);
        }
    }
    int rc = more < 0 ? more : sender_finish(p->sender, e);
    show_progress(p, true);
    return rc;
}

/* The table of a warehouse file that has this name, or this stream. */
static const struct warehouse_table *find_table(struct put *p, struct err *e) {
    struct warehouse *w;
    if (warehouse_read(&p->arena, p->warehouse ? p->warehouse : "warehouse.yaml", &w, e)) {
        return NULL;
    }
    for (size_t i = 0; i < w->table_count; i++) {
        if (w->tables[i].streaming && bytes_eq_str(w->tables[i].stream, p->target)) {
            return &w->tables[i];
        }
    }
    const struct warehouse_table *t = warehouse_find_table(w, bytes_str(p->target));
    if (!t || !t->streaming) {
        err_set(e, ERR_USAGE, "The warehouse file has no streaming table '%s'.", p->target);
        return NULL;
    }
    return t;
}

static int open_source(struct put *p, const struct warehouse_table *t, struct err *e) {
    if (p->generate > 0) {
        return source_generator(t, (uint64_t)p->generate, (uint64_t)p->seed, &p->source, e);
    }
    struct bytes file = bytes_str(p->file);
    return bytes_ends_with(file, BYTES(".parquet")) ? source_parquet(p->file, &p->source, e)
                                                    : source_lines(p->file, &p->source, e);
}

static int run(struct put *p, struct err *e) {
    const struct warehouse_table *t = NULL;
    const char *stream = p->target;
    if (p->generate > 0 || p->warehouse) {
        t = find_table(p, e);
        if (!t) {
            return ERR_USAGE;
        }
        stream = arena_cstr(&p->arena, t->stream);
    }
    struct sender_options o = {.stream = stream, .connections = (int)p->connections};
    int rc = sender_new(&o, &p->sender, e);
    if (!rc && p->data) {
        rc = sender_add(p->sender, BYTES("1"), bytes_str(p->data), e);
        rc = rc ? rc : sender_finish(p->sender, e);
        p->sent = 1;
    } else if (!rc) {
        rc = open_source(p, t, e);
        rc = rc ? rc : pump(p, e);
    }
    if (!rc) {
        printf("%llu events acknowledged\n", (unsigned long long)sender_acknowledged(p->sender));
    }
    source_free(&p->source);
    sender_free(&p->sender);
    return rc;
}

int cmd_put(int argc, char **argv) {
    struct put p = {.file = "-", .seed = 1, .connections = 2};
    const struct arg_option options[] = {
        {"--file", 'f', "PATH", "NDJSON lines or a .parquet file; - for standard input (default)",
         ARG_TEXT, &p.file},
        {"--data", 0, "JSON", "one event", ARG_TEXT, &p.data},
        {"--generate", 'g', "N", "make up N events by the table's generate rules", ARG_INTEGER,
         &p.generate},
        {"--rate", 'r', "N", "events per second (default: as fast as they are taken)", ARG_INTEGER,
         &p.rate},
        {"--seed", 0, "N", "same seed, same events (default 1)", ARG_INTEGER, &p.seed},
        {"--warehouse", 'w', "FILE",
         "STREAM is a table of this file (default for --generate:\n"
         "                           warehouse.yaml)",
         ARG_TEXT, &p.warehouse},
        {"--key", 'k', "COLUMN", "member that is the partition key (default: a running number)",
         ARG_TEXT, &p.key_column},
        {"--connections", 'c', "N", "connections at once, 1 keeps the order (default 2)",
         ARG_INTEGER, &p.connections},
        {0}};
    const struct args spec = {
        "tarn put STREAM [options]",
        "Sends events to a stream and waits until all are acknowledged, which means on disk.",
        options,
        "  tarn put impressions --generate 10000 --rate 500 -w examples/acme/warehouse.yaml\n"
        "  tarn put acme-impressions --data '{\"id\":\"1\"}'\n"
        "  zcat events.json.gz | tarn put acme-clicks\n"};
    struct err e = {0};
    int count = 0, rc = args_parse(&spec, argc, argv, &count, &e);
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    if (!rc && count != 1) {
        rc = err_set(&e, ERR_USAGE, "Give one stream (or table): tarn put STREAM; see --help.");
    }
    arena_init(&p.arena, 0);
    p.target = count ? argv[0] : "";
    p.progress = isatty(STDERR_FILENO);
    rc = rc ? rc : run(&p, &e);
    int code = rc ? args_fail(&e, p.warehouse ? p.warehouse : "warehouse.yaml") : EXIT_OK;
    arena_clear(&p.arena);
    return code;
}
