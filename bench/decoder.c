/* bench/decoder.c - how many events per second the decoder turns into columns, on one core.
 *
 * 200,000 synthetic advertising events of 482 bytes, twelve columns (strings, integers, doubles, a
 * boolean, a timestamp), compact JSON, decoded into chunks of 2048 rows. Prints the best of several
 * rounds for each instruction set the machine has: rows/s, MB/s. */
#include "schema/decoder.h"
#include "base/clock.h"
#include "base/mem.h"
#include "events.h"
#include <stdlib.h>

#define EVENTS 200000
#define CHUNK 2048
#define ROUNDS 7

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
    struct decoder_options o = {.columns = cols, .column_count = EVENT_COLUMNS, .isa = isa};
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
    struct decoder_column cols[EVENT_COLUMNS] = {0};
    struct decoder_vec vecs[EVENT_COLUMNS] = {0};
    for (size_t i = 0; i < EVENT_COLUMNS; i++) {
        cols[i].name = bytes_str(event_columns[i].name);
        if (type_parse(&a, bytes_str(event_columns[i].hive_type), &cols[i].type, NULL) != 0) {
            return 1;
        }
        vecs[i].capacity = CHUNK;
        vecs[i].data = arena_calloc(&a, event_columns[i].width * CHUNK);
        vecs[i].validity = arena_calloc(&a, CHUNK / 8);
    }
    char *text = mem_alloc((size_t)EVENTS * EVENT_BYTES + EVENT_ROOM);
    if (!text || a.failed) {
        return 1;
    }
    struct rand_seeded r = {.state = 1};
    for (size_t i = 0; i < EVENTS; i++) {
        event_make(text + i * EVENT_BYTES, EVENT_BYTES, &r);
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
