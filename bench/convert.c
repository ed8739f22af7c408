/* convert.c - JSON events to one Parquet file on one core: Tarn's delivery against DuckDB's COPY.
 *
 * The same events are put in a stream log (what a delivery reads) and in a file of one event per
 * line (what DuckDB reads). Then, in turn and each in its own process, with the same libduckdb:
 *
 *     tarn    duck_run_convert: log → decoder → table function → COPY, as `tarn worker` runs it
 *     duckdb  COPY (FROM read_json('events.json', columns = {...}, format = 'newline_delimited'))
 *
 * with the same Parquet settings and one thread, pinned to the same core; databases are open before
 * the clock starts and both inputs are in the page cache. Tarn's time includes what only it does:
 * the log's checksums, validation of every record, the footer's facts. Both files are fsynced
 * within their time. At the end the two files are compared by their rows' hashes. Prints one JSON
 * object.
 *
 * Use: convert DIR EVENTS flat|nested ROUNDS COMPRESSION [tarn]
 * DIR must exist; what it makes there is left. With `tarn` DuckDB's turn is left out, to profile.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "duck/duck.h"
#include "duck/lib.h"
#include "events.h"
#include "slog/slog.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROW_GROUP_ROWS 122880
#define APPEND_RECORDS 500
#define MEMORY_MB 2048
#define ROUNDS_MAX 99

static const struct shape {
    const char *name;
    const struct event_column *columns;
    size_t column_count;
    void (*make)(char *out, size_t bytes, struct rand_seeded *r);
} shapes[] = {{"flat", event_columns, EVENT_COLUMNS, event_make},
              {"nested", event_nested_columns, EVENT_NESTED_COLUMNS, event_make_nested}};

struct times {
    double wall_s[ROUNDS_MAX], cpu_s[ROUNDS_MAX];
};
struct bench {
    const char *dir, *compression;
    uint64_t events;
    const struct shape *shape;
    int rounds;
    bool peer_too;
    struct arena arena;
    struct buf view; /* the log's range as JSON */
    struct duck *tarn;
    duckdb_database peer_db;
    duckdb_connection peer;
    struct times tarn_times, peer_times;
};

/* A stopwatch for wall time and this process's processor time. */
struct watch {
    int64_t wall_us, cpu_us;
};
static int64_t cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
static struct watch watch_start(void) {
    return (struct watch){.wall_us = clock_mono_us(clock_system()), .cpu_us = cpu_us()};
}
static void watch_stop(struct watch w, struct times *t, int round) {
    t->wall_s[round] = (double)(clock_mono_us(clock_system()) - w.wall_us) / 1e6;
    t->cpu_s[round] = (double)(cpu_us() - w.cpu_us) / 1e6;
}

static int fail(struct err *e, const char *text) {
    return err_set(e, ERR_INTERNAL, "%s", text);
}

/* ---- input: the log and the file ---- */

static int append_events(const struct bench *b, struct slog_log *l, FILE *lines, struct err *e) {
    uint64_t count = b->events;
    static char events[APPEND_RECORDS][EVENT_ROOM];
    static char keys[APPEND_RECORDS][24];
    struct slog_record_in records[APPEND_RECORDS];
    struct rand_seeded r = {.state = 1};
    for (uint64_t done = 0; done < count;) {
        size_t n = (size_t)MIN_OF((uint64_t)APPEND_RECORDS, count - done);
        for (size_t i = 0; i < n; i++) {
            b->shape->make(events[i], EVENT_BYTES, &r);
            int key = snprintf(keys[i], sizeof(keys[i]), "%llx", event_below(&r, UINT64_MAX));
            records[i] = (struct slog_record_in){.partition_key = bytes_of(keys[i], (size_t)key),
                                                 .data = bytes_of(events[i], EVENT_BYTES)};
            if (fwrite(events[i], EVENT_BYTES, 1, lines) != 1 || fputc('\n', lines) == EOF) {
                return fail(e, "The events cannot be written; is the disk full?");
            }
        }
        int rc = slog_append_wait(l, records, n, NULL, NULL, e);
        if (rc) {
            return rc;
        }
        done += n;
    }
    return 0;
}

/* The log is closed again: its files stay, and no thread of it disturbs. */
static int make_input(struct bench *b, struct err *e) {
    struct bytes dir = arena_fmt(&b->arena, "%s/streams", b->dir);
    struct bytes path = arena_fmt(&b->arena, "%s/events.json", b->dir);
    struct slog_options o = {.vfs = vfs_system(), .clock = clock_system(), .dir = dir.ptr};
    struct slog *s = NULL;
    struct slog_log *l = NULL;
    struct slog_view *view = NULL;
    FILE *lines = fopen(path.ptr, "w");
    int rc = lines ? slog_open(&o, &s, e) : fail(e, "The folder cannot be written.");
    rc = rc ? rc : slog_create(s, "events", &l, e);
    rc = rc ? rc : append_events(b, l, lines, e);
    rc = rc ? rc : slog_view_new(l, 0, UINT64_MAX, &view, e);
    if (!rc) {
        slog_view_write_json(view, &b->view);
        rc = buf_ok(&b->view) ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    slog_view_free(&view);
    if (s) {
        slog_close(&s);
    }
    if (lines && fclose(lines) != 0 && !rc) {
        rc = fail(e, "The events cannot be written; is the disk full?");
    }
    return rc;
}

/* ---- Tarn ---- */

static void write_task(struct bench *b, struct buf *out) {
    struct jsonw w = jsonw_to(out);
    char path[512];
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "kind", "convert");
    jsonw_kv_raw(&w, "log", buf_bytes(&b->view));
    jsonw_kv_i64(&w, "stream_epoch_ms", 0);
    jsonw_name(&w, "columns");
    jsonw_array(&w);
    for (size_t i = 0; i < b->shape->column_count; i++) {
        jsonw_object(&w);
        jsonw_kv_cstr(&w, "name", b->shape->columns[i].name);
        jsonw_kv_cstr(&w, "hive_type", b->shape->columns[i].hive_type);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    static const char *const files[][2] = {{"output", "tarn.parquet"},
                                           {"tmp", "tarn.tmp"},
                                           {"error_output", "errors.json"},
                                           {"error_tmp", "errors.tmp"}};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(path, sizeof(path), "%.400s/%s", b->dir, files[i][1]);
        jsonw_kv_cstr(&w, files[i][0], path);
    }
    jsonw_kv_cstr(&w, "format", "parquet");
    jsonw_kv_cstr(&w, "compression", b->compression);
    jsonw_kv_i64(&w, "row_group_rows", ROW_GROUP_ROWS);
    jsonw_kv_i64(&w, "parquet_version", 2);
    jsonw_end_object(&w);
}

static int check_ok(struct arena *a, const struct buf *ok, uint64_t events, struct err *e) {
    struct json *reply = NULL;
    int rc = json_parse(a, buf_bytes(ok), &reply, e);
    if (!rc && (json_get_i64(reply, "rows", -1) != (int64_t)events ||
                json_get_i64(reply, "bad", -1) != 0)) {
        rc = err_set(e, ERR_INTERNAL, "Not every event was converted: %.*s",
                     BYTES_ARG(buf_bytes(ok)));
    }
    return rc;
}

static int run_tarn(struct bench *b, int round, struct err *e) {
    struct arena a;
    struct buf text = {0}, ok = {0};
    struct json *task = NULL;
    arena_init(&a, 0);
    write_task(b, &text);
    struct watch w = watch_start();
    int rc =
        buf_ok(&text) ? json_parse(&a, buf_bytes(&text), &task, e) : err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc : duck_run_convert(b->tarn, &a, task, &ok, e);
    watch_stop(w, &b->tarn_times, round);
    rc = rc ? rc : check_ok(&a, &ok, b->events, e);
    buf_clear(&ok);
    buf_clear(&text);
    arena_clear(&a);
    return rc;
}

/* ---- DuckDB ---- */

static int open_peer(struct bench *b, struct err *e) {
    duckdb_config config = NULL;
    char *why = NULL, memory[24];
    snprintf(memory, sizeof(memory), "%dMB", MEMORY_MB);
    int rc = duck_lib_load(e);
    if (rc) {
        return rc;
    }
    bool ok = duckdb_create_config(&config) == DuckDBSuccess &&
              duckdb_set_config(config, "threads", "1") == DuckDBSuccess &&
              duckdb_set_config(config, "memory_limit", memory) == DuckDBSuccess &&
              duckdb_open_ext(NULL, &b->peer_db, config, &why) == DuckDBSuccess &&
              duckdb_connect(b->peer_db, &b->peer) == DuckDBSuccess;
    duckdb_destroy_config(&config);
    rc = ok ? 0 : fail(e, why ? why : "DuckDB does not start.");
    duckdb_free(why);
    return rc;
}

/* Runs; *ret, when wanted, is the first value as a number. */
static int peer_query(struct bench *b, const char *sql, uint64_t *ret, struct err *e) {
    duckdb_result result;
    int rc = 0;
    if (duckdb_query(b->peer, sql, &result) != DuckDBSuccess) {
        rc = fail(e, duckdb_result_error(&result));
    } else if (ret) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
        if (chunk) {
            *ret = *(uint64_t *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return rc;
}

/* COPY leaves its file to the page cache, Tarn's is on disk: so is this one then. */
static int sync_file(struct bench *b, const char *name, struct err *e) {
    struct vfs *v = vfs_system();
    struct bytes path = arena_fmt(&b->arena, "%s/%s", b->dir, name);
    int fd = path.ptr ? v->ops->open(v, path.ptr, O_RDONLY, 0) : -ENOMEM;
    int rc = fd < 0 ? fd : v->ops->fsync(v, fd);
    if (fd >= 0) {
        v->ops->close(v, fd);
    }
    return rc ? err_set_errno(e, ERR_IO, -rc, "%s cannot be synced", name) : 0;
}

static int run_peer(struct bench *b, int round, struct err *e) {
    struct buf sql = {0};
    buf_add_fmt(&sql, "COPY (FROM read_json('%s/events.json', format = 'newline_delimited', ",
                b->dir);
    for (size_t i = 0; i < b->shape->column_count; i++) {
        buf_add_fmt(&sql, "%s%s: '%s'", i ? ", " : "columns = {", b->shape->columns[i].name,
                    b->shape->columns[i].duckdb_type);
    }
    buf_add_fmt(&sql,
                "})) TO '%s/duckdb.parquet' (FORMAT parquet, COMPRESSION %s%s, ROW_GROUP_SIZE %d, "
                "PARQUET_VERSION v2)",
                b->dir, b->compression,
                strcmp(b->compression, "zstd") == 0 ? ", COMPRESSION_LEVEL 1" : "", ROW_GROUP_ROWS);
    const char *text = buf_cstr(&sql);
    struct watch w = watch_start();
    int rc = text ? peer_query(b, text, NULL, e) : err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc : sync_file(b, "duckdb.parquet", e);
    watch_stop(w, &b->peer_times, round);
    buf_clear(&sql);
    return rc;
}

/* Both files hold the same rows in the same columns. */
static int compare_files(struct bench *b, struct err *e) {
    static const char *const names[] = {"tarn", "duckdb"};
    uint64_t rows[2] = {0, 0}, hashes[2] = {0, 1};
    char sql[1024];
    int rc = 0;
    for (int i = 0; i < 2 && !rc; i++) {
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM '%.400s/%s.parquet'", b->dir, names[i]);
        rc = peer_query(b, sql, &rows[i], e);
        snprintf(sql, sizeof(sql), "SELECT bit_xor(hash(t)) FROM '%.400s/%s.parquet' t", b->dir,
                 names[i]);
        rc = rc ? rc : peer_query(b, sql, &hashes[i], e);
    }
    if (!rc && (rows[0] != b->events || rows[1] != b->events || hashes[0] != hashes[1])) {
        rc = err_set(e, ERR_INTERNAL, "The two files differ: %llu and %llu rows.",
                     (unsigned long long)rows[0], (unsigned long long)rows[1]);
    }
    return rc;
}

/* ---- the run ---- */

static int compare_double(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median(double *v, int count) {
    qsort(v, (size_t)count, sizeof(*v), compare_double);
    return v[count / 2];
}

static uint64_t file_bytes(struct bench *b, const char *name) {
    struct vfs_stat st = {0};
    struct bytes path = arena_fmt(&b->arena, "%s/%s", b->dir, name);
    int rc = path.ptr ? vfs_system()->ops->stat(vfs_system(), path.ptr, &st) : -1;
    return rc ? 0 : st.size_bytes;
}

/* The last core that this process may use; failing to pin is no reason to stop. */
static void pin_to_one_core(void) {
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return;
    }
    for (int i = CPU_SETSIZE - 1; i >= 0; i--) {
        if (CPU_ISSET(i, &allowed)) {
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            (void)sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

/* Freeing the last round's pages belongs to no round. */
static void remove_output(struct bench *b, const char *name) {
    struct bytes path = arena_fmt(&b->arena, "%s/%s", b->dir, name);
    if (path.ptr) {
        (void)vfs_system()->ops->unlink(vfs_system(), path.ptr);
    }
}

/* ---- a side: a process of its own, as a worker is ----
 *
 * Two engines in one process would hand each other their allocator's state. A side waits for a
 * byte, runs a round and answers; the parent gives the turns, so that both see the same machine. */
struct side {
    int fd; /* the parent's end; -1: no such side */
    pid_t pid;
    struct times *times;
};
struct answer {
    int rc;
    double wall_s, cpu_s;
    struct err err;
};
enum { ROUND = 'r', COMPARE = 'c' };

static void side_answer(int fd, int rc, const struct times *t, const struct err *e) {
    struct answer a = {.rc = rc, .wall_s = t->wall_s[0], .cpu_s = t->cpu_s[0], .err = *e};
    if (write(fd, &a, sizeof(a)) != (ssize_t)sizeof(a)) {
        _exit(1);
    }
}
static void tarn_side(struct bench *b, int fd) {
    struct duck_options o = {.threads = 1, .memory_mb = MEMORY_MB};
    struct err e = {0};
    char turn;
    int rc = duck_open(&o, &b->tarn, &e);
    while (read(fd, &turn, 1) == 1) {
        remove_output(b, "tarn.parquet");
        rc = rc ? rc : run_tarn(b, 0, &e);
        side_answer(fd, rc, &b->tarn_times, &e);
    }
}
static void peer_side(struct bench *b, int fd) {
    struct err e = {0};
    char turn;
    int rc = open_peer(b, &e);
    while (read(fd, &turn, 1) == 1) {
        if (turn == ROUND) {
            remove_output(b, "duckdb.parquet");
        }
        rc = rc ? rc : turn == COMPARE ? compare_files(b, &e) : run_peer(b, 0, &e);
        side_answer(fd, rc, &b->peer_times, &e);
    }
}
static int side_start(struct bench *b, struct side *s, void (*run)(struct bench *, int),
                      struct err *e) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        return fail(e, "No socket pair.");
    }
    s->pid = fork();
    if (s->pid == 0) {
        close(fds[0]);
        pin_to_one_core();
        run(b, fds[1]);
        _exit(0);
    }
    close(fds[1]);
    s->fd = fds[0];
    return s->pid > 0 ? 0 : fail(e, "No process.");
}
static int side_turn(struct side *s, char turn, int round, struct err *e) {
    struct answer a;
    if (s->fd < 0) {
        return 0;
    }
    if (write(s->fd, &turn, 1) != 1 ||
        recv(s->fd, &a, sizeof(a), MSG_WAITALL) != (ssize_t)sizeof(a)) {
        return fail(e, "A side has died.");
    }
    if (turn == ROUND) {
        s->times->wall_s[round] = a.wall_s;
        s->times->cpu_s[round] = a.cpu_s;
    }
    *e = a.err;
    return a.rc;
}
static void side_stop(struct side *s) {
    if (s->fd >= 0) {
        (void)shutdown(s->fd, SHUT_RDWR); /* the other side has this end too */
        close(s->fd);
        (void)waitpid(s->pid, NULL, 0);
    }
}

static int measure(struct bench *b, struct err *e) {
    struct side tarn = {.fd = -1, .times = &b->tarn_times};
    struct side peer = {.fd = -1, .times = &b->peer_times};
    sync(); /* the input's own pages are not a round's burden */
    int rc = side_start(b, &tarn, tarn_side, e);
    rc = rc || !b->peer_too ? rc : side_start(b, &peer, peer_side, e);
    for (int i = 0; i < b->rounds && !rc; i++) {
        rc = side_turn(&peer, ROUND, i, e);
        rc = rc ? rc : side_turn(&tarn, ROUND, i, e);
    }
    rc = rc ? rc : side_turn(&peer, COMPARE, 0, e);
    side_stop(&tarn);
    side_stop(&peer);
    return rc;
}

static void print_times(const char *name, double wall_s, double cpu_s, uint64_t events) {
    printf("\"%s_rows_per_s\": %.0f, \"%s_cpu_s\": %.3f, ", name, (double)events / wall_s, name,
           cpu_s);
}
static void print_rounds(const char *name, const struct times *t, int rounds) {
    printf("\"%s_wall_s\": [", name);
    for (int i = 0; i < rounds; i++) {
        printf("%s%.3f", i ? ", " : "", t->wall_s[i]);
    }
    printf("], ");
}
static void report(struct bench *b) {
    printf("{\"events\": %llu, \"event_bytes\": %d, \"shape\": \"%s\", \"rounds\": %d, "
           "\"compression\": \"%s\", ",
           (unsigned long long)b->events, EVENT_BYTES, b->shape->name, b->rounds, b->compression);
    print_rounds("tarn", &b->tarn_times, b->rounds);
    print_rounds("duckdb", &b->peer_times, b->rounds);
    double tarn = median(b->tarn_times.wall_s, b->rounds);
    double peer = median(b->peer_times.wall_s, b->rounds);
    double tarn_cpu = median(b->tarn_times.cpu_s, b->rounds);
    double peer_cpu = median(b->peer_times.cpu_s, b->rounds);
    print_times("tarn", tarn, tarn_cpu, b->events);
    print_times("duckdb", peer, peer_cpu, b->events);
    printf("\"ratio\": %.2f, \"cpu_ratio\": %.2f, \"tarn_bytes\": %llu, \"duckdb_bytes\": %llu}\n",
           peer / tarn, peer_cpu / tarn_cpu, (unsigned long long)file_bytes(b, "tarn.parquet"),
           (unsigned long long)file_bytes(b, "duckdb.parquet"));
}

int main(int argc, char **argv) {
    struct err e = {0};
    struct bench b = {0};
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "use: convert DIR EVENTS flat|nested ROUNDS COMPRESSION [tarn]\n");
        return 2;
    }
    b.dir = argv[1];
    b.events = strtoull(argv[2], NULL, 10);
    b.shape = &shapes[strcmp(argv[3], "nested") == 0];
    b.rounds = MAX_OF(1, MIN_OF(atoi(argv[4]), ROUNDS_MAX));
    b.compression = argv[5];
    b.peer_too = argc == 6;
    arena_init(&b.arena, 0);
    int rc = make_input(&b, &e);
    rc = rc ? rc : measure(&b, &e);
    if (rc) {
        fprintf(stderr, "convert: %s\n", e.text);
    } else {
        report(&b);
    }
    buf_clear(&b.view);
    arena_clear(&b.arena);
    return rc ? 1 : 0;
}
