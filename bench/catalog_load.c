/* catalog_load.c - load and latency of a JSON service such as Glue, over a few connections.
 *
 *   add PORT DATABASE TABLE COUNT CONNECTIONS
 *       registers COUNT partitions (year, month, day, hour, bucket) with BatchCreatePartition, 100
 *       a call, each with the storage descriptor that a crawler would send
 *   mix PORT SECONDS CONNECTIONS RATE FILE
 *       FILE has one request a line: label TAB target TAB body. Each connection sends them in turn,
 *       starting at its own, until the time is over; together RATE a second, or as fast as they
 *       are answered when RATE is 0. Latencies are gathered by label.
 *
 * Each connection is a thread that sends, waits for the answer and goes on with the next, so the
 * number of connections is the number of requests under way. An answer that is not 200 counts as an
 * error; the first one is shown. Prints one JSON object. */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "client.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define BATCH 100
#define CONNECTIONS_MAX 64
#define LABELS_MAX 16
#define SAMPLES_MAX 400000
#define REPLY_MAX (4u << 20)
#define BUCKETS 10

struct line {
    size_t label;
    struct bytes request;
};
struct load {
    int port;
    int connections;
    const char *database, *table;
    uint64_t count; /* add: partitions */
    _Atomic uint64_t next;
    int64_t stop_us; /* mix */
    double pause_us; /* mix: between a connection's requests; 0: none */
    struct line *lines;
    size_t line_count;
    struct bytes labels[LABELS_MAX];
    size_t label_count;
};
struct connection {
    pthread_t thread;
    struct load *load;
    int number, fd;
    uint64_t errors;
    char first_error[300];
    size_t sample_count;
    struct {
        uint32_t us, label;
    } samples[SAMPLES_MAX];
    char reply[REPLY_MAX];
};

/* ---- requests ---- */

/* The server was started without an access key, so a signature is looked at and not computed. */
static void write_request(struct buf *out, int port, struct bytes target, struct bytes body) {
    buf_add_fmt(out,
                "POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: "
                "application/x-amz-json-1.1\r\nX-Amz-Target: %.*s\r\n"
                "X-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 "
                "Credential=bench/20260101/us-east-1/glue/aws4_request, SignedHeaders=host, "
                "Signature=%064d\r\nContent-Length: %zu\r\n\r\n",
                port, BYTES_ARG(target), 0, body.len);
    buf_add(out, body);
}

static const struct {
    const char *name, *type;
} columns[] = {{"session_id", "string"}, {"id", "string"},         {"event_time", "timestamp"},
               {"advertiser", "string"}, {"campaign_id", "int"},   {"price", "double"},
               {"position", "smallint"}, {"user_agent", "string"}, {"url", "string"},
               {"country", "string"},    {"visible", "boolean"},   {"user_id", "bigint"}};

static void write_storage(struct jsonw *w, const char *location) {
    jsonw_object(w);
    jsonw_name(w, "Columns");
    jsonw_array(w);
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        jsonw_object(w);
        jsonw_kv_cstr(w, "Name", columns[i].name);
        jsonw_kv_cstr(w, "Type", columns[i].type);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_kv_cstr(w, "Location", location);
    jsonw_kv_cstr(w, "InputFormat",
                  "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat");
    jsonw_kv_cstr(w, "OutputFormat",
                  "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat");
    jsonw_kv_bool(w, "Compressed", false);
    jsonw_kv_i64(w, "NumberOfBuckets", -1);
    jsonw_kv_raw(w, "SerdeInfo",
                 BYTES("{\"SerializationLibrary\":\"org.apache.hadoop.hive.ql.io.parquet.serde."
                       "ParquetHiveSerDe\",\"Parameters\":{\"serialization.format\":\"1\"}}"));
    jsonw_kv_raw(w, "BucketColumns", BYTES("[]"));
    jsonw_kv_raw(w, "SortColumns", BYTES("[]"));
    jsonw_kv_raw(w, "Parameters", BYTES("{\"classification\":\"parquet\"}"));
    jsonw_kv_bool(w, "StoredAsSubDirectories", false);
    jsonw_end_object(w);
}

/* The i-th partition: ten buckets an hour from 2015 on. */
static void write_partition(struct jsonw *w, const struct load *l, uint64_t i) {
    struct clock_fields at;
    char location[200], values[80];
    int64_t hour = (int64_t)(i / BUCKETS);
    int bucket = (int)(i % BUCKETS);
    clock_split_ms((clock_days_from_civil(2015, 1, 1) * 24 + hour) * 3600000, &at);
    snprintf(location, sizeof(location),
             "s3://lake/%s/year=%04d/month=%02d/day=%02d/hour=%02d/bucket=%d/", l->table, at.year,
             at.month, at.day, at.hour, bucket);
    snprintf(values, sizeof(values), "[\"%04d\",\"%02d\",\"%02d\",\"%02d\",\"%d\"]", at.year,
             at.month, at.day, at.hour, bucket);
    jsonw_object(w);
    jsonw_kv_raw(w, "Values", bytes_str(values));
    jsonw_name(w, "StorageDescriptor");
    write_storage(w, location);
    jsonw_kv_raw(w, "Parameters", BYTES("{\"classification\":\"parquet\"}"));
    jsonw_end_object(w);
}

static void write_batch(struct buf *out, const struct load *l, uint64_t from) {
    struct buf body = {0};
    struct jsonw w = jsonw_to(&body);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "DatabaseName", l->database);
    jsonw_kv_cstr(&w, "TableName", l->table);
    jsonw_name(&w, "PartitionInputList");
    jsonw_array(&w);
    for (uint64_t i = from; i < from + BATCH && i < l->count; i++)
        write_partition(&w, l, i);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    buf_reset(out);
    write_request(out, l->port, BYTES("AWSGlue.BatchCreatePartition"), buf_bytes(&body));
    if (!buf_ok(&body))
        buf_reset(out);
    buf_clear(&body);
}

/* ---- one connection ---- */

static bool is_good(struct bytes reply, bool batch) {
    return bytes_starts_with(reply, BYTES("HTTP/1.1 200")) &&
           (!batch || bytes_find(reply, BYTES("\"Errors\":[]")) >= 0);
}

static bool exchange(struct connection *c, struct bytes request, size_t label, bool batch) {
    int64_t from = clock_mono_us(clock_system());
    struct bytes reply = {0};
    if (client_send(c->fd, request))
        reply = client_read(c->fd, c->reply, sizeof(c->reply));
    int64_t took = clock_mono_us(clock_system()) - from;
    if (!is_good(reply, batch) && c->errors++ == 0)
        snprintf(c->first_error, sizeof(c->first_error), "%.*s",
                 reply.len > 299 ? 299 : (int)reply.len,
                 reply.len ? reply.ptr : "the connection was closed");
    if (c->sample_count < SAMPLES_MAX) {
        c->samples[c->sample_count].us = (uint32_t)took;
        c->samples[c->sample_count++].label = (uint32_t)label;
    }
    return reply.len > 0;
}

static void *add_main(void *arg) {
    struct connection *c = arg;
    struct load *l = c->load;
    struct buf request = {0};
    uint64_t from;
    bool alive = c->fd >= 0;
    while (alive && (from = atomic_fetch_add(&l->next, BATCH)) < l->count) {
        write_batch(&request, l, from);
        alive = buf_ok(&request) && exchange(c, buf_bytes(&request), 0, true);
    }
    buf_clear(&request);
    return NULL;
}

/* Sleeps to the time of this connection's n-th request; connections take turns. A late one is not
 * made up for. */
static void pace(const struct connection *c, int64_t *due_us) {
    const struct load *l = c->load;
    int64_t now = clock_mono_us(clock_system());
    if (*due_us == 0)
        *due_us = now + (int64_t)(l->pause_us * c->number / l->connections);
    if (*due_us > now) {
        int64_t us = *due_us - now;
        nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
    }
    *due_us = (*due_us > now ? *due_us : now) + (int64_t)l->pause_us;
}

static void *mix_main(void *arg) {
    struct connection *c = arg;
    const struct load *l = c->load;
    size_t next = (size_t)c->number;
    int64_t due_us = 0;
    bool alive = c->fd >= 0;
    while (alive && clock_mono_us(clock_system()) < l->stop_us) {
        const struct line *line = &l->lines[next++ % l->line_count];
        if (l->pause_us > 0)
            pace(c, &due_us);
        alive = exchange(c, line->request, line->label, false);
    }
    return NULL;
}

/* ---- the run ---- */

static void write_label(struct jsonw *w, struct connection *all, const struct load *l, size_t label,
                        uint32_t *room) {
    size_t n = 0;
    for (int i = 0; i < l->connections; i++)
        for (size_t j = 0; j < all[i].sample_count; j++)
            if (all[i].samples[j].label == label)
                room[n++] = all[i].samples[j].us;
    qsort(room, n, sizeof(*room), client_compare_u32);
    jsonw_name_bytes(w, l->labels[label]);
    jsonw_object(w);
    jsonw_kv_u64(w, "requests", n);
    static const struct {
        const char *name;
        size_t per_mille;
    } ranks[] = {{"p50_ms", 500}, {"p99_ms", 990}, {"p999_ms", 999}, {"max_ms", 1000}};
    for (size_t i = 0; i < COUNT_OF(ranks) && n; i++) {
        size_t at = n * ranks[i].per_mille / 1000;
        jsonw_name(w, ranks[i].name);
        jsonw_f64(w, room[at < n ? at : n - 1] / 1e3);
    }
    jsonw_end_object(w);
}

static int report(struct connection *all, const struct load *l, double seconds) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    uint64_t errors = 0;
    size_t samples = 0;
    const char *first = NULL;
    for (int i = 0; i < l->connections; i++) {
        errors += all[i].errors;
        samples += all[i].sample_count;
        if (!first && all[i].errors)
            first = all[i].first_error;
    }
    uint32_t *room = mem_calloc(samples + 1, sizeof(*room));
    jsonw_object(&w);
    jsonw_name(&w, "seconds");
    jsonw_f64(&w, seconds);
    jsonw_kv_u64(&w, "requests", samples);
    jsonw_kv_u64(&w, "errors", errors);
    jsonw_kv_cstr(&w, "first_error", first);
    for (size_t i = 0; room && i < l->label_count; i++)
        write_label(&w, all, l, i, room);
    jsonw_end_object(&w);
    if (room && buf_ok(&out))
        printf("%.*s\n", (int)out.len, out.ptr);
    mem_free(room);
    buf_clear(&out);
    return 0;
}

static int run(struct load *l, void *(*body)(void *)) {
    struct connection *all = mem_calloc((size_t)l->connections, sizeof(*all));
    if (!all)
        return 1;
    for (int i = 0; i < l->connections; i++) {
        all[i].load = l;
        all[i].number = i;
        all[i].fd = client_dial(l->port);
        if (all[i].fd < 0)
            all[i].errors = 1;
    }
    int64_t from = clock_mono_us(clock_system());
    int started = 0;
    while (started < l->connections &&
           pthread_create(&all[started].thread, NULL, body, &all[started]) == 0)
        started++;
    for (int i = 0; i < started; i++)
        pthread_join(all[i].thread, NULL);
    double seconds = (double)(clock_mono_us(clock_system()) - from) / 1e6;
    for (int i = 0; i < l->connections; i++)
        if (all[i].fd >= 0)
            close(all[i].fd);
    int rc = started == l->connections ? report(all, l, seconds) : 1;
    mem_free(all);
    return rc;
}

static size_t find_label(struct load *l, struct bytes label) {
    for (size_t i = 0; i < l->label_count; i++)
        if (bytes_eq(l->labels[i], label))
            return i;
    if (l->label_count == LABELS_MAX)
        return LABELS_MAX - 1;
    l->labels[l->label_count] = label;
    return l->label_count++;
}

static int read_lines(struct arena *a, struct load *l, const char *path) {
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t room = 0, cap = 0;
    ssize_t n;
    while (f && (n = getline(&text, &room, f)) > 0) {
        struct buf request = {0};
        struct bytes label, target;
        struct bytes body = bytes_cut(arena_copy(a, bytes_of(text, (size_t)n - 1)), '\t', &label);
        body = bytes_cut(body, '\t', &target);
        write_request(&request, l->port, target, body);
        if (l->line_count == cap) {
            cap = cap ? cap * 2 : 64;
            l->lines = mem_realloc(l->lines, cap * sizeof(*l->lines));
        }
        l->lines[l->line_count++] =
            (struct line){find_label(l, label), arena_copy(a, buf_bytes(&request))};
        buf_clear(&request);
    }
    free(text);
    if (f)
        fclose(f);
    return l->line_count && !a->failed ? 0 : 1;
}

static int usage(void) {
    fprintf(stderr, "use: catalog_load add PORT DATABASE TABLE COUNT CONNECTIONS\n"
                    "     catalog_load mix PORT SECONDS CONNECTIONS RATE FILE\n");
    return 2;
}

int main(int argc, char **argv) {
    struct load l = {.port = argc > 2 ? atoi(argv[2]) : 0};
    struct arena a;
    int rc;
    bool add = argc == 7 && strcmp(argv[1], "add") == 0;
    if (!add && (argc != 7 || strcmp(argv[1], "mix") != 0))
        return usage();
    l.connections = atoi(argv[add ? 6 : 4]);
    if (l.connections < 1 || l.connections > CONNECTIONS_MAX)
        return usage();
    arena_init(&a, 0);
    if (add) {
        l.database = argv[3];
        l.table = argv[4];
        l.count = strtoull(argv[5], NULL, 10);
        find_label(&l, BYTES("BatchCreatePartition"));
        rc = run(&l, add_main);
    } else {
        rc = read_lines(&a, &l, argv[6]);
        l.pause_us = atof(argv[5]) > 0 ? l.connections * 1e6 / atof(argv[5]) : 0;
        l.stop_us = clock_mono_us(clock_system()) + (int64_t)(atof(argv[3]) * 1e6);
        rc = rc ? rc : run(&l, mix_main);
    }
    mem_free(l.lines);
    arena_clear(&a);
    return rc;
}
