/* partition_shape.c - what partitions of a table have in common, stored once.
 *
 * PartitionInputs of one table are a kilobyte each and differ in their values, their location and
 * their parameters only. So a row keeps these, and the rest is a template shared by the table's
 * rows: the text with one control character, which JSON never holds, in the place of each:
 *
 *     {"Values":["2024","07"],"StorageDescriptor":{..,"Location":"s3://b/t/07/",..},"Parameters":{..}}
 *     {"Values":<1>,"StorageDescriptor":{..,"Location":<2>,..},"Parameters":<3>}
 *
 * A part is taken out only when its text is exactly what putting it back writes, so that joining
 * gives every byte back. A table has few templates; when each partition has its own, those past
 * SHAPES_MAX are kept whole, as are objects with little to share. */
#include "base/mem.h"
#include "catalog/catalog_int.h"

#define SHAPES_MAX 64
#define SHAPE_MIN 100

enum { HOLE_VALUES = 1, HOLE_LOCATION, HOLE_PARAMETERS, HOLES = 3 };

/* ---- texts ---- */
static void write_quoted(struct buf *out, struct bytes v) {
    buf_add_char(out, '"');
    buf_add(out, v);
    buf_add_char(out, '"');
}

static void write_values(struct buf *out, const struct bytes *values, size_t count) {
    buf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(out, ',');
        write_quoted(out, values[i]);
    }
    buf_add_char(out, ']');
}

static bool is_within(struct bytes part, struct bytes whole) {
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

/* A string's text with its quotes, when it is written without escapes; else nothing. */
static struct bytes quoted_source(struct bytes text, struct bytes json) {
    if (!text.ptr || !is_within(text, json) || text.ptr == json.ptr)
        return (struct bytes){0};
    return bytes_of(text.ptr - 1, text.len + 2);
}

/* The source of the values' list, when it is what write_values writes. */
static struct bytes values_source(const struct json *list, const struct bytes *values,
                                  size_t count) {
    struct bytes source = {0};
    struct buf expected = {0};
    if (!list || list->kind != JSON_ARRAY || list->count != count)
        return source;
    write_values(&expected, values, count);
    size_t i = 0;
    bool same = buf_ok(&expected) && bytes_eq(buf_bytes(&expected), list->text);
    JSON_FOR_EACH(item, list) {
        same = same && item->kind == JSON_STRING && bytes_eq(item->text, values[i]);
        i++;
    }
    buf_clear(&expected);
    return same ? list->text : source;
}

/* ---- taking apart ---- */
struct hole {
    struct bytes source; /* in the object's text; ptr NULL: not taken out */
    char mark;
};

static void sort_holes(struct hole *h) {
    for (int i = 1; i < HOLES; i++)
        for (int j = i; j > 0 && h[j].source.ptr < h[j - 1].source.ptr; j--) {
            struct hole other = h[j];
            h[j] = h[j - 1];
            h[j - 1] = other;
        }
}

static struct bytes make_template(struct arena *a, struct bytes json, struct hole *holes) {
    struct buf out = {0};
    const char *at = json.ptr;
    sort_holes(holes);
    for (int i = 0; i < HOLES; i++) {
        if (!holes[i].source.ptr)
            continue;
        buf_add(&out, bytes_of(at, (size_t)(holes[i].source.ptr - at)));
        buf_add_char(&out, holes[i].mark);
        at = holes[i].source.ptr + holes[i].source.len;
    }
    buf_add(&out, bytes_of(at, (size_t)(json.ptr + json.len - at)));
    struct bytes v = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    if (!v.ptr)
        a->failed = true;
    return v;
}

/* ---- templates of a table ---- */
/* The id of a template of the table, stored when it is new; 0 when it has too many. */
static int find_shape(struct cat_conn *k, int64_t table_id, struct bytes template, int64_t *ret_id,
                      struct err *e) {
    sqlite3_stmt *st = NULL;
    int64_t count = 0;
    int rc = cat_stmt(k, &st, e,
                      "SELECT count(*),max(CASE WHEN template=?2 THEN id END) "
                      "FROM partition_shape WHERE table_id=?1",
                      "it", table_id, template);
    *ret_id = 0;
    if (!rc && (rc = cat_step(st, e)) == 1) {
        count = sqlite3_column_int64(st, 0);
        *ret_id = sqlite3_column_int64(st, 1);
        cat_reset(st);
        rc = 0;
    }
    if (rc || *ret_id || count >= SHAPES_MAX)
        return rc;
    rc = cat_run(k, e, "INSERT INTO partition_shape(table_id,template) VALUES(?1,?2)", "it",
                 table_id, template);
    if (!rc)
        *ret_id = sqlite3_last_insert_rowid(k->db);
    return rc;
}

/* As find_shape, looking at the last one first. */
static int use_shape(struct cat_shape *last, struct cat_conn *k, int64_t table_id,
                     struct bytes template, int64_t *ret_id, struct err *e) {
    if (last->id && bytes_eq(buf_bytes(&last->template), template)) {
        *ret_id = last->id;
        return 0;
    }
    int rc = find_shape(k, table_id, template, ret_id, e);
    last->id = 0;
    buf_reset(&last->template);
    buf_add(&last->template, template);
    if (!rc && buf_ok(&last->template))
        last->id = *ret_id;
    return rc;
}

int cat_shape_take(struct cat_shape *last, struct cat_conn *k, struct arena *a, int64_t table_id,
                   const struct catalog_partition *p, struct cat_shaped *ret, struct err *e) {
    struct json *root = NULL;
    struct err ignored;
    *ret = (struct cat_shaped){.location = BYTES(""), .json = p->json};
    if (json_parse(a, p->json, &root, &ignored))
        return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
    struct bytes location = json_get_str(json_get(root, "StorageDescriptor"), "Location");
    const struct json *parameters = json_get(root, "Parameters");
    struct hole holes[HOLES] = {
        {values_source(json_get(root, "Values"), p->values, p->value_count), HOLE_VALUES},
        {quoted_source(location, p->json), HOLE_LOCATION},
        {parameters ? parameters->text : (struct bytes){0}, HOLE_PARAMETERS}};
    if (parameters && parameters->kind != JSON_OBJECT)
        holes[2].source = (struct bytes){0};
    if (location.ptr)
        ret->location = location;
    struct bytes put_aside = holes[2].source.ptr ? holes[2].source : BYTES("");
    struct bytes template = make_template(a, p->json, holes);
    if (a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    if (template.len < SHAPE_MIN)
        return 0;
    int rc = use_shape(last, k, table_id, template, &ret->shape_id, e);
    if (!rc && ret->shape_id)
        ret->json = put_aside;
    return rc;
}

/* ---- putting together ---- */
static int load_shape(struct cat_shape *last, struct cat_conn *k, int64_t id, struct err *e) {
    sqlite3_stmt *st = NULL;
    if (last->id == id)
        return 0;
    int rc = cat_stmt(k, &st, e, "SELECT template FROM partition_shape WHERE id=?1", "i", id);
    if (!rc)
        rc = cat_step(st, e);
    if (rc != 1)
        return rc ? rc : err_set(e, ERR_CORRUPT, "The catalogue is damaged; restore catalog.db.");
    const char *text = (const char *)sqlite3_column_text(st, 0);
    last->id = 0;
    buf_reset(&last->template);
    buf_add(&last->template, bytes_of(text ? text : "", (size_t)sqlite3_column_bytes(st, 0)));
    cat_reset(st);
    if (!buf_ok(&last->template))
        return err_set(e, ERR_NOMEM, NULL);
    last->id = id;
    return 0;
}

static void fill(struct buf *out, struct bytes template, const struct catalog_partition *p,
                 struct bytes parameters) {
    size_t from = 0;
    for (size_t i = 0; i < template.len; i++) {
        char c = template.ptr[i];
        if (c < HOLE_VALUES || c > HOLE_PARAMETERS)
            continue;
        buf_add(out, bytes_slice(template, from, i));
        from = i + 1;
        if (c == HOLE_VALUES)
            write_values(out, p->values, p->value_count);
        else if (c == HOLE_LOCATION)
            write_quoted(out, p->location);
        else
            buf_add(out, parameters);
    }
    buf_add(out, bytes_slice(template, from, template.len));
}

int cat_shape_give(struct cat_shape *last, struct cat_conn *k, struct arena *a, int64_t shape_id,
                   struct catalog_partition *p, struct err *e) {
    struct buf out = {0};
    if (!shape_id)
        return 0;
    int rc = load_shape(last, k, shape_id, e);
    if (rc)
        return rc;
    fill(&out, buf_bytes(&last->template), p, p->json);
    if (buf_ok(&out))
        p->json = arena_copy(a, buf_bytes(&out));
    else
        rc = err_set(e, ERR_NOMEM, NULL);
    buf_clear(&out);
    return rc || !a->failed ? rc : err_set(e, ERR_NOMEM, NULL);
}

void cat_shape_clear(struct cat_shape *last) {
    buf_clear(&last->template);
    last->id = 0;
}
