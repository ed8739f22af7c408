/* put_load.c - a load generator for PutRecords, the same for every server that speaks Kinesis.
 *
 * The client must cost as little as possible, since it shares the machine with the server. So all
 * work is done before the clock starts: a handful of distinct requests, each 500 records of 480
 * bytes in base64 with random partition keys, complete with headers and SigV4 signature, are laid
 * out as bytes. Each connection is a thread that writes one of them, reads the answer, checks that
 * it is 200 with no failed record, and goes on with the next. Answers during the warm-up do not
 * count. Prints one JSON object.
 *
 * Use: put_load PORT STREAM CONNECTIONS SECONDS [ACCESS_KEY SECRET_KEY] */
#include "base/clock.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "client.h"
#include "events.h"
#include "http/sigv4.h"
#include <pthread.h>

#define RECORDS 500
#define RECORD_BYTES 480
#define REQUESTS 8
#define WARM_US 700000
#define CONNECTIONS_MAX 64
#define SAMPLES_MAX 200000
#define REPLY_MAX (1u << 20)

struct load {
    int port;
    const char *stream;
    int connections;
    int64_t count_from_us, stop_us;
    struct bytes requests[REQUESTS];
};
struct connection {
    pthread_t thread;
    const struct load *load;
    int number;
    uint64_t acknowledged;
    uint32_t *samples_us;
    size_t sample_count;
    const char *failure;
    char reply[REPLY_MAX];
};

/* ---- requests ---- */

static void write_body(struct buf *out, const char *stream, struct rand_seeded *r) {
    char event[EVENT_ROOM], key[24];
    struct jsonw w = jsonw_to(out);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "StreamName", stream);
    jsonw_name(&w, "Records");
    jsonw_array(&w);
    for (int i = 0; i < RECORDS; i++) {
        event_make(event, RECORD_BYTES, r);
        snprintf(key, sizeof(key), "%llx", event_below(r, UINT64_MAX));
        jsonw_object(&w);
        jsonw_name(&w, "Data");
        jsonw_base64(&w, bytes_of(event, RECORD_BYTES));
        jsonw_kv_cstr(&w, "PartitionKey", key);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
}

static void amz_date(char out[32]) {
    struct clock_fields f;
    clock_split_ms(clock_wall_ms(clock_system()), &f);
    snprintf(out, 32, "%04d%02d%02dT%02d%02d%02dZ", f.year, f.month, f.day, f.hour, f.minute,
             f.second);
}

/* The whole request as bytes of the arena; empty when something failed. */
static struct bytes make_request(struct arena *a, const struct load *l, const char *key,
                                 const char *secret, struct rand_seeded *r) {
    struct buf body = {0};
    uint8_t digest[SHA256_LEN];
    char host[32], date[32], hex[2 * SHA256_LEN];
    struct bytes authorization, request = {0};
    write_body(&body, l->stream, r);
    sha256(buf_bytes(&body), digest);
    hex_encode(bytes_of(digest, sizeof(digest)), hex);
    snprintf(host, sizeof(host), "127.0.0.1:%d", l->port);
    amz_date(date);
    const struct sigv4_header headers[] = {
        {BYTES("content-type"), BYTES("application/x-amz-json-1.1")},
        {BYTES("host"), bytes_str(host)},
        {BYTES("x-amz-date"), bytes_str(date)},
        {BYTES("x-amz-target"), BYTES("Kinesis_20131202.PutRecords")}};
    const struct sigv4_request signing = {.method = BYTES("POST"),
                                          .raw_path = BYTES("/"),
                                          .raw_query = BYTES(""),
                                          .headers = headers,
                                          .header_count = COUNT_OF(headers),
                                          .payload_sha256_hex = bytes_of(hex, sizeof(hex))};
    if (buf_ok(&body) &&
        sigv4_sign(a, bytes_str(key), bytes_str(secret), BYTES("us-east-1"), BYTES("kinesis"),
                   &signing, bytes_str(date), &authorization, NULL) == 0) {
        request =
            arena_fmt(a,
                      "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                      "application/x-amz-json-1.1\r\nX-Amz-Date: %s\r\nX-Amz-Target: "
                      "Kinesis_20131202.PutRecords\r\nAuthorization: %.*s\r\n"
                      "Content-Length: %zu\r\n\r\n%.*s",
                      host, date, BYTES_ARG(authorization), body.len, BYTES_ARG(buf_bytes(&body)));
    }
    buf_clear(&body);
    return request;
}

/* ---- one connection ---- */

static const char *check_reply(struct bytes reply) {
    if (!bytes_starts_with(reply, BYTES("HTTP/1.1 200"))) {
        return reply.ptr ? reply.ptr : "the connection was closed";
    }
    return bytes_find(reply, BYTES("\"FailedRecordCount\":0")) >= 0 ? NULL
                                                                    : "some records were refused";
}

static void *connection_main(void *arg) {
    struct connection *c = arg;
    const struct load *l = c->load;
    int fd = client_dial(l->port);
    size_t next = (size_t)c->number;
    int64_t now = clock_mono_us(clock_system());
    while (!c->failure && now < l->stop_us) {
        int64_t from = now;
        bool sent = fd >= 0 && client_send(fd, l->requests[next++ % REQUESTS]);
        struct bytes reply = sent ? client_read(fd, c->reply, sizeof(c->reply)) : (struct bytes){0};
        c->failure = check_reply(reply);
        now = clock_mono_us(clock_system());
        if (!c->failure && now >= l->count_from_us && now < l->stop_us) {
            c->acknowledged += RECORDS;
            if (c->sample_count < SAMPLES_MAX) {
                c->samples_us[c->sample_count++] = (uint32_t)(now - from);
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

/* ---- the run ---- */

static int report(struct connection *all, const struct load *l) {
    uint64_t acknowledged = 0;
    size_t samples = 0;
    for (int i = 0; i < l->connections; i++) {
        if (all[i].failure) {
            fprintf(stderr, "put_load: %.600s\n", all[i].failure);
            return 1;
        }
        acknowledged += all[i].acknowledged;
        if (i > 0) { /* gathered behind the first one's */
            memcpy(all[0].samples_us + samples, all[i].samples_us,
                   all[i].sample_count * sizeof(uint32_t));
        }
        samples += all[i].sample_count;
    }
    uint32_t *s = all[0].samples_us;
    qsort(s, samples, sizeof(*s), client_compare_u32);
    printf("{\"records_per_s\": %.0f, \"requests\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
           (double)acknowledged * 1e6 / (double)(l->stop_us - l->count_from_us), samples,
           samples ? s[samples / 2] / 1e3 : 0, samples ? s[samples * 99 / 100] / 1e3 : 0);
    return 0;
}

static int run(struct load *l, double seconds) {
    struct connection *all = mem_calloc((size_t)l->connections, sizeof(*all));
    uint32_t *samples = mem_calloc((size_t)l->connections * SAMPLES_MAX, sizeof(*samples));
    if (!all || !samples) {
        return 1;
    }
    l->count_from_us = clock_mono_us(clock_system()) + WARM_US;
    l->stop_us = l->count_from_us + (int64_t)(seconds * 1e6);
    int started = 0;
    for (; started < l->connections; started++) {
        struct connection *c = &all[started];
        c->load = l;
        c->number = started;
        c->samples_us = samples + (size_t)started * SAMPLES_MAX;
        if (pthread_create(&c->thread, NULL, connection_main, c) != 0) {
            break;
        }
    }
    for (int i = 0; i < started; i++) {
        pthread_join(all[i].thread, NULL);
    }
    int rc = started == l->connections ? report(all, l) : 1;
    mem_free(samples);
    mem_free(all);
    return rc;
}

int main(int argc, char **argv) {
    if (argc != 5 && argc != 7) {
        fprintf(stderr, "use: put_load PORT STREAM CONNECTIONS SECONDS [ACCESS_KEY SECRET_KEY]\n");
        return 2;
    }
    struct load l = {.port = atoi(argv[1]), .stream = argv[2], .connections = atoi(argv[3])};
    if (l.connections < 1 || l.connections > CONNECTIONS_MAX) {
        fprintf(stderr, "put_load: 1 to %d connections\n", CONNECTIONS_MAX);
        return 2;
    }
    struct arena a;
    struct rand_seeded r = {.state = 7};
    arena_init(&a, 0);
    int rc = 0;
    for (size_t i = 0; i < REQUESTS && !rc; i++) {
        l.requests[i] =
            make_request(&a, &l, argc == 7 ? argv[5] : "tarn", argc == 7 ? argv[6] : "tarn", &r);
        rc = l.requests[i].ptr ? 0 : 1;
    }
    rc = rc ? rc : run(&l, atof(argv[4]));
    arena_clear(&a);
    return rc;
}
