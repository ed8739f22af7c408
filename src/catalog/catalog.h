/* catalog.h - the Glue model, and all other state that matters, over one SQLite database.
 *
 * <data>/catalog.db in WAL mode, synchronous=FULL for the writer. One writer connection behind a
 * lock, a small pool of readers. Schema versions are the numbered files in migrations/, compiled in
 * and applied in order at open. Entities are kept as the JSON their API speaks plus the columns
 * that are searched. All functions are thread-safe; results live in the caller's arena. Names are
 * compared as given; callers lower-case Glue names first.
 * Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog.html */
#ifndef TARN_CATALOG_CATALOG_H
#define TARN_CATALOG_CATALOG_H

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "catalog/filter.h"

struct catalog;
int catalog_open(const char *path, struct clock *clock, struct catalog **ret,
                 struct err *e) WARN_UNUSED;
void catalog_close(struct catalog **c);
/* Grows by one with every committed change: a cheap validator for cached plans. */
uint64_t catalog_version(struct catalog *c);
/* The clock it was opened with. */
struct clock *catalog_clock(struct catalog *c);

/* ---- databases ---- ERR_ENTITY_NOT_FOUND, ERR_ALREADY_EXISTS with Glue's texts. `json` is the
 * DatabaseInput object as sent. */
struct catalog_database {
    struct bytes name;
    struct bytes json;
    int64_t create_ms;
};
int catalog_database_create(struct catalog *c, struct bytes name, struct bytes json,
                            struct err *e) WARN_UNUSED;
int catalog_database_update(struct catalog *c, struct bytes name, struct bytes json,
                            struct err *e) WARN_UNUSED;
/* The same, but ERR_CONCURRENT_MODIFICATION when it is no longer as `expected_json`. */
int catalog_database_swap(struct catalog *c, struct bytes name, struct bytes expected_json,
                          struct bytes json, struct err *e) WARN_UNUSED;
/* Removes its tables and their partitions too (Glue does). */
int catalog_database_delete(struct catalog *c, struct bytes name, struct err *e) WARN_UNUSED;
int catalog_database_get(struct catalog *c, struct arena *a, struct bytes name,
                         struct catalog_database *ret, struct err *e) WARN_UNUSED;
/* Name order, names > after, at most max. */
int catalog_database_list(struct catalog *c, struct arena *a, struct bytes after, size_t max,
                          struct catalog_database **ret, size_t *ret_count,
                          struct err *e) WARN_UNUSED;

/* ---- tables ---- `json` is the TableInput object. */
struct catalog_table {
    int64_t id;
    struct bytes database, name;
    struct bytes json;
    int64_t version_id; /* starts at 0, +1 per update */
    int64_t create_ms, update_ms;
};
int catalog_table_create(struct catalog *c, struct bytes database, struct bytes name,
                         struct bytes json, struct err *e) WARN_UNUSED;
/* expected_version -1: any; else ERR_CONCURRENT_MODIFICATION when it is not the current one.
 * skip_archive: the version that is replaced is not kept. */
int catalog_table_update(struct catalog *c, struct bytes database, struct bytes name,
                         struct bytes json, int64_t expected_version, bool skip_archive,
                         struct err *e) WARN_UNUSED;
int catalog_table_delete(struct catalog *c, struct bytes database, struct bytes name,
                         struct err *e) WARN_UNUSED;
int catalog_table_get(struct catalog *c, struct arena *a, struct bytes database, struct bytes name,
                      struct catalog_table *ret, struct err *e) WARN_UNUSED;
int catalog_table_list(struct catalog *c, struct arena *a, struct bytes database,
                       struct bytes after, size_t max, struct catalog_table **ret,
                       size_t *ret_count, struct err *e) WARN_UNUSED;

/* ---- table versions ---- the current one and those that updates replaced, each as the table it
 * was. ERR_ENTITY_NOT_FOUND for a version that was never or is no longer kept. */
int catalog_table_version_get(struct catalog *c, struct arena *a, struct bytes database,
                              struct bytes name, int64_t version, struct catalog_table *ret,
                              struct err *e) WARN_UNUSED;
/* Newest first, versions < before (INT64_MAX to start), at most max. */
int catalog_table_version_list(struct catalog *c, struct arena *a, struct bytes database,
                               struct bytes name, int64_t before, size_t max,
                               struct catalog_table **ret, size_t *ret_count,
                               struct err *e) WARN_UNUSED;
/* ERR_INVALID_INPUT for the current one. */
int catalog_table_version_delete(struct catalog *c, struct bytes database, struct bytes name,
                                 int64_t version, struct err *e) WARN_UNUSED;

/* ---- partitions ---- identified by their values, in the order of the table's keys. */
struct catalog_partition {
    int64_t id;
    const struct bytes *values;
    size_t value_count;
    struct bytes json;     /* PartitionInput object */
    struct bytes location; /* StorageDescriptor.Location, "" when it has none */
    int64_t create_ms;
};
int catalog_partition_create(struct catalog *c, int64_t table_id, const struct bytes *values,
                             size_t value_count, struct bytes json, struct err *e) WARN_UNUSED;
/* Many in one transaction. ret_rcs[i] is 0 or ERR_ALREADY_EXISTS; any other failure undoes all.
 * Only values, value_count and json of each item are read. */
int catalog_partition_create_many(struct catalog *c, int64_t table_id,
                                  const struct catalog_partition *items, size_t count, int *ret_rcs,
                                  struct err *e) WARN_UNUSED;
/* The partition of `values` becomes the one of `new_values` (often the same), with `json`. */
int catalog_partition_update(struct catalog *c, int64_t table_id, const struct bytes *values,
                             const struct bytes *new_values, size_t value_count, struct bytes json,
                             struct err *e) WARN_UNUSED;
/* Many in one transaction: the partition of old[i].values becomes items[i] (values and json, as
 * many values). ret_rcs[i] is 0, ERR_ENTITY_NOT_FOUND or ERR_ALREADY_EXISTS; any other failure
 * undoes all. */
int catalog_partition_update_many(struct catalog *c, int64_t table_id,
                                  const struct catalog_partition *old,
                                  const struct catalog_partition *items, size_t count, int *ret_rcs,
                                  struct err *e) WARN_UNUSED;
/* Read-modify-write: each old[i] (values and json as they were read) becomes items[i] (values and
 * json), all in one transaction. ERR_CONCURRENT_MODIFICATION when one is no longer so,
 * ERR_ALREADY_EXISTS when new values are taken. */
int catalog_partition_swap_many(struct catalog *c, int64_t table_id,
                                const struct catalog_partition *old,
                                const struct catalog_partition *items, size_t count,
                                struct err *e) WARN_UNUSED;
/* Many in one transaction. ret_rcs[i] (may be NULL) is 0 or ERR_ENTITY_NOT_FOUND; any other failure
 * undoes all. Only values and value_count of each item are read. */
int catalog_partition_delete_many(struct catalog *c, int64_t table_id,
                                  const struct catalog_partition *items, size_t count, int *ret_rcs,
                                  struct err *e) WARN_UNUSED;
int catalog_partition_delete(struct catalog *c, int64_t table_id, const struct bytes *values,
                             size_t value_count, struct err *e) WARN_UNUSED;
int catalog_partition_get(struct catalog *c, struct arena *a, int64_t table_id,
                          const struct bytes *values, size_t value_count,
                          struct catalog_partition *ret, struct err *e) WARN_UNUSED;
/* Value order, from `from` on (empty: from the start), those that `f` keeps (NULL: all), at most
 * max (0: all), with their json. *ret_next (may be NULL) is what to pass as `from` for the rest,
 * empty when there is none; opaque bytes. */
int catalog_partition_list(struct catalog *c, struct arena *a, int64_t table_id,
                           const struct partition_filter *f, struct bytes from, size_t max,
                           struct catalog_partition **ret, size_t *ret_count,
                           struct bytes *ret_next, struct err *e) WARN_UNUSED;

/* ---- documents: Kinesis streams, delivery streams, workgroups, query executions, ... ----
 * Small JSON documents by (kind, key), with a sort number for newest-first listings. */
struct catalog_doc {
    struct bytes key;
    struct bytes json;
    int64_t sort; /* caller's, such as a submission time in ms */
    int64_t version;
};
/* Creates; ERR_ALREADY_EXISTS. */
int catalog_doc_create(struct catalog *c, const char *kind, struct bytes key, int64_t sort,
                       struct bytes json, struct err *e) WARN_UNUSED;
/* Creates or replaces; expected_version -1: any, else ERR_CONCURRENT_MODIFICATION. */
int catalog_doc_put(struct catalog *c, const char *kind, struct bytes key, int64_t sort,
                    struct bytes json, int64_t expected_version, struct err *e) WARN_UNUSED;
/* ERR_RESOURCE_NOT_FOUND. */
int catalog_doc_get(struct catalog *c, struct arena *a, const char *kind, struct bytes key,
                    struct catalog_doc *ret, struct err *e) WARN_UNUSED;
int catalog_doc_delete(struct catalog *c, const char *kind, struct bytes key,
                       struct err *e) WARN_UNUSED;
/* by_sort_desc: newest first, documents strictly after (after_sort, after_key); else key order,
 * keys > after_key. Pass after_sort INT64_MAX and an empty key to start. */
int catalog_doc_list(struct catalog *c, struct arena *a, const char *kind, bool by_sort_desc,
                     int64_t after_sort, struct bytes after_key, size_t max,
                     struct catalog_doc **ret, size_t *ret_count, struct err *e) WARN_UNUSED;

/* ---- file facts ---- what planning knows of a data file without opening it. Of a Parquet file
 * facts_json is its footer, by row group: "rows" and, for each leaf column (its path joined by
 * '.'), arrays of compressed bytes, and where the footer has them of least and greatest values
 * (texts or null) and of nulls; "bloom": some row group has a bloom filter. Texts are cut after 64
 * characters such that they still bound the values.
 *   {"rows":[2000,500],"columns":{"s.a":{"type":"BIGINT","bytes":[811,640],"min":["1",null],
 *    "max":["9",null],"nulls":[0,500],"bloom":true}}}
 * Catalogues of older versions hold sums over all row groups, {"row_groups":2,"columns":{"s":
 * {"bytes":1451}}}; the planner replaces them when it meets them. */
struct catalog_file {
    struct bytes uri; /* s3://bucket/key */
    int64_t rows;
    uint64_t size_bytes;
    int64_t mtime_ns;          /* validator for files that others wrote; 0 for delivered ones */
    struct bytes facts_json;   /* see below */
    uint64_t from_lsn, to_lsn; /* log range it holds; 0,0 for files that no delivery wrote */
};
/* Facts of a foreign file, by URI; replaces. */
int catalog_file_put(struct catalog *c, const struct catalog_file *f, struct err *e) WARN_UNUSED;
/* Many in one transaction. */
int catalog_file_put_many(struct catalog *c, const struct catalog_file *f, size_t count,
                          struct err *e) WARN_UNUSED;
/* Many in one reading: ret[i].uri is empty when nothing is known of uris[i]. */
int catalog_file_get_many(struct catalog *c, struct arena *a, const struct bytes *uris,
                          size_t count, struct catalog_file *ret, struct err *e) WARN_UNUSED;
/* ERR_RESOURCE_NOT_FOUND when unknown. */
int catalog_file_get(struct catalog *c, struct arena *a, struct bytes uri, struct catalog_file *ret,
                     struct err *e) WARN_UNUSED;
/* Object deleted: forget its facts and its place in a delivery's list. */
int catalog_file_forget(struct catalog *c, struct bytes uri, struct err *e) WARN_UNUSED;

/* ---- deliveries ---- exactly once: an intent, then one commit. `delivery` is the delivery
 * stream's name; `shardless` logs only, so one checkpoint per delivery. */
struct catalog_intent {
    int64_t id;
    struct bytes delivery;
    uint64_t from_lsn, to_lsn;
    struct bytes uri;       /* object to write */
    struct bytes error_uri; /* where bad records of the range go */
    struct bytes json;      /* whatever delivery needs to redo it the same way */
};
int catalog_intent_begin(struct catalog *c, const struct catalog_intent *in, int64_t *ret_id,
                         struct err *e) WARN_UNUSED;
int catalog_intent_list(struct catalog *c, struct arena *a, struct catalog_intent **ret,
                        size_t *ret_count, struct err *e) WARN_UNUSED;
/* One transaction: registers the partition when `partition_values` is not NULL and it is missing,
 * adds the files (0..n; none when every record was bad), sets the delivery's checkpoint to the
 * intent's to_lsn, removes the intent. ERR_RESOURCE_NOT_FOUND when the intent is gone already. */
struct catalog_intent_commit {
    int64_t intent_id;
    int64_t table_id; /* 0: no Glue table (raw delivery) */
    const struct bytes *partition_values;
    size_t partition_value_count;
    struct bytes partition_json;
    const struct catalog_file *files;
    size_t file_count;
};
int catalog_intent_commit(struct catalog *c, const struct catalog_intent_commit *commit,
                          struct err *e) WARN_UNUSED;
int catalog_intent_abandon(struct catalog *c, int64_t intent_id, struct err *e) WARN_UNUSED;
/* Next LSN to deliver; `initial` is set and returned when the delivery has none yet. */
int catalog_checkpoint_get(struct catalog *c, struct bytes delivery, uint64_t initial,
                           uint64_t *ret, struct err *e) WARN_UNUSED;
/* Forgets checkpoint, intents and file list of a deleted delivery. */
int catalog_delivery_forget(struct catalog *c, struct bytes delivery, struct err *e) WARN_UNUSED;

/* ---- writes of statements ---- what CREATE TABLE AS and INSERT make visible, in one transaction:
 * the table or the partitions that are missing, facts of the files, and the end of the intent, a
 * document of kind `intent_kind`. ERR_ALREADY_EXISTS when the new table's name is taken,
 * ERR_ENTITY_NOT_FOUND when the database is missing or the table is no longer the one that was
 * planned for, ERR_RESOURCE_NOT_FOUND when the intent is gone: nothing is changed then. */
struct catalog_write {
    const char *intent_kind;
    struct bytes intent_key;     /* ptr NULL: there is none */
    struct bytes database, name; /* of the table; empty: none (UNLOAD) */
    struct bytes table_json;     /* a new table's TableInput; ptr NULL: it is there */
    int64_t table_id;            /* when it is there */
    const struct catalog_partition *partitions; /* values and json; those there are left alone */
    size_t partition_count;
    const struct catalog_file *files;
    size_t file_count;
};
int catalog_write_commit(struct catalog *c, const struct catalog_write *w,
                         struct err *e) WARN_UNUSED;

/* ---- a view for a query's plan ---- everything read through it is of one commit, so that log and
 * files never overlap or leave a gap. It holds one of the few readers: keep it for milliseconds,
 * wait for nothing while it is open. For one thread at a time. */
struct catalog_view;
int catalog_view_open(struct catalog *c, struct catalog_view **ret, struct err *e) WARN_UNUSED;
/* Ends the transaction; a NULL view is ignored. */
void catalog_view_close(struct catalog_view **v);
/* catalog_version as of the view. */
uint64_t catalog_view_version(const struct catalog_view *v);
/* Whether the document is there. */
int catalog_view_has_doc(struct catalog_view *v, const char *kind, struct bytes key, bool *ret,
                         struct err *e) WARN_UNUSED;
/* Whether the database is there. */
int catalog_view_has_database(struct catalog_view *v, struct bytes name, bool *ret,
                              struct err *e) WARN_UNUSED;
int catalog_view_table(struct catalog_view *v, struct arena *a, struct bytes database,
                       struct bytes name, struct catalog_table *ret, struct err *e) WARN_UNUSED;
/* The partitions that `f` keeps (NULL: all), in value order, without their json. Its cost grows
 * with the branches of the value order that `f` leaves. *ret_considered: how many there are. */
int catalog_view_partitions(struct catalog_view *v, struct arena *a, int64_t table_id,
                            const struct partition_filter *f, struct catalog_partition **ret,
                            size_t *ret_count, uint64_t *ret_considered, struct err *e) WARN_UNUSED;
struct catalog_delivered_file {
    struct catalog_file file;
    int64_t partition_id; /* 0: table has no partitions */
    struct bytes delivery;
};
/* Files that deliveries committed: of the given partitions (of those without id, that is projected
 * ones: what lies under their location), or of the whole table when `partitions` is NULL. Without
 * their facts_json. */
int catalog_view_files(struct catalog_view *v, struct arena *a, int64_t table_id,
                       const struct catalog_partition *partitions, size_t partition_count,
                       struct catalog_delivered_file **ret, size_t *ret_count,
                       struct err *e) WARN_UNUSED;
/* Whether the object is one that a delivery committed or is about to (its intent is stored). */
int catalog_view_owns(struct catalog_view *v, struct bytes uri, bool *ret,
                      struct err *e) WARN_UNUSED;
struct catalog_feed { /* a delivery stream that feeds the table */
    struct bytes delivery;
    uint64_t checkpoint;
    struct bytes
        pending_uris_json; /* JSON array: objects of intents not committed, to be ignored */
};
int catalog_view_feeds(struct catalog_view *v, struct arena *a, struct bytes database,
                       struct bytes table, struct catalog_feed **ret, size_t *ret_count,
                       struct err *e) WARN_UNUSED;
/* All of it at once: a table with its partitions, files and feeds. */
struct catalog_snapshot {
    struct catalog_table table;
    struct catalog_partition *partitions;
    size_t partition_count;
    struct catalog_delivered_file *files;
    size_t file_count;
    struct catalog_feed *feeds;
    size_t feed_count;
    uint64_t version;
};
int catalog_snapshot_read(struct catalog *c, struct arena *a, struct bytes database,
                          struct bytes table, struct catalog_snapshot *ret,
                          struct err *e) WARN_UNUSED;
/* Which deliveries feed a table: set when a delivery stream is created, removed by forget. */
int catalog_feed_set(struct catalog *c, struct bytes delivery, struct bytes database,
                     struct bytes table, struct err *e) WARN_UNUSED;

#endif
