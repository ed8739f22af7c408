/* query_int.h - executions, plans and files, for the query room's own code. */
#ifndef TARN_QUERY_INT_H
#define TARN_QUERY_INT_H

#include "catalog/projection.h"
#include "query/admit.h"
#include "query/facts_int.h"
#include "query/limits.h"
#include "query/query.h"
#include "query/reuse.h"
#include "sql/sql.h"
#include <pthread.h>

#define QUERY_KIND "athena_query"
#define WORKGROUP_KIND QUERY_WORKGROUP_KIND
#define QUERY_TIMEOUT_MS (30 * 60 * 1000)
#define QUERY_PLANNERS 4

/* QUEUED -> RUNNING -> SUCCEEDED | FAILED | CANCELLED; QUEUED -> FAILED | CANCELLED; and RUNNING ->
 * QUEUED once, when the worker died. */
enum exec_state { EXEC_QUEUED, EXEC_RUNNING, EXEC_SUCCEEDED, EXEC_FAILED, EXEC_CANCELLED };

struct plan;
struct exec {
    struct query_service *service;
    struct exec *next;        /* live list; under service->lock */
    struct exec *next_queued; /* workgroup's queue; under service->lock */
    int refs;                 /* under service->lock */

    /* set at start, then read only; views into `arena` */
    struct arena arena;
    char id[37];
    struct bytes sql, database, catalog_name, workgroup, output_uri;
    struct bytes run_sql;           /* what is run: `sql`, or what it executes */
    const struct bytes *parameters; /* values of its ? */
    size_t parameter_count;
    const char *statement_type, *substatement_type;
    const struct bytes *given; /* ExecutionParameters as sent */
    size_t given_count;
    struct bytes user;
    struct bytes results_json; /* ResultConfiguration in force, or "" */
    struct bytes engine;       /* SelectedEngineVersion */
    int64_t reuse_minutes;     /* 0: no reuse by age */
    struct limits limits;
    struct admit_group *group;
    bool is_select;
    bool is_analyze;           /* EXPLAIN ANALYZE: runs like a query and keeps no rows */
    bool needs_slot;           /* of its workgroup: it runs in a worker */
    bool is_write;             /* CREATE TABLE AS, INSERT, UNLOAD */
    bool makes_table;          /* the first of them */
    struct bytes manifest_uri; /* is_write: the list of files that were written */
    bool has_token;
    int64_t submitted_ms, submitted_us;

    /* under service->lock */
    enum exec_state state;
    bool cancel, ended; /* ended: its end is being stored or told */
    bool in_queue, has_slot;
    uint64_t tick; /* its place in the queue */
    uint64_t task_id;
    int64_t completed_ms;
    int64_t queue_us, plan_us, engine_us, total_us;
    uint64_t scanned_bytes, billed_bytes;
    uint64_t input_rows, output_rows, output_bytes;
    bool reused;
    uint64_t update_count;     /* rows that were written */
    struct err err;            /* when FAILED */
    struct bytes columns_json; /* ColumnInfo array, in `arena` */

    /* owned by the thread that drives it: planner, then the pool's callback */
    int attempt;
    struct plan *plan;
    bool has_fingerprint; /* of what it reads */
    uint8_t fingerprint[REUSE_DIGEST];
};

struct waiter {
    struct waiter *next;
    char id[37];
    int64_t deadline_us;
    void (*done)(void *ctx);
    void *ctx;
};

struct query_service {
    struct query_deps d;
    char *default_location;
    struct facts_cache *facts;
    struct write_service *writes;  /* write_commit.c */
    struct write_pending *pending; /* write_pending.c */
    pthread_mutex_t lock;
    pthread_cond_t work;        /* queue or closing */
    pthread_cond_t timers;      /* waiters or closing */
    pthread_cond_t drained;     /* live became empty */
    pthread_cond_t history_due; /* closing */
    struct reuse_cache *reuse;
    /* under lock */
    struct exec *live;
    struct admit_group *groups;
    struct waiter *waiters;
    bool closing;
    int explaining; /* calls under way */
    bool has_default_database;
    pthread_t planners[QUERY_PLANNERS], timer, history;
    int thread_count;
    bool timer_started, history_started;
};

/* ---- exec.c ---- */
void *exec_planner_main(void *service);
struct exec *exec_find(struct query_service *q, struct bytes id); /* under lock */
/* Final state, document written, waiters woken, the live list's reference dropped. The first end
 * counts; later ones change nothing. exec_finish is for the thread that drives it. */
void exec_finish(struct exec *x, enum exec_state state, const struct err *e);
void exec_conclude(struct exec *x, enum exec_state state, const struct err *e);
void exec_unref(struct exec *x); /* under lock */
void exec_free(struct exec *x);

/* ---- prepared.c ---- */
/* Reads x->sql: fills run_sql, parameters and the types; *ret, in `a`, is the statement that runs,
 * its parameters not bound. Parse errors as sql_parse; ERR_INVALID_REQUEST. */
int exec_resolve(struct exec *x, struct arena *a, struct sql_statement **ret,
                 struct err *e) WARN_UNUSED;
/* The statement that runs, with its parameters' values. */
int exec_statement(const struct exec *x, struct arena *a, struct sql_statement **ret,
                   struct err *e) WARN_UNUSED;
/* PREPARE, DEALLOCATE PREPARE. */
int prepared_run(struct query_service *q, struct arena *a, const struct exec *x,
                 const struct sql_statement *s, struct err *e) WARN_UNUSED;

/* ---- record.c: the document {"QueryExecution":{..},"Columns":[..],"HasToken":bool} ---- */
void record_write(const struct exec *x, struct buf *out); /* under lock */
void record_write_execution(const struct exec *x, struct jsonw *w);
void record_write_runtime(const struct exec *x, struct jsonw *w);
/* "NAME: line L:C: text": how Athena says why a query failed. */
void record_reason(const struct err *e, char *out, size_t cap);
struct bytes record_columns_json(struct arena *a, const struct sql_out_column *columns, size_t n);
/* As a failed execution: the record of one that was running when the process ended. */
int record_fail_stale(struct query_service *q, struct arena *a, const struct catalog_doc *doc,
                      struct err *e) WARN_UNUSED;

/* ---- metadata.c ---- */
int metadata_format(struct arena *a, struct bytes id, struct bytes columns_json, struct buf *out,
                    struct err *e) WARN_UNUSED;
/* Beside the result at output_uri, whose folder is there. */
int metadata_write(struct query_service *q, struct bytes id, struct bytes output_uri,
                   struct bytes columns_json, struct err *e) WARN_UNUSED;

/* ---- history.c ---- */
void *history_main(void *service);
/* Deletes executions of more than 45 days; how many. */
size_t history_purge(struct query_service *q);

/* ---- wait.c ---- */
void *wait_timer_main(void *service);
/* Takes the waiters of `id` (empty id: those past now_us; NULL: all) off the list. Under lock. */
struct waiter *wait_take(struct query_service *q, const char *id, int64_t now_us);
void wait_fire(struct waiter *w);

/* ---- workgroup.c ---- */
int workgroup_open(struct query_service *q, struct err *e) WARN_UNUSED;
/* ResultConfiguration: a valid location, encryption, ACL. */
int workgroup_check_results(const struct json *c, struct err *e) WARN_UNUSED;
struct workgroup {
    struct bytes name;
    struct bytes location;      /* "s3://bucket/prefix/" to write to; the bucket is there */
    const struct json *results; /* ResultConfiguration in force, or NULL */
    struct bytes engine;        /* SelectedEngineVersion */
    struct limits limits;
};
/* What a query of the workgroup gets that asks for `requested` (ResultConfiguration or NULL). */
int workgroup_load(struct query_service *q, struct arena *a, struct bytes name,
                   const struct json *requested, struct workgroup *ret, struct err *e) WARN_UNUSED;

/* ---- plan.c ---- */
enum table_format {
    FORMAT_PARQUET,
    FORMAT_JSON,
    FORMAT_LAZY_TEXT, /* LazySimpleSerDe */
    FORMAT_CSV,       /* OpenCSVSerde */
    FORMAT_REGEX,     /* RegexSerDe */
    FORMAT_GROK,      /* GrokSerDe */
    FORMAT_VIRTUAL,   /* virtual.h: no files */
    FORMAT_UNKNOWN
};

struct plan;
struct plan_scan;
struct definition;
struct plan_table {
    struct sql_table_info info; /* opaque points back here */
    struct catalog_table table;
    struct catalog_feed *feeds;
    size_t feed_count;
    const struct projection *projection; /* NULL: partitions are registered ones */
    const struct json *in;               /* stored TableInput */
    const struct json *params, *serde_params;
    struct bytes location, serde_class, input_format;
    size_t data_count, key_count;
    size_t hidden_count; /* columns after the keys: "$path" and so on */
    enum table_format format;
    /* FORMAT_VIRTUAL: writes the scan's rows_text, with no view of the catalogue open. */
    int (*fill)(struct plan *p, struct plan_scan *s, struct err *e);
    const struct definition *definition; /* information_schema.c's own */
    struct plan_table *next;
};

struct row_range {
    int64_t from, to; /* row numbers in the file, `to` not included */
};

struct plan_file {
    struct bytes uri;
    const char *path;
    uint64_t size_bytes;
    int64_t mtime_ns;
    const struct file_facts *facts; /* NULL: unknown; the plan holds it */
    int64_t rows;                   /* with facts */
    const bool *dropped;            /* per row group; NULL: all are read */
    struct row_range *ranges;       /* of row numbers, that it is read of */
    size_t range_count;             /* 0: all rows */
    uint64_t from_lsn, to_lsn;      /* as the catalogue has them, once asked */
    const struct catalog_partition *partition;
    bool delivered;
    const struct bytes *columns; /* by_index.c: the file's own names, in order */
    size_t column_count;
};

struct plan_tail {
    struct bytes name; /* table function in the SQL text */
    struct bytes path; /* "$path" of its rows */
    struct bytes view_json;
    uint64_t data_bytes;
};

struct plan_leaf { /* a field of a struct column that is read */
    const struct plan_leaf *next;
    size_t column;
    struct bytes path; /* as leaves of files are named */
};

struct plan_scan {
    const struct sql_scan *scan;
    struct plan_table *table;
    struct catalog_partition *partitions; /* those that its constraints and predicates leave */
    size_t partition_count;
    double considered;                        /* how many partitions the table has */
    struct catalog_delivered_file *delivered; /* committed files of these partitions */
    size_t delivered_count;
    struct plan_file *files;
    size_t file_count, file_cap;
    const struct plan_leaf *leaves; /* of columns that are not read whole */
    struct row_range *ranges;       /* the different ones of its files */
    size_t range_count;
    uint64_t groups_considered, groups_kept; /* row groups */
    struct plan_tail *tails;
    size_t tail_count;
    struct bytes rows_text; /* FORMAT_VIRTUAL: the relation, without parentheses */
};

struct plan_text {
    struct plan_text *next;
    struct bytes json; /* as duck/text_scan.h reads it */
};

struct plan_times { /* where planning's time went, in microseconds */
    int64_t analyze_us, partitions_us, files_us, facts_us, total_us;
};

struct plan {
    struct arena arena;
    struct query_service *service;
    struct bytes default_database;
    const char *id;
    int64_t now_ms;
    struct catalog_view *view; /* while names are resolved and partitions chosen, then NULL */
    uint64_t view_version;     /* of the view */
    struct bytes *unwritten;   /* writes that the view holds as not committed */
    size_t unwritten_count;
    struct sql_plan *sql;
    struct sql_explain explain; /* inner not NULL: the plan is of what an EXPLAIN holds */
    struct plan_write *write;   /* write.c; NULL: a query */
    struct plan_table *tables;
    struct plan_scan *scans;
    size_t scan_count;
    struct slog_view **views;
    size_t view_count, view_cap;
    const struct store_listing **listings;
    size_t listing_count, listing_cap;
    const struct file_facts **facts; /* references */
    size_t facts_count, facts_cap;
    struct plan_text *texts; /* tables of text that the task reads, by number */
    size_t text_count;
    struct bytes columns_json; /* ColumnInfo array */
    struct bytes task_json;
    bool remote;                 /* the task is for a Trino */
    const char *tmp;             /* where the worker writes before renaming */
    const struct limits *limits; /* refuse what they do not allow; NULL: refuse nothing */
    bool has_fingerprint;
    uint8_t fingerprint[REUSE_DIGEST]; /* of what it reads, when the workgroup reuses by data */
    uint64_t scanned_bytes;
    struct plan_times times;
};
/* Where the worker writes the result and renames it from; its folder is there. */
int plan_output_paths(struct plan *p, const struct exec *x, const char **ret_output,
                      const char **ret_tmp, struct err *e) WARN_UNUSED;
/* Parses, resolves, prunes, lists; *ret is ready to submit. Free with plan_free. */
int plan_make(struct query_service *q, const struct exec *x, struct plan **ret,
              struct err *e) WARN_UNUSED;
/* As plan_make, up to what would be read: there is no task. */
int plan_look(struct query_service *q, const struct exec *x, struct plan **ret,
              struct err *e) WARN_UNUSED;
void plan_free(struct plan **p);

/* sql_env's find_table; ctx is the plan, whose view is open. */
int plan_find_table(void *ctx, struct arena *a, struct bytes database, struct bytes name,
                    const struct sql_table_info **ret, struct err *e) WARN_UNUSED;

/* refuse.c: ERR_SQL when the limits do not allow what the plan would read. */
int refuse_unfiltered(const struct plan *p, const struct limits *l, struct err *e) WARN_UNUSED;
int refuse_scan(const struct plan *p, const struct limits *l, struct err *e) WARN_UNUSED;

/* table.c: a catalogue table as the analyzer and the planner see it. */
int plan_table_load(struct plan *p, struct arena *a, struct bytes database, struct bytes name,
                    struct plan_table **ret, struct err *e) WARN_UNUSED;
/* Parameter by name, "" when absent. */
struct bytes plan_param(const struct json *params, const char *name);
const struct type *plan_column_type(const struct plan_table *t, size_t column);

/* partitions.c: fills the scan's partitions and their committed files from the plan's view. */
int plan_choose_partitions(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;

/* prune.c */
struct plan_prune {
    struct partition_filter filter;
    const struct plan_scan *scan;
    struct arena scratch;
    struct bytes *values; /* by table column */
};
/* The scan's constraints and predicates as a filter of partitions; views of the scan and the arena.
 * plan_prune_end in any case. */
int plan_prune_begin(struct plan *p, const struct plan_scan *s, struct plan_prune *ret,
                     struct err *e) WARN_UNUSED;
void plan_prune_end(struct plan_prune *x);
/* Whether a partition column of the scan is constrained at all. */
bool plan_prunes(const struct plan_scan *s);

/* write_pending.c: with the plan's view open, notes which writes it does not hold as committed; and
 * drops those writes' files from a scan's list. */
int plan_note_writes(struct plan *p, struct err *e) WARN_UNUSED;
void plan_hide_writes(struct plan *p, struct plan_scan *s);
/* listing.c: the files that a scan's partitions hold. */
int plan_list_files(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;
/* symlink.c: whether the files listed are manifests; their place taken by the files they name. */
bool symlink_is(const struct plan_table *t);
int symlink_follow(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;
/* facts.c: facts of the scan's Parquet files, asked of a worker when not known; then chooses row
 * groups, and leaves out files of which none is read. */
int plan_fill_facts(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;
/* file_types.c: HIVE_BAD_DATA when a file has a column of a type that the table's cannot be read
 * from. */
int plan_check_types(struct plan *p, const struct plan_scan *s, struct err *e) WARN_UNUSED;
/* by_index.c: columns of Parquet files by their place. by_index_rename: facts get the table's
 * names.
 */
bool by_index_is(const struct plan_table *t);
int by_index_rename(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;
bool by_index_same(const struct plan_file *a, const struct plan_file *b);
/* Reads the footers of all its files, known or not. */
int plan_read_facts(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;
void plan_drop_facts(struct plan *p);
/* rowgroups.c */
int plan_choose_row_groups(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;
/* Whether row groups are chosen by the constraint. */
bool plan_tests_row_groups(const struct plan_scan *s, const struct sql_constraint *c);
bool plan_has_range(const struct plan_file *f, const struct row_range *r);
bool plan_keeps_group(const struct plan_file *f, size_t group);
/* Rows of the row groups it is read of, -1 when not known. */
int64_t plan_file_rows(const struct plan_file *f);
/* leaves.c */
int plan_choose_leaves(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;
bool plan_reads_leaf(const struct plan_scan *s, size_t column, struct bytes leaf);
/* cost.c: compressed bytes that the scan reads of a column in a file, -1 when the file has no such
 * column or its footer is not known. */
int64_t plan_column_bytes(const struct plan_scan *s, const struct plan_file *f, size_t column);
uint64_t plan_scan_bytes(const struct plan_scan *s);
/* What Athena bills for a query that scans so many bytes, and the price in dollars. */
uint64_t plan_billed_bytes(const struct plan *p, uint64_t bytes);
double plan_price_usd(uint64_t billed_bytes);
/* tail.c: the log after each feed's checkpoint. *ret_stale: the snapshot is too old, plan again. */
int plan_add_tails(struct plan *p, struct plan_scan *s, bool *ret_stale, struct err *e) WARN_UNUSED;
/* hidden.c */
enum hidden_kind { HIDDEN_PATH, HIDDEN_SIZE, HIDDEN_TIME, HIDDEN_PARTITION, HIDDEN_BUCKET };
#define HIDDEN_COLUMNS 5
/* The table's hidden columns; `out` has room for HIDDEN_COLUMNS. */
int hidden_add(struct arena *a, const struct plan_table *t, struct sql_table_column *out,
               size_t *ret_count, struct err *e) WARN_UNUSED;
/* Leaves out what conditions on hidden columns leave out. */
int hidden_choose_files(struct plan *p, struct plan_scan *s, struct err *e) WARN_UNUSED;
void hidden_choose_tails(struct plan_scan *s);
/* The column's value in a relation of the scan's files, of a tail, of nothing. */
void hidden_files_expr(struct buf *out, const struct plan_scan *s, struct bytes name);
void hidden_tail_expr(struct buf *out, const struct plan *p, const struct plan_scan *s,
                      const struct plan_tail *tail, struct bytes name);
void hidden_no_expr(struct buf *out, struct bytes name);
/* relation.c: DuckDB text of a scan. */
int plan_relation(struct plan *p, struct plan_scan *s, struct buf *out, struct err *e) WARN_UNUSED;
/* relation_text.c: text formats. `s` is the string a column's value is in; appends an expression.
 */
/* "<expr> AS name" for each used column of a text table; `expr` writes the value of data column i.
 */
typedef int (*plan_text_expr)(struct plan_scan *s, size_t i, struct buf *out, struct err *e);
int plan_text_select(struct plan_scan *s, struct buf *out, plan_text_expr expr,
                     struct err *e) WARN_UNUSED;
int plan_json_relation(struct plan *p, struct plan_scan *s, struct buf *out,
                       struct err *e) WARN_UNUSED;
/* By the worker's own reader of lines. */
int plan_text_lines(struct plan *p, struct plan_scan *s, struct buf *out,
                    struct err *e) WARN_UNUSED;
int plan_text_relation(struct plan *p, struct plan_scan *s, struct buf *out,
                       struct err *e) WARN_UNUSED;
/* Helpers for SQL text: "ident", 'literal', ['path', ...] (glob characters escaped). */
void sqltext_ident(struct buf *out, struct bytes name);
void sqltext_string(struct buf *out, struct bytes v);
void sqltext_files(struct buf *out, const struct plan_file *files, size_t n);
/* The value of partition column `key` as text of one file among the scan's. */
void sqltext_partition(struct buf *out, const struct plan_scan *s, size_t key);

/* ---- explain_plan.c: EXPLAIN ---- */
/* Whether the statement inside can be explained. */
int explain_check(const struct sql_explain *what, struct err *e) WARN_UNUSED;
int explain_run(struct query_service *q, struct arena *a, const struct exec *x,
                const struct sql_statement *s, struct buf *out, struct bytes *ret_columns_json,
                struct err *e) WARN_UNUSED;
/* EXPLAIN ANALYZE, after its query ran: `ok` is the worker's answer. */
int explain_analyzed(const struct exec *x, struct arena *a, const struct json *ok, struct buf *out,
                     struct bytes *ret_columns_json, struct err *e) WARN_UNUSED;

/* explain_write.c: the plan as a JSON object, appended; plans parts of it again. */
int explain_write(struct plan *p, struct bytes sql, struct buf *out, struct err *e) WARN_UNUSED;

/* ---- ddl.c, show.c: statements that run in the front ---- */
/* Appends the result's lines to *out and sets the ColumnInfo array (in the arena). */
int ddl_run(struct query_service *q, struct arena *a, const struct exec *x, struct buf *out,
            struct bytes *ret_columns_json, struct err *e) WARN_UNUSED;
/* "FAILED: " and the text, as Athena passes Hive's errors on. */
int ddl_hive_error(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* err.name of a text that Athena's DDL engine gives without a name. */
#define DDL_ENGINE "DDL_ENGINE"
#define DDL_TASK "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
/* Every column's type is one of Hive's. */
int ddl_check_types(struct arena *a, const struct sql_column_def *columns, size_t count,
                    struct err *e) WARN_UNUSED;
/* Athena makes the database "default" on first use. */
int ddl_create_default(struct query_service *q, struct err *e) WARN_UNUSED;
/* ---- information_schema.c ---- as a stored table would be, ERR_ENTITY_NOT_FOUND; and the names.
 */
#define SCHEMA_DATABASE "information_schema"
int schema_table_input(struct arena *a, struct bytes name, struct catalog_table *ret,
                       struct err *e) WARN_UNUSED;
const char *schema_table_name(size_t index); /* NULL past the last */
/* ---- view.c ---- */
bool view_is(const struct json *table_input);
/* What the stored object says; HIVE_INVALID_VIEW_DATA when it cannot be read. */
int view_read(struct arena *a, struct bytes database, struct bytes name,
              const struct json *table_input, const struct sql_view **ret,
              struct err *e) WARN_UNUSED;
/* CREATE VIEW, DROP VIEW, SHOW CREATE VIEW. */
int view_run(struct query_service *q, struct arena *a, const struct exec *x,
             struct sql_statement *s, struct buf *out, struct bytes *ret_columns_json,
             struct err *e) WARN_UNUSED;
/* ---- alter.c ---- a table that a statement changes. */
struct alter_table {
    struct catalog_table table;
    const struct json *in;             /* TableInput */
    const struct json *keys, *storage; /* PartitionKeys, StorageDescriptor */
    size_t key_count;
};
int alter_load(struct query_service *q, struct arena *a, struct bytes database, struct bytes name,
               struct alter_table *ret, struct err *e) WARN_UNUSED;
/* The partition of `values` (kept, not copied) as the catalogue takes it, in the arena. */
int alter_partition(struct arena *a, const struct alter_table *t, const struct bytes *values,
                    struct bytes location, struct catalog_partition *ret,
                    struct err *e) WARN_UNUSED;
/* The partitions, at least one, that have the spec's values, with their json. `whole`: the spec
 * must name every key. */
int alter_find(struct query_service *q, struct arena *a, const struct alter_table *t,
               const struct sql_partition_spec *p, bool whole, struct catalog_partition **ret,
               size_t *ret_count, struct err *e) WARN_UNUSED;
/* Hive's folder of a partition: the table's, then k=v/ for each key, appended. */
void alter_default_location(struct buf *out, const struct alter_table *t,
                            const struct bytes *values);
int alter_check_location(struct bytes location, struct err *e) WARN_UNUSED;
/* Every ALTER; tried again when something else changed the same object meanwhile. */
int alter_run(struct query_service *q, struct arena *a, enum sql_kind kind,
              const struct sql_ddl *ddl, struct bytes database, struct err *e) WARN_UNUSED;
/* alter_table.c: columns, location, properties. ERR_CONCURRENT_MODIFICATION: read again. */
int alter_table_run(struct query_service *q, struct arena *a, enum sql_kind kind,
                    const struct alter_table *t, const struct sql_ddl *ddl,
                    struct err *e) WARN_UNUSED;
int alter_database(struct query_service *q, struct arena *a, const struct sql_ddl *ddl,
                   struct bytes name, struct err *e) WARN_UNUSED;
/* ---- iceberg_table.c: CREATE, ALTER and DROP of Iceberg tables ---- */
bool iceberg_is(const struct json *table_input);
/* 0, or what catalog_table_create gives. */
int iceberg_create(struct query_service *q, struct arena *a, const struct sql_ddl *d,
                   struct bytes database, struct err *e) WARN_UNUSED;
int iceberg_alter(struct query_service *q, struct arena *a, enum sql_kind kind,
                  const struct alter_table *t, const struct sql_ddl *d, struct err *e) WARN_UNUSED;
/* The data of a table that is gone from the catalogue. */
int iceberg_drop_data(struct query_service *q, const struct json *table_input,
                      struct err *e) WARN_UNUSED;
/* modify.c: UPDATE, DELETE, MERGE, OPTIMIZE, VACUUM. */
int modify_run(struct query_service *q, struct arena *a, const struct exec *x,
               const struct sql_statement *s, struct err *e) WARN_UNUSED;
/* repair.c: MSCK REPAIR TABLE. `out` gets Hive's lines. */
int repair_run(struct query_service *q, struct arena *a, const struct sql_ddl *ddl,
               struct bytes database, struct buf *out, struct err *e) WARN_UNUSED;
int show_run(struct query_service *q, struct arena *a, enum sql_kind kind,
             const struct sql_ddl *ddl, struct bytes database, struct buf *out,
             struct bytes *ret_columns_json, struct err *e) WARN_UNUSED;

#endif
