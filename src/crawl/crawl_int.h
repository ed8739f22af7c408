/* crawl_int.h - inside the crawl room.
 *
 *     config ─▶ walk ─▶ sniffer ─▶ group ─▶ write          (run.c drives one crawl)
 *              folders  schemas    tables   catalogue
 *
 * Everything of one crawl lives in its arena. */
#ifndef TARN_CRAWL_INT_H
#define TARN_CRAWL_INT_H

#include "crawl/crawl.h"
#include "schema/types.h"

#include <pthread.h>
#include <stdatomic.h>

#define CRAWLER_STATE_KIND "glue.crawler-state"
#define CLASSIFIER_KIND "glue.classifier"
#define CRAWL_RUNNERS 2

/* ---- schema.c ---- */
struct crawl_column {
    struct bytes name; /* lower-case, unique */
    struct bytes key;  /* as the file has it */
    const struct type *type;
};
struct crawl_schema {
    struct bytes classification; /* parquet, json, csv, UNKNOWN */
    struct bytes compression;    /* none, gzip, zstd */
    struct bytes delimiter, quote;
    int64_t skip;
    struct crawl_column *columns;
    size_t column_count;
};
bool schema_is_known(const struct crawl_schema *s);
/* From a worker's answer or a state document. NULL when memory is short. */
struct crawl_schema *schema_read(struct arena *a, const struct json *j) WARN_UNUSED;
/* The same shape again. */
void schema_write(struct jsonw *w, const struct crawl_schema *s);
/* Whether files of both can be read as one table: same format, compression and, for CSV, dialect
 * and column order. */
bool schema_is_compatible(const struct crawl_schema *a, const struct crawl_schema *b);
/* And at least 70 % alike: shared columns of the larger; `lenient`: of the smaller. */
bool schema_is_similar(const struct crawl_schema *a, const struct crawl_schema *b, bool lenient);
/* Columns of both, a's first; types widened. Returns `a` when b adds nothing; NULL: no memory. */
const struct crawl_schema *schema_merge(struct arena *a, const struct crawl_schema *x,
                                        const struct crawl_schema *y) WARN_UNUSED;
const struct type *schema_merge_type(struct arena *a, const struct type *x,
                                     const struct type *y) WARN_UNUSED;

/* ---- config.c ---- */
enum crawl_delete { DELETE_LOG, DELETE_DROP, DELETE_DEPRECATE };
struct crawl_target {
    struct bytes path;           /* as given */
    struct bytes bucket, prefix; /* prefix "" or ending in '/' */
    struct bytes file;           /* the path without '/': perhaps one object */
    struct bytes *exclusions;    /* glob patterns, braces expanded */
    size_t exclusion_count;
    const struct json *exclusion_list; /* as given; NULL: none */
    int64_t sample_size;               /* files per folder; 0: CRAWL_SAMPLE_FILES */
    struct bytes database, table;      /* catalogue target: the table to bring up to date */
};
struct crawl_config {
    struct bytes name, database, table_prefix;
    struct crawl_target *targets;
    size_t target_count;
    bool update_log;
    enum crawl_delete on_delete;
    bool new_folders_only, inherit, merge_new_columns, combine;
    int64_t table_level;            /* 0: found by similarity */
    const struct json *classifiers; /* names */
};
/* InvalidInputException; targets of kinds that Tarn does not crawl are refused by name. */
int crawl_config_read(struct arena *a, const struct json *definition, struct crawl_config *ret,
                      struct err *e) WARN_UNUSED;
/* Whether there is something to crawl and a place for tables; Glue lets a crawler be without. */
int crawl_config_ready(const struct crawl_config *c, struct err *e) WARN_UNUSED;

/* ---- glob.c ---- */
/* Appends the pattern without {a,b} groups, each alternative a pattern of its own. */
int glob_expand(struct arena *a, struct bytes pattern, struct bytes **items, size_t *count,
                struct err *e) WARN_UNUSED;
bool glob_match(struct bytes pattern, struct bytes path);

/* ---- walk.c ---- */
#define CRAWL_SAMPLE_FILES 10
struct crawl_file {
    struct bytes name; /* within the folder */
    uint64_t size_bytes;
};
struct crawl_part { /* files of a folder that are one table */
    const struct crawl_schema *schema;
    int64_t files, bytes, rows;
    struct bytes file; /* set when the part is one of several: that file alone */
    struct bytes why;  /* UNKNOWN: the reason */
};
struct crawl_folder {
    struct bytes name; /* last part, "" for the target itself */
    struct bytes uri;  /* s3://bucket/…/ */
    struct crawl_folder *parent, *first, *last, *next;
    size_t child_count;
    /* files directly in it */
    int64_t file_count, bytes;
    uint64_t digest;
    struct crawl_file *samples; /* spread evenly over the names */
    size_t sample_count, sample_max;
    int64_t sample_stride;
    /* sniffer */
    bool fresh; /* not seen before as it is */
    bool known; /* seen before, perhaps otherwise */
    struct crawl_part *parts;
    size_t part_count;
    /* group.c */
    const struct crawl_schema *merged; /* NULL: no candidate */
    int depth;                         /* partition levels below */
    bool recursive, member, has_data;
    bool unknown;   /* nothing in or below it is known */
    bool is_object; /* the root of a target that is one object */
};
/* NULL in *ret when nothing is there. */
int crawl_walk(struct store *store, struct arena *a, const struct crawl_target *t,
               struct crawl_folder **ret, struct err *e) WARN_UNUSED;
/* Pre-order: the folder after f within root; NULL at the end. */
struct crawl_folder *crawl_folder_next(const struct crawl_folder *root, struct crawl_folder *f);

/* ---- state.c ---- what earlier crawls found, by folder. */
struct crawl_seen {
    struct bytes uri;
    uint64_t digest;
    struct crawl_part *parts;
    size_t part_count;
};
struct crawl_seen_table {
    struct bytes database, name, location;
};
struct crawl_memory {
    struct arena *arena;
    uint64_t signature;      /* of the settings that a schema depends on */
    struct crawl_seen *seen; /* by uri */
    size_t seen_count;
    struct crawl_seen_table *tables;
    size_t table_count, table_room;
};
int crawl_memory_load(struct catalog *c, struct arena *a, struct bytes crawler, uint64_t signature,
                      struct crawl_memory *ret, struct err *e) WARN_UNUSED;
const struct crawl_seen *crawl_memory_find(const struct crawl_memory *m, struct bytes uri);
/* Replaces what is stored by these folders (and, `keep_old`, those seen before) and tables. */
int crawl_memory_save(struct catalog *c, struct bytes crawler, const struct crawl_memory *m,
                      struct crawl_folder *const *roots, size_t root_count, bool keep_old,
                      struct err *e) WARN_UNUSED;

/* ---- group.c ---- */
struct crawl_partition {
    struct bytes *values;
    struct bytes location;
    const struct crawl_schema *schema;
    const struct crawl_folder *folder;
    int64_t files, bytes, rows;
};
struct crawl_table {
    struct bytes folder_name; /* what the table is named after */
    struct bytes location;    /* folder with '/', or one object */
    const struct crawl_schema *schema;
    struct bytes *keys;
    size_t key_count;
    struct crawl_partition *partitions;
    size_t partition_count;
    int64_t files, bytes, rows;
    struct crawl_table *next;
};
/* Tables of a target whose folders have their parts. */
int crawl_group(struct arena *a, const struct crawl_config *c, const struct crawl_target *t,
                struct crawl_folder *root, struct crawl_table **ret, struct err *e) WARN_UNUSED;
/* Lower case, and '_' for what Athena's names cannot hold. */
struct bytes crawl_name(struct arena *a, struct bytes text);

/* ---- service ---- */
struct crawl_job {
    struct crawl_service *service;
    struct bytes name, id; /* owned */
    int64_t started_ms;
    atomic_bool stop;
    atomic_uint_fast64_t task; /* running in a worker; 0: none */
    struct crawl_job *next;
};
struct crawl_timer {
    struct bytes name; /* owned */
    int64_t next_ms;
};
struct crawl_service {
    struct crawl_deps d;
    pthread_t runners[CRAWL_RUNNERS], scheduler;
    size_t runner_count;
    bool has_scheduler;
    pthread_mutex_t lock;
    pthread_cond_t work, tick;
    /* under lock: */
    bool stopping;
    struct crawl_job *waiting, *running;
    struct crawl_timer *timers;
    size_t timer_count;
};

/* ---- sniffer.c ---- */
struct crawl_context {
    struct crawl_service *service;
    struct crawl_job *job;
    struct arena *arena;
    const struct crawl_config *config;
    struct bytes csv_rules; /* JSON list for the task */
    struct crawl_memory memory;
    struct crawl_report *report;
    struct err *e;
};
/* Gives every folder its parts: from memory when it is unchanged, else from workers. */
int crawl_sniff(struct crawl_context *c, const struct crawl_target *t,
                struct crawl_folder *root) WARN_UNUSED;

/* ---- table.c ---- */
/* TableInput of a new table, or of `old` brought up to date (NULL: new). */
int crawl_table_input(struct crawl_context *c, const struct crawl_target *target,
                      const struct crawl_table *t, struct bytes name, const struct json *old,
                      struct buf *out) WARN_UNUSED;
int crawl_partition_input(struct crawl_context *c, const struct crawl_table *t,
                          const struct crawl_partition *p, const struct json *table_input,
                          struct buf *out) WARN_UNUSED;

/* ---- write.c ---- */
int crawl_write_table(struct crawl_context *c, const struct crawl_target *target,
                      struct crawl_table *t) WARN_UNUSED;
/* Tables of earlier crawls that no target holds any more. */
int crawl_write_missing(struct crawl_context *c, const struct crawl_memory *before) WARN_UNUSED;
int crawl_remember_table(struct crawl_memory *m, struct bytes database, struct bytes name,
                         struct bytes location) WARN_UNUSED;

/* ---- run.c ---- */
/* One crawl from start to end; fills the report. */
int crawl_run(struct crawl_service *s, struct crawl_job *job, struct crawl_report *report,
              struct err *e) WARN_UNUSED;

/* ---- record.c ---- */
int crawler_load(struct catalog *c, struct arena *a, struct bytes name, struct crawler *ret,
                 struct err *e) WARN_UNUSED;
int crawler_read(struct arena *a, const struct catalog_doc *doc, struct crawler *ret,
                 struct err *e) WARN_UNUSED;
int crawler_store(struct catalog *c, const struct crawler *cr, bool create,
                  struct err *e) WARN_UNUSED;
int crawl_report_store(struct catalog *c, struct bytes crawler, const struct crawl_report *r,
                       struct err *e) WARN_UNUSED;
const char *crawl_history_kind(struct arena *a, struct bytes crawler);
int crawl_no_crawler(struct bytes name, struct err *e);

/* ---- classifier.c ---- */
/* The CSV rules of the named classifiers, as a task wants them; one that cannot be honoured is
 * refused by name. */
int crawl_csv_rules(struct catalog *c, struct arena *a, const struct json *names, struct bytes *ret,
                    struct err *e) WARN_UNUSED;

/* ---- scheduler.c ---- */
void *crawl_scheduler(void *service);
/* The crawler's next moment, or none; under lock. */
int crawl_timer_set(struct crawl_service *s, const struct crawler *cr, struct err *e) WARN_UNUSED;
void crawl_timer_remove(struct crawl_service *s, struct bytes name);
/* service.c: under lock. */
int crawl_start_locked(struct crawl_service *s, struct bytes name, struct err *e) WARN_UNUSED;

#endif
