/* duck.c - one in-memory database per worker, one connection per task.
 *
 * Opening costs milliseconds, connecting a tenth of one, so the database (with its functions and
 * its cache of Parquet footers) stays and every task gets a connection whose settings and temporary
 * macros die with it. `con` is behind a lock because duck_interrupt comes from another thread. */
#include "base/log.h"
#include "base/mem.h"
#include "duck/duck_int.h"
#include "duck/functions.h"
#include "duck/write_int.h"
#include <stdio.h>

void buf_add_sql_string(struct buf *b, struct bytes text) {
    buf_add_char(b, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buf_add_char(b, '\'');
        buf_add_char(b, text.ptr[i]);
    }
    buf_add_char(b, '\'');
}
void buf_add_identifier(struct buf *b, struct bytes name) {
    buf_add_char(b, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"')
            buf_add_char(b, '"');
        buf_add_char(b, name.ptr[i]);
    }
    buf_add_char(b, '"');
}

static int set_config(duckdb_config config, const char *name, const char *value, struct err *e) {
    if (duckdb_set_config(config, name, value) == DuckDBSuccess)
        return 0;
    return err_set(e, ERR_INTERNAL, "DuckDB refuses the setting %s = %s.", name, value);
}
static int configure(duckdb_config config, const struct duck_options *o, struct err *e) {
    char threads[16], memory[32], spill[32];
    snprintf(spill, sizeof(spill), "%dMB", o->spill_mb > 0 ? o->spill_mb : 1 << 20);
    snprintf(threads, sizeof(threads), "%d", o->threads);
    snprintf(memory, sizeof(memory), "%dMB", o->memory_mb);
    const char *settings[][2] = {
        {"threads", threads},
        {"memory_limit", memory},
        {"temp_directory", o->temp_dir ? o->temp_dir : ""},
        {"max_temp_directory_size", spill},
        {"default_null_order", "nulls_last"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
    };
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        int rc = set_config(config, settings[i][0], settings[i][1], e);
        if (rc)
            return rc;
    }
    return 0;
}
static int open_database(struct duck *d, struct err *e) {
    duckdb_config config = NULL;
    char *why = NULL;
    if (duckdb_create_config(&config) != DuckDBSuccess)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = configure(config, &d->options, e);
    if (!rc && duckdb_open_ext(NULL, &d->db, config, &why) != DuckDBSuccess)
        rc = err_set(e, ERR_INTERNAL, "DuckDB does not start: %s", why ? why : "no reason given");
    duckdb_free(why);
    duckdb_destroy_config(&config);
    return rc;
}
/* What belongs to the database, not to a task. */
static int register_all(struct duck *d, struct err *e) {
    int rc = session_begin(d, NULL, e);
    if (rc)
        return rc;
    rc = session_exec(d, "SET GLOBAL TimeZone = 'UTC'", e);
    if (!rc)
        rc = session_exec(d, "SET GLOBAL parquet_metadata_cache = true", e);
    /* It would keep page headers of local files, which the kernel keeps already. */
    if (!rc)
        rc = session_exec(d, "SET GLOBAL enable_external_file_cache = false", e);
    if (!rc)
        rc = duck_register_functions(d->con, e);
    if (!rc)
        rc = logscan_register(d->con, &d->scans, e);
    if (!rc)
        rc = text_scan_register(d->con, &d->texts, e);
    if (!rc)
        rc = write_register(d->con, &d->write, e);
    session_end(d);
    return rc;
}
int duck_open(const struct duck_options *o, struct duck **ret, struct err *e) {
    int rc = duck_lib_load(e);
    if (rc)
        return rc;
    struct duck *d = mem_calloc(1, sizeof(*d));
    if (!d)
        return err_set(e, ERR_NOMEM, NULL);
    d->magic = DUCK_MAGIC;
    d->options = *o;
    d->options.threads = o->threads > 0 ? o->threads : 1;
    d->options.memory_mb = o->memory_mb > 0 ? o->memory_mb : 2048;
    d->threads = d->options.threads;
    d->memory_mb = d->options.memory_mb;
    pthread_mutex_init(&d->lock, NULL);
    rc = open_database(d, e);
    if (!rc)
        rc = register_all(d, e);
    if (rc) {
        duck_close(&d);
        return rc;
    }
    *ret = d;
    return 0;
}
void duck_close(struct duck **d) {
    if (!*d)
        return;
    assert((*d)->magic == DUCK_MAGIC && !(*d)->con);
    if ((*d)->db)
        duckdb_close(&(*d)->db);
    pthread_mutex_destroy(&(*d)->lock);
    (*d)->magic = 0;
    mem_free(*d);
    *d = NULL;
}
void duck_interrupt(struct duck *d) {
    assert(d->magic == DUCK_MAGIC);
    d->stopped = true;
    pthread_mutex_lock(&d->lock);
    if (d->con)
        duckdb_interrupt(d->con);
    pthread_mutex_unlock(&d->lock);
}
void duck_reset(struct duck *d) {
    assert(d->magic == DUCK_MAGIC && !d->con);
    d->stopped = false;
}

/* The task's "limits" over the worker's own; nothing to do when they are in force already. */
static int apply_limits(struct duck *d, const struct json *limits, struct err *e) {
    int64_t threads = json_get_i64(limits, "threads", 0);
    int64_t memory = json_get_i64(limits, "memory_mb", 0);
    threads = threads > 0 ? threads : d->options.threads;
    memory = memory > 0 ? memory : d->options.memory_mb;
    char sql[64];
    int rc = 0;
    if (threads != d->threads) {
        snprintf(sql, sizeof(sql), "SET GLOBAL threads = %lld", (long long)threads);
        rc = session_exec(d, sql, e);
    }
    if (!rc && memory != d->memory_mb) {
        snprintf(sql, sizeof(sql), "SET GLOBAL memory_limit = '%lldMB'", (long long)memory);
        rc = session_exec(d, sql, e);
    }
    if (!rc) {
        d->threads = threads;
        d->memory_mb = memory;
    }
    return rc;
}
int session_begin(struct duck *d, const struct json *task, struct err *e) {
    assert(d->magic == DUCK_MAGIC && !d->con);
    duckdb_connection con = NULL;
    if (duckdb_connect(d->db, &con) != DuckDBSuccess)
        return err_set(e, ERR_NOMEM, NULL);
    pthread_mutex_lock(&d->lock);
    d->con = con;
    pthread_mutex_unlock(&d->lock);
    int rc = task ? apply_limits(d, json_get(task, "limits"), e) : 0;
    if (rc)
        session_end(d);
    return rc;
}
void session_end(struct duck *d) {
    pthread_mutex_lock(&d->lock);
    duckdb_disconnect(&d->con);
    d->con = NULL;
    pthread_mutex_unlock(&d->lock);
}
int session_query(struct duck *d, const char *sql, duckdb_result *ret, struct err *e) {
    duckdb_result result;
    if (duckdb_query(d->con, sql, &result) != DuckDBSuccess) {
        int rc = duck_map_error(d, duckdb_result_error(&result), e);
        duckdb_destroy_result(&result);
        return rc;
    }
    *ret = result;
    return 0;
}
int session_exec(struct duck *d, const char *sql, struct err *e) {
    duckdb_result result;
    int rc = session_query(d, sql, &result, e);
    if (!rc)
        duckdb_destroy_result(&result);
    return rc;
}
