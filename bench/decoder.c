/* bench/decoder.c - how many events per second the decoder turns into columns, on one core.
 *
 * 200,000 synthetic advertising events of 482 bytes, twelve columns (strings, integers, doubles, a
 * boolean, a timestamp), compact JSON, decoded into chunks of 2048 rows. Prints the best of several
 * rounds for each instruction set the machine has: rows/s, MB/s. */
#include "schema/decoder.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include <stdio.h>
#include <stdlib.h>

#define EVENTS 200000
#define EVENT_BYTES 482
#define CHUNK 2048
#define ROUNDS 7

static const struct {
    const char *name, *type;
    size_t width;
} columns[] = {
    {"session_id", "string", 16}, {"id", "string", 16},         {"event_time", "timestamp", 8},
    {"advertiser", "string", 16}, {"campaign_id", "int", 4},    {"price", "double", 8},
    {"position", "smallint", 2},  {"user_agent", "string", 16}, {"url", "string", 16},
    {"country", "string", 16},    {"visible", "boolean", 1},    {"user_id", "bigint", 8},
};
#define COLUMNS COUNT_OF(columns)

static size_t make_event(char *out, struct rand_seeded *r) {
    static const char *countries[] = {"DE", "US", "FR", "JP", "BR", "NL"};
    int n = snprintf(
        out, EVENT_BYTES + 200,
        "{\"session_id\":\"%016llx-%08llx\",\"id\":\"%016llx\","
        "\"event_time\":\"2020-%02d-%02dT%02d:%02d:%02d.%03dZ\",\"advertiser\":\"advertiser-%llu\","
        "\"campaign_id\":%llu,\"price\":%llu.%02llu,\"position\":%llu,"
        "\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/%llu.0\","
        "\"country\":\"%s\",\"visible\":%s,\"user_id\":%llu,\"url\":\"https://shop.example/item/",
        (unsigned long long)rand_next(r), (unsigned long long)(rand_next(r) >> 32),
        (unsigned long long)rand_next(r), (int)rand_below(r, 12) + 1, (int)rand_below(r, 28) + 1,
        (int)rand_below(r, 24), (int)rand_below(r, 60), (int)rand_below(r, 60),
        (int)rand_below(r, 1000), (unsigned long long)rand_below(r, 500),
        (unsigned long long)rand_below(r, 100000), (unsigned long long)rand_below(r, 50),
        (unsigned long long)rand_below(r, 100), (unsigned long long)rand_below(r, 20),
        (unsigned long long)rand_below(r, 40) + 80, countries[rand_below(r, 6)],
        rand_below(r, 2) ? "true" : "false", (unsigned long long)rand_below(r, 10000000000));
    while (n < EVENT_BYTES - 2) {
        out[n++] = (char)('a' + rand_below(r, 26));
    }
    out[n++] = '"';
    out[n++] = '}';
    return (size_t)n;
}

static double run_once(struct decoder *d, const char *text, struct decoder_vec *vecs) {
    struct decoder_fault fault;
    int64_t from = clock_mono_us(clock_system());
    size_t row = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        if (decoder_record(d, bytes_of(text + i * EVENT_BYTES, EVENT_BYTES), vecs, row, CHUNK,
                           &fault) != 1) {
            fprintf(stderr, "event %zu: %s\n", i, fault.text);
            exit(1);
        }
        if (++row == CHUNK) {
            decoder_reset_strings(d);
            row = 0;
        }
    }
    return (double)(clock_mono_us(clock_system()) - from) / 1e6;
}

static void bench_isa(enum decoder_isa isa, const struct decoder_column *cols, const char *text,
                      struct decoder_vec *vecs) {
    struct arena a;
    arena_init(&a, 0);
    struct decoder_options o = {.columns = cols, .column_count = COLUMNS, .isa = isa};
    struct decoder *d = NULL;
    if (decoder_new(&a, &o, &d, NULL) == 0) {
        double best = 1e9;
        for (int i = 0; i < ROUNDS; i++) {
            double s = run_once(d, text, vecs);
            best = s < best ? s : best;
        }
        printf("decoder %-8s %6.2f M rows/s  %7.0f MB/s\n", decoder_isa_name(d),
               EVENTS / best / 1e6, EVENTS * (double)EVENT_BYTES / best / 1e6);
        decoder_free(&d);
    }
    arena_clear(&a);
}

int main(void) {
    struct arena a;
    arena_init(&a, 0);
    struct decoder_column cols[COLUMNS] = {0};
    struct decoder_vec vecs[COLUMNS] = {0};
    for (size_t i = 0; i < COLUMNS; i++) {
        cols[i].name = bytes_str(columns[i].name);
        if (type_parse(&a, bytes_str(columns[i].type), &cols[i].type, NULL) != 0) {
            return 1;
        }
        vecs[i].capacity = CHUNK;
        vecs[i].data = arena_calloc(&a, columns[i].width * CHUNK);
        vecs[i].validity = arena_calloc(&a, CHUNK / 8);
    }
    char *text = mem_alloc((size_t)EVENTS * EVENT_BYTES + 1024);
    if (!text || a.failed) {
        return 1;
    }
    struct rand_seeded r = {.state = 1};
    for (size_t i = 0; i < EVENTS; i++) {
        if (make_event(text + i * EVENT_BYTES, &r) != EVENT_BYTES) {
            fprintf(stderr, "an event is too long\n");
            return 1;
        }
    }
    static const enum decoder_isa isas[] = {DECODER_ISA_AVX2, DECODER_ISA_NEON,
                                            DECODER_ISA_PORTABLE};
    for (size_t i = 0; i < COUNT_OF(isas); i++) {
        bench_isa(isas[i], cols, text, vecs);
    }
    mem_free(text);
    arena_clear(&a);
    return 0;
}
