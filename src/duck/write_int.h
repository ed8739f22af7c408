/* write_int.h - between the files of the "write" task. Inside duck only.
 *
 * A struct write_state is one task's; the engine's threads reach it through duck->write. */
#ifndef TARN_DUCK_WRITE_INT_H
#define TARN_DUCK_WRITE_INT_H

#include "duck/duck_int.h"

#define WRITE_SEPARATORS 8

enum write_format { WRITE_PARQUET, WRITE_JSON, WRITE_TEXT };

/* How rows become lines. */
struct write_style {
    bool is_json;
    const struct bytes *names; /* JSON: keys of the columns */
    size_t name_count;
    char separators[WRITE_SEPARATORS]; /* text: of fields, elements, map keys, and deeper ones */
    char escape;                       /* 0: none */
    struct bytes null_text;
};

struct write_partition {
    struct bytes key; /* its bucket and values, as one text */
    uint64_t hash;    /* of the key */
    const struct bytes *values;
    int64_t bucket;
};
struct write_state {
    struct arena *arena;
    struct write_style style;
    size_t key_count;
    size_t bucket_columns; /* 0: none */
    int64_t bucket_count;
    size_t max_partitions;
    /* under lock: */
    pthread_mutex_t lock;
    struct arena memory; /* of the partitions */
    struct write_partition *partitions;
    size_t partition_count, partition_room;
};

/* ---- write_cells.c: values of one chunk's vectors as Hive's text and as JSON ---- */
struct cell;
/* A column's cell, in the arena. The type's names are those of the fields. */
int cell_new(struct arena *a, duckdb_logical_type type, struct cell **ret,
             struct err *e) WARN_UNUSED;
void cell_bind(struct cell *c, duckdb_vector vector);
bool cell_is_null(const struct cell *c, idx_t row);
/* `depth` is the separator that parts elements of a nested value: 1 for a column. */
void cell_text(const struct cell *c, idx_t row, const struct write_style *s, size_t depth,
               struct buf *out);
void cell_json(const struct cell *c, idx_t row, struct buf *out);
/* A JSON string with its quotes. */
void write_json_text(struct bytes v, struct buf *out);
/* Hive's hash of a value, as buckets are chosen by it. */
int32_t cell_hash(const struct cell *c, idx_t row);

/* ---- write_functions.c ---- */
/* tarn_line(columns..) is a row as a line; tarn_partition([bucket columns..,] keys..) the number of
 * its partition in state->partitions, which grows. `current` is where the running task's state is
 * found. */
int write_register(duckdb_connection con, struct write_state **current, struct err *e) WARN_UNUSED;

#endif
