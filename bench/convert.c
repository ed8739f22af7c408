/* convert.c - JSON events to one Parquet file on one core: Tarn's delivery against DuckDB's COPY.
 *
 * The same events are put in a stream log (what a delivery reads) and in a file of one event per
 * line (what DuckDB reads). Then, in turn and in this one process, with the same libduckdb:
 *
 *     tarn    duck_run_convert: log → decoder → table function → COPY, as `tarn worker` runs it
 *     duckdb  COPY (FROM read_json('events.json', columns = {...}, format = 'newline_delimited'))
 *
 * with the same Parquet settings and one thread, pinned to one core; databases are open before the
 * clock starts and both inputs are in the page cache. Tarn's time includes what only it does: the
 * log's checksums, validation of every record, fsync of the file and its ETag. At the end the two
 * files are compared by their rows' hashes. Prints one JSON object.
 *
 * Use: convert DIR EVENTS ROUNDS COMPRESSION (DIR must exist; what it makes there is left) */
#include "base/clock.h"
#include "base/mem.h"
#include "duck/duck.h"
#include "duck/lib.h"
#include "events.h"
#include "slog/slog.h"
#include <sched.h>
#include <stdlib.h>

#define ROW_GROUP_ROWS 122880
#define APPEND_RECORDS 500
#define MEMORY_MB 2048
#define ROUNDS_MAX 99

struct bench {
    const char *dir, *compression;
    uint64_t events;
    int rounds;
    struct arena arena;
    struct buf view; /* the log's range as JSON */
    struct duck *tarn;
    duckdb_database peer_db;
    duckdb_connection peer;
    double tarn_s[ROUNDS_MAX], peer_s[ROUNDS_MAX];
};

static double now_s(void) {
    return (double)clock_mono_us(clock_system()) / 1e6;
}

static int fail(struct err *e, const char *text) {
    return err_set(e, ERR_INTERNAL, "%s", text);
}

/* ---- input: the log and the file ---- */

static int append_events(struct slog_log *l, FILE *lines, uint64_t count, struct rand_seeded *r,
                         struct err *e) {
    static char events[APPEND_RECORDS][EVENT_ROOM];
    static char keys[APPEND_RECORDS][24];
    struct slog_record_in records[APPEND_RECORDS];
    for (uint64_t done = 0; done < count;) {
        size_t n = (size_t)MIN_OF((uint64_t)APPEND_RECORDS, count - done);
        for (size_t i = 0; i < n; i++) {
            event_make(events[i], EVENT_BYTES, r);
            int key = snprintf(keys[i], sizeof(keys[i]), "%llx", event_below(r, UINT64_MAX));
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
    struct rand_seeded r = {.state = 1};
    FILE *lines = fopen(path.ptr, "w");
    int rc = lines ? slog_open(&o, &s, e) : fail(e, "The folder cannot be written.");
    rc = rc ? rc : slog_create(s, "events", &l, e);
    rc = rc ? rc : append_events(l, lines, b->events, &r, e);
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
    for (size_t i = 0; i < EVENT_COLUMNS; i++) {
        jsonw_object(&w);
        jsonw_kv_cstr(&w, "name", event_columns[i].name);
        jsonw_kv_cstr(&w, "hive_type", event_columns[i].hive_type);
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

static int run_tarn(struct bench *b, double *ret_s, struct err *e) {
    struct arena a;
    struct buf text = {0}, ok = {0};
    struct json *task = NULL;
    arena_init(&a, 0);
    write_task(b, &text);
    double from = now_s();
    int rc =
        buf_ok(&text) ? json_parse(&a, buf_bytes(&text), &task, e) : err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc : duck_run_convert(b->tarn, &a, task, &ok, e);
    *ret_s = now_s() - from;
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

static int run_peer(struct bench *b, double *ret_s, struct err *e) {
    struct buf sql = {0};
    buf_add_fmt(&sql, "COPY (FROM read_json('%s/events.json', format = 'newline_delimited', ",
                b->dir);
    for (size_t i = 0; i < EVENT_COLUMNS; i++) {
        buf_add_fmt(&sql, "%s%s: '%s'", i ? ", " : "columns = {", event_columns[i].name,
                    event_columns[i].duckdb_type);
    }
    buf_add_fmt(&sql,
                "})) TO '%s/duckdb.parquet' (FORMAT parquet, COMPRESSION %s%s, ROW_GROUP_SIZE %d, "
                "PARQUET_VERSION v2)",
                b->dir, b->compression,
                strcmp(b->compression, "zstd") == 0 ? ", COMPRESSION_LEVEL 1" : "", ROW_GROUP_ROWS);
    const char *text = buf_cstr(&sql);
    double from = now_s();
    int rc = text ? peer_query(b, text, NULL, e) : err_set(e, ERR_NOMEM, NULL);
    *ret_s = now_s() - from;
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

static int measure(struct bench *b, struct err *e) {
    struct duck_options o = {.threads = 1, .memory_mb = MEMORY_MB};
    pin_to_one_core();
    int rc = duck_open(&o, &b->tarn, e);
    rc = rc ? rc : open_peer(b, e);
    for (int i = 0; i < b->rounds && !rc; i++) {
        rc = run_tarn(b, &b->tarn_s[i], e);
        rc = rc ? rc : run_peer(b, &b->peer_s[i], e);
    }
    return rc ? rc : compare_files(b, e);
}

static void report(struct bench *b) {
    double tarn = median(b->tarn_s, b->rounds), peer = median(b->peer_s, b->rounds);
    printf("{\"events\": %llu, \"event_bytes\": %d, \"rounds\": %d, \"compression\": \"%s\", "
           "\"tarn_rows_per_s\": %.0f, \"duckdb_rows_per_s\": %.0f, \"ratio\": %.2f, "
           "\"tarn_bytes\": %llu, \"duckdb_bytes\": %llu}\n",
           (unsigned long long)b->events, EVENT_BYTES, b->rounds, b->compression,
           (double)b->events / tarn, (double)b->events / peer, peer / tarn,
           (unsigned long long)file_bytes(b, "tarn.parquet"),
           (unsigned long long)file_bytes(b, "duckdb.parquet"));
}

int main(int argc, char **argv) {
    struct err e = {0};
    struct bench b = {0};
    if (argc != 5) {
        fprintf(stderr, "use: convert DIR EVENTS ROUNDS COMPRESSION\n");
        return 2;
    }
    b.dir = argv[1];
    b.events = strtoull(argv[2], NULL, 10);
    b.rounds = MAX_OF(1, MIN_OF(atoi(argv[3]), ROUNDS_MAX));
    b.compression = argv[4];
    arena_init(&b.arena, 0);
    int rc = make_input(&b, &e);
    rc = rc ? rc : measure(&b, &e);
    if (rc) {
        fprintf(stderr, "convert: %s\n", e.text);
    } else {
        report(&b);
    }
    if (b.peer_db) {
        duckdb_disconnect(&b.peer);
        duckdb_close(&b.peer_db);
    }
    if (b.tarn) {
        duck_close(&b.tarn);
    }
    buf_clear(&b.view);
    arena_clear(&b.arena);
    return rc ? 1 : 0;
}
