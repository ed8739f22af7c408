/* partition_select.c - the partitions that a filter keeps, without reading the others.
 *
 * The index on (table, values) is walked as a tree: level k holds the values of key k below one
 * prefix. A row is tested key by key; where key k fails, nothing with the same first k+1 values can
 * pass, so the walk seeks past them all - to the next value that can pass when the tests tell
 * (filter_key_seek), else just past this one:
 *
 *     wanted: month = '03' and hour = '07'        (year, month, day, hour)
 *     2024/01/01/00  month fails, next '03'  ->  seek 2024/03
 *     2024/03/01/00  hour fails, next '07'   ->  seek 2024/03/01/07
 *     2024/03/01/07  passes                  ->  step
 *     2024/03/01/08  hour fails, none after  ->  seek past 2024/03/01
 *
 * Cost: one look-up per branch that is entered or left, however many rows lie between. */
#include "base/mem.h"
#include "catalog/catalog_int.h"

#define MAX_KEYS 64

struct walk {
    struct cat_conn *k;
    struct arena *a;
    const struct partition_filter *filter;
    size_t key_count; /* keys that the filter knows */
    bool with_json;
    size_t max;
    struct catalog_partition *items;
    size_t count, cap;
    struct bytes next; /* blob of the row that found the page full */
    struct buf row;    /* the current row's blob; values are views into it */
    struct buf target; /* blob to seek to; bound while the statement runs */
    struct bytes values[MAX_KEYS];
    size_t value_count;
    struct cat_shape shape;
};

/* ---- one row ---- */
static void read_values(struct walk *w, sqlite3_stmt *st) {
    const char *blob = sqlite3_column_blob(st, 0);
    buf_reset(&w->row);
    buf_add(&w->row, bytes_of(blob ? blob : "", (size_t)sqlite3_column_bytes(st, 0)));
    w->value_count = cat_values_cut(w->row.ptr, w->row.len, w->values, MAX_KEYS);
}

/* The first key that fails, or the number of values when all pass. */
static size_t first_failing(const struct walk *w) {
    const struct partition_filter *f = w->filter;
    size_t n = w->key_count < w->value_count ? w->key_count : w->value_count;
    for (size_t i = 0; f && i < n; i++)
        if (!filter_key_keeps(&f->keys[i], w->values[i]) ||
            (f->keeps && !f->keeps(f->ctx, w->values, i + 1)))
            return i;
    return w->value_count;
}

/* Past every row that begins with the first `count` values. */
static void target_past(struct walk *w, size_t count) {
    buf_reset(&w->target);
    for (size_t i = 0; i < count; i++)
        cat_value_encode(w->values[i], &w->target);
    if (w->target.len)
        w->target.ptr[w->target.len - 1] = 2;
}

enum move { MOVE_STEP, MOVE_SEEK, MOVE_END };

/* How to go on after key `key` of the row failed; the target is set for MOVE_SEEK. */
static enum move next_move(struct walk *w, size_t key) {
    struct bytes v = w->values[key];
    if (!filter_key_seek(&w->filter->keys[key], &v)) {
        target_past(w, key);
        return key ? MOVE_SEEK : MOVE_END;
    }
    if (bytes_eq(v, w->values[key])) {
        if (key + 1 == w->value_count)
            return MOVE_STEP;
        target_past(w, key + 1);
        return MOVE_SEEK;
    }
    buf_reset(&w->target);
    for (size_t i = 0; i < key; i++)
        cat_value_encode(w->values[i], &w->target);
    cat_value_encode(v, &w->target);
    return MOVE_SEEK;
}

/* Where the first row that can pass is at the earliest. */
static bool find_start(struct walk *w) {
    struct bytes v = BYTES("");
    for (size_t i = 0; w->filter && i < w->key_count; i++) {
        if (!filter_key_seek(&w->filter->keys[i], &v))
            return false;
        if (v.len == 0)
            break;
        cat_value_encode(v, &w->target);
        v = BYTES("");
    }
    return true;
}

/* ---- kept rows ---- */
static int read_rest(struct walk *w, struct catalog_partition *p, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc =
        w->with_json
            ? cat_stmt(w->k, &st, e,
                       "SELECT location,create_ms,json,shape_id FROM glue_partition WHERE id=?1",
                       "i", p->id)
            : cat_stmt(w->k, &st, e, "SELECT location,create_ms FROM glue_partition WHERE id=?1",
                       "i", p->id);
    if (!rc)
        rc = cat_step(st, e);
    if (rc != 1)
        return rc ? rc : err_set(e, ERR_CORRUPT, "The catalogue is damaged; restore catalog.db.");
    p->location = cat_col(w->a, st, 0);
    p->create_ms = sqlite3_column_int64(st, 1);
    if (w->with_json)
        p->json = cat_col(w->a, st, 2);
    int64_t shape_id = w->with_json ? sqlite3_column_int64(st, 3) : 0;
    cat_reset(st);
    rc = w->a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
    return rc ? rc : cat_shape_give(&w->shape, w->k, w->a, shape_id, p, e);
}

static int keep(struct walk *w, sqlite3_stmt *st, struct err *e) {
    struct bytes blob = bytes_of(sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
    w->items = cat_grow(w->a, w->items, w->count, &w->cap, sizeof *w->items);
    if (!w->items)
        return err_set(e, ERR_NOMEM, NULL);
    struct catalog_partition *p = &w->items[w->count++];
    *p = (struct catalog_partition){.id = sqlite3_column_int64(st, 1)};
    int rc = cat_values_copy(w->a, blob, p, e);
    return rc ? rc : read_rest(w, p, e);
}

/* ---- the walk ---- */
/* Takes one row: MOVE_STEP to go on with the next one. */
static int take(struct walk *w, sqlite3_stmt *st, enum move *ret, struct err *e) {
    read_values(w, st);
    size_t failing = first_failing(w);
    *ret = MOVE_STEP;
    if (!buf_ok(&w->row))
        return err_set(e, ERR_NOMEM, NULL);
    if (failing < w->value_count) {
        *ret = next_move(w, failing);
        return buf_ok(&w->target) ? 0 : err_set(e, ERR_NOMEM, NULL);
    }
    if (!w->max || w->count < w->max)
        return keep(w, st, e);
    *ret = MOVE_END;
    w->next = cat_col(w->a, st, 0);
    return w->a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

/* Follows the index from the target on; *ret is MOVE_SEEK when there is a new target. */
static int follow(struct walk *w, int64_t table_id, enum move *ret, struct err *e) {
    sqlite3_stmt *st = NULL;
    int rc = cat_stmt(w->k, &st, e,
                      "SELECT vals,id FROM glue_partition INDEXED BY glue_partition_vals "
                      "WHERE table_id=?1 AND vals>=?2 ORDER BY vals",
                      "ib", table_id, buf_bytes(&w->target));
    while (!rc && (rc = cat_step(st, e)) == 1) {
        rc = take(w, st, ret, e);
        if (!rc && *ret == MOVE_STEP)
            continue;
        cat_reset(st);
        return rc;
    }
    *ret = MOVE_END;
    return rc;
}

int cat_partition_select(struct cat_conn *k, struct arena *a, int64_t table_id,
                         const struct cat_selection *s, struct catalog_partition **ret,
                         size_t *ret_count, struct bytes *ret_next, struct err *e) {
    struct walk w = {.k = k,
                     .a = a,
                     .filter = s->filter,
                     .key_count = s->filter ? s->filter->key_count : 0,
                     .with_json = s->with_json,
                     .max = s->max};
    enum move move = MOVE_SEEK;
    int rc = 0;
    if (s->from.len)
        buf_add(&w.target, s->from);
    else if (!find_start(&w))
        move = MOVE_END;
    if (!buf_ok(&w.target))
        rc = err_set(e, ERR_NOMEM, NULL);
    while (!rc && move == MOVE_SEEK)
        rc = follow(&w, table_id, &move, e);
    buf_clear(&w.row);
    buf_clear(&w.target);
    cat_shape_clear(&w.shape);
    *ret = w.items;
    *ret_count = w.count;
    if (ret_next)
        *ret_next = w.next;
    return rc;
}

int catalog_partition_list(struct catalog *c, struct arena *a, int64_t table_id,
                           const struct partition_filter *f, struct bytes from, size_t max,
                           struct catalog_partition **ret, size_t *ret_count,
                           struct bytes *ret_next, struct err *e) {
    struct cat_selection s = {.filter = f, .from = from, .max = max, .with_json = true};
    struct cat_conn *k = NULL;
    int rc = cat_read_begin(c, &k, e);
    if (rc)
        return rc;
    return cat_read_end(c, k,
                        cat_partition_select(k, a, table_id, &s, ret, ret_count, ret_next, e));
}
