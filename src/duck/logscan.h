/* logscan.h - a range of a stream log as a DuckDB table function.
 *
 * One function, tarn_log(i), is registered per database; i picks a scan of the running task. Each
 * use in a plan reads the range on its own. Strings in the vectors point into the mapped segments
 * and into decoder memory, which live until logscan_set_clear (decoder memory: until the next
 * chunk, for a scan with `flat_memory`). */
#ifndef TARN_DUCK_LOGSCAN_H
#define TARN_DUCK_LOGSCAN_H

#include "base/json.h"
#include "duck/lib.h"
#include "schema/decoder.h"
#include "slog/reader.h"
#include <pthread.h>

struct logscan_partition {
    struct bytes name;
    struct bytes pattern; /* Java date pattern applied to the arrival time */
};
struct logscan {
    const struct json *view;
    const struct decoder_column *columns;
    size_t column_count;
    const struct logscan_partition *partitions; /* result columns after the decoded ones */
    size_t partition_count;
    bool case_sensitive, dots_to_underscores;
    int max_threads;
    /* Decoder memory is reused for each chunk: only for plans that copy every chunk at once. */
    bool flat_memory;
    /* Called for each record that does not fit, under the scan's lock; non-zero ends the scan with
     * *e. NULL: such records are left out. */
    int (*bad)(void *ctx, const struct slog_record *r, const struct decoder_fault *f,
               struct err *e);
    void *bad_ctx;
};
/* Reads "columns", "partitions", "case_sensitive", "dots_to_underscores" and "log". */
int logscan_from_json(struct arena *a, const struct json *j, struct logscan *ret,
                      struct err *e) WARN_UNUSED;

/* The scans of one task. */
struct logscan_run;
struct logscan_set {
    const struct logscan *scans;
    size_t count;
    _Atomic bool *stopped;
    struct logscan_run *runs; /* made by the engine's threads; freed by logscan_set_clear */
    pthread_mutex_t lock;     /* guards runs */
};
void logscan_set_init(struct logscan_set *s, const struct logscan *scans, size_t count,
                      _Atomic bool *stopped);
/* After the engine has let go of every chunk. */
void logscan_set_clear(struct logscan_set *s);
/* The first error that a run met, or 0. */
int logscan_set_error(struct logscan_set *s, struct err *e);

/* `current` is where the running task's set is found. */
int logscan_register(duckdb_connection con, struct logscan_set **current,
                     struct err *e) WARN_UNUSED;

/* ---- vectors.c: DuckDB's vectors as decoder_vec ---- */
duckdb_logical_type vectors_logical_type(const struct type *t) WARN_UNUSED;
/* The tree of decoder_vec for a type, in the arena, not bound to memory yet. */
int vectors_new(struct arena *a, const struct type *t, struct decoder_vec *ret) WARN_UNUSED;
/* Points the tree at a vector of a fresh chunk. */
void vectors_bind(struct decoder_vec *v, duckdb_vector vector, size_t capacity);
/* Tells DuckDB how many elements the lists hold. */
void vectors_finish(struct decoder_vec *v, duckdb_vector vector);

#endif
