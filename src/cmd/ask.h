/* ask.h - runs one statement through the Athena API and hands over its result row by row. */
#ifndef TARN_CMD_ASK_H
#define TARN_CMD_ASK_H

#include "http/client.h"

struct ask_column {
    struct bytes name, type;
};
struct ask_cell {
    struct bytes text;
    bool is_null;
};

/* Receives a result. `columns` is called once before the first row; what it is given lives until
 * ask_run returns, what `row` is given only during the call. A non-zero return stops. */
struct ask_sink {
    int (*columns)(void *ctx, const struct ask_column *columns, size_t count);
    int (*row)(void *ctx, const struct ask_cell *cells, size_t count);
    void *ctx;
};
struct ask_stats {
    int64_t total_ms, engine_ms;
    uint64_t bytes_scanned;
    uint64_t rows;
};

struct ask_options {
    struct bytes database; /* "" : default */
    struct bytes workgroup;
    const volatile int
        *interrupted; /* when it becomes non-zero the query is stopped; may be NULL */
};

/* Runs to the end. A failed query is ERR_SQL with Athena's reason as text. */
int ask_run(struct client *c, const struct ask_options *o, struct bytes sql,
            const struct ask_sink *sink, struct ask_stats *ret, struct err *e) WARN_UNUSED;

/* "12.3 MB" into 32 bytes (decimal units, as AWS bills). */
void ask_format_bytes(uint64_t bytes, char out[32]);

#endif
