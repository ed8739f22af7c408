/* duck.h - DuckDB behind Tarn's own words; the only room that includes duckdb.h.
 *
 * libduckdb is loaded at run time (dlopen of libduckdb.so beside the program, or TARN_DUCKDB), so
 * that the front process stays small. A `struct duck` is one in-memory database with its settings,
 * C functions and macros; it belongs to one worker. Errors: Trino's name when a registered function
 * raised one ("NAME: text"), else mapped to the nearest (see errors.c). */
#ifndef TARN_DUCK_DUCK_H
#define TARN_DUCK_DUCK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

struct duck;
struct duck_options {
    int threads;
    int memory_mb;
    const char *temp_dir; /* spilling; must outlive the duck; may be NULL */
    int spill_mb;         /* most that is spilled; 0: a terabyte */
    /* Called now and then by the thread that runs a task; may be NULL. */
    void (*progress)(void *ctx, uint64_t rows);
    void *progress_ctx;
};
int duck_open(const struct duck_options *o, struct duck **ret, struct err *e) WARN_UNUSED;
void duck_close(struct duck **d);
/* Stops what runs, from any thread, or what runs next: in force until duck_reset. */
void duck_interrupt(struct duck *d);
/* Forgets an interrupt; between tasks only. */
void duck_reset(struct duck *d);

/* Each runs one task of work/task.h: `task` is the message, *ok_out receives the "ok" object. */
int duck_run_query(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) WARN_UNUSED;
int duck_run_write(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) WARN_UNUSED;
int duck_run_convert(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                     struct err *e) WARN_UNUSED;
int duck_run_facts(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) WARN_UNUSED;
int duck_run_sniff(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) WARN_UNUSED;

#endif
