/* catalog_int.h - connections and statements, for the catalogue's own files. */
#ifndef TARN_CATALOG_INT_H
#define TARN_CATALOG_INT_H

#include "catalog/catalog.h"
#include <pthread.h>
#include <sqlite3.h>

#define CAT_READERS 4
#define CAT_STMTS 128

/* One SQLite connection, used by one thread at a time, with its prepared statements. */
struct cat_conn {
    sqlite3 *db; /* NULL: not opened yet */
    bool taken;  /* readers: in use; under pool_lock */
    size_t cached;
    struct {
        const char *sql; /* compared as a pointer: statements are string literals */
        sqlite3_stmt *st;
    } cache[CAT_STMTS];
};

struct catalog {
    struct clock *clock;
    char *path;
    _Atomic uint64_t version;
    pthread_mutex_t write_lock; /* guards writer, and so all writes */
    struct cat_conn writer;
    pthread_mutex_t pool_lock; /* guards readers[].taken */
    pthread_cond_t pool_freed;
    struct cat_conn readers[CAT_READERS];
};

/* ---- db.c ---- */
int cat_conn_open(struct cat_conn *k, const char *path, bool writer, struct err *e) WARN_UNUSED;
void cat_conn_close(struct cat_conn *k);
/* Takes the writer lock and opens a transaction on c->writer. */
int cat_write_begin(struct catalog *c, struct err *e) WARN_UNUSED;
/* rc 0: bumps the version, commits; else rolls back. Unlocks. Returns rc or the commit's error. */
int cat_write_end(struct catalog *c, int rc, struct err *e) WARN_UNUSED;
/* A reader with an open read transaction (one snapshot); waits while all are taken. */
int cat_read_begin(struct catalog *c, struct cat_conn **ret, struct err *e) WARN_UNUSED;
/* Ends the transaction, gives the reader back; returns rc. */
int cat_read_end(struct catalog *c, struct cat_conn *k, int rc);
/* The statement `sql` (a string literal) with its parameters bound by `types`: t struct bytes as
 * text, b struct bytes as blob, i int64_t. Bound views must live until cat_reset. */
int cat_stmt(struct cat_conn *k, sqlite3_stmt **ret, struct err *e, const char *sql,
             const char *types, ...) WARN_UNUSED;
/* 1: a row; 0: done; negative ERR_* (ERR_ALREADY_EXISTS for a uniqueness violation). Resets the
 * statement unless it returned 1. */
int cat_step(sqlite3_stmt *st, struct err *e) WARN_UNUSED;
/* Needed after leaving a statement before its last row. */
void cat_reset(sqlite3_stmt *st);
/* cat_stmt and cat_step for a statement without rows. */
int cat_run(struct cat_conn *k, struct err *e, const char *sql, const char *types, ...) WARN_UNUSED;
/* Column `i` copied into the arena; *failed is set when memory is short. */
struct bytes cat_col(struct arena *a, sqlite3_stmt *st, int i);
/* Room for one more item in an arena array; NULL when memory is short. */
void *cat_grow(struct arena *a, void *items, size_t count, size_t *cap, size_t item_size);

/* ---- partition_values.c ---- */
/* Values as one blob whose memcmp order is the order of the values. */
void cat_value_encode(struct bytes v, struct buf *out);
int cat_values_encode(const struct bytes *values, size_t count, struct buf *out,
                      struct err *e) WARN_UNUSED;
/* Cuts a blob into at most `max` views of it, undoing escapes in place; their number. */
size_t cat_values_cut(char *blob, size_t len, struct bytes *values, size_t max);
/* The values of a blob, copied. */
int cat_values_copy(struct arena *a, struct bytes blob, struct catalog_partition *ret,
                    struct err *e) WARN_UNUSED;

/* ---- partition_shape.c ---- */
/* The template used last, for the next row; of one table, within one transaction. Starts as zeros,
 * ends with cat_shape_clear. */
struct cat_shape {
    int64_t id; /* 0: none */
    struct buf template;
};
/* What a row of glue_partition keeps of a PartitionInput. */
struct cat_shaped {
    int64_t shape_id;
    struct bytes json, location; /* views of the arena and of the partition's json */
};
/* Takes p->json apart (p->values being its values), in the writer's transaction. */
int cat_shape_take(struct cat_shape *last, struct cat_conn *k, struct arena *a, int64_t table_id,
                   const struct catalog_partition *p, struct cat_shaped *ret,
                   struct err *e) WARN_UNUSED;
/* Puts it together again: p has its values and location, and in `json` what the row keeps; p->json
 * becomes the object as it was given. */
int cat_shape_give(struct cat_shape *last, struct cat_conn *k, struct arena *a, int64_t shape_id,
                   struct catalog_partition *p, struct err *e) WARN_UNUSED;
void cat_shape_clear(struct cat_shape *last);

/* ---- partition_select.c ---- */
struct cat_selection {
    const struct partition_filter *filter; /* NULL: all */
    struct bytes from;                     /* blob of the first candidate; empty: the first */
    size_t max;                            /* 0: all */
    bool with_json;
};
int cat_partition_select(struct cat_conn *k, struct arena *a, int64_t table_id,
                         const struct cat_selection *s, struct catalog_partition **ret,
                         size_t *ret_count, struct bytes *ret_next, struct err *e) WARN_UNUSED;

/* ---- partitions.c ---- */
/* Registers when missing; *ret_id is the partition's id in any case. */
int cat_partition_ensure(struct catalog *c, int64_t table_id, const struct bytes *values,
                         size_t value_count, struct bytes json, int64_t *ret_id,
                         struct err *e) WARN_UNUSED;

/* ---- tables.c ---- */
int cat_table_read(struct cat_conn *k, struct arena *a, struct bytes database, struct bytes name,
                   struct catalog_table *ret, struct err *e) WARN_UNUSED;
/* Id and version of a table, in the writer's transaction. */
int cat_table_find(struct cat_conn *k, struct bytes database, struct bytes name, int64_t *ret_id,
                   int64_t *ret_version, struct err *e) WARN_UNUSED;

/* In the writer's transaction; *ret_id is the new table's. */
int cat_table_insert(struct catalog *c, struct bytes database, struct bytes name, struct bytes json,
                     int64_t *ret_id, struct err *e) WARN_UNUSED;

/* ---- versions.c ---- */
/* Keeps the table as it is now among its versions. */
int cat_version_archive(struct cat_conn *k, int64_t table_id, struct err *e) WARN_UNUSED;

/* ---- files.c ---- */
int cat_file_write(struct cat_conn *k, const struct catalog_file *f, struct err *e) WARN_UNUSED;
/* Reads the seven columns of `file` from `first` on. */
void cat_file_from_row(struct arena *a, sqlite3_stmt *st, int first, struct catalog_file *ret);
#define CAT_FILE_COLUMNS "f.uri,f.row_count,f.size_bytes,f.mtime_ns,f.facts,f.from_lsn,f.to_lsn"

#endif
