/* glue_partition.c - partitions, one by one and in batches.
 *
 * Batch operations answer per item: what succeeded is done, what failed is listed with its code. A
 * GetPartitions page walks the values upwards through the catalogue's filter, so a token is where
 * to go on; segments are id modulo TotalSegments: each partition is in exactly one. */
#include "api/glue/glue_check.h"
#include "api/glue/glue_int.h"
#include "base/encode.h"

/* The table, and its partition keys with their types. */
struct target {
    struct catalog_table table;
    const struct json *in; /* stored TableInput */
    size_t key_count;
    bool no_columns; /* ExcludeColumnSchema */
};

static int find_target(struct api_call *call, struct target *ret) {
    struct json *in = NULL;
    int rc = catalog_table_get(glue_catalog(call), call->arena,
                               glue_name(call, call->in, "DatabaseName"),
                               glue_name(call, call->in, "TableName"), &ret->table, &call->err);
    if (!rc)
        rc = json_parse(call->arena, ret->table.json, &in, &call->err);
    if (rc)
        return rc;
    const struct json *keys = json_get(in, "PartitionKeys");
    ret->in = in;
    ret->key_count = keys ? keys->count : 0;
    ret->no_columns = json_get_bool(call->in, "ExcludeColumnSchema", false);
    return 0;
}

/* Constraints of a request member, then the table. */
static int check_and_find(struct api_call *call, const char *member, const char *path,
                          const struct glue_shape *shape, struct target *ret) {
    int rc = glue_check(json_get(call->in, member), path, shape, &call->err);
    return rc ? rc : find_target(call, ret);
}

static int check_count(const struct target *t, size_t count, struct err *e) {
    if (t->key_count == 0 || t->key_count == count)
        return 0;
    return err_set(e, ERR_INVALID_INPUT,
                   "The number of partition keys do not match the number of partition values");
}

/* Values and input; how many values there are is not checked yet. */
static int read_values(struct api_call *call, const struct json *in, struct catalog_partition *ret,
                       struct err *e) {
    int rc = glue_strings(call, json_get(in, "Values"), &ret->values, &ret->value_count);
    if (rc) {
        *e = call->err;
        return rc;
    }
    ret->json = glue_stored(call, in, (struct bytes){0});
    return call->arena->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

static int read_input(struct api_call *call, const struct target *t, const struct json *in,
                      struct catalog_partition *ret, struct err *e) {
    int rc = read_values(call, in, ret, e);
    return rc ? rc : check_count(t, ret->value_count, e);
}

static int write_partition(struct api_call *call, const struct target *t,
                           const struct catalog_partition *p) {
    static const char *const skip[] = {"Values", "StorageDescriptor", "Parameters", NULL};
    struct jsonw *w = &call->out;
    struct json *in;
    int rc = json_parse(call->arena, p->json, &in, &call->err);
    if (rc)
        return rc;
    const struct json *parameters = json_get(in, "Parameters");
    jsonw_object(w);
    jsonw_name(w, "Values");
    jsonw_array(w);
    for (size_t i = 0; i < p->value_count; i++)
        jsonw_str(w, p->values[i]);
    jsonw_end_array(w);
    jsonw_kv_str(w, "DatabaseName", t->table.database);
    jsonw_kv_str(w, "TableName", t->table.name);
    glue_write_members(w, in, skip);
    glue_write_storage(w, json_get(in, "StorageDescriptor"), t->no_columns);
    jsonw_name(w, "Parameters");
    if (parameters)
        jsonw_tree(w, parameters);
    else
        jsonw_raw(w, BYTES("{}"));
    jsonw_kv_time_ms(w, "CreationTime", p->create_ms);
    jsonw_kv_cstr(w, "CatalogId", API_ACCOUNT_ID);
    jsonw_end_object(w);
    return 0;
}

static void write_values(struct jsonw *w, const char *name, const struct json *values) {
    jsonw_name(w, name);
    if (values)
        jsonw_tree(w, values);
    else
        jsonw_raw(w, BYTES("[]"));
}

/* {name: [...], "ErrorDetail": {...}} */
static void write_item_error(struct api_call *call, const char *name, const struct json *values,
                             const struct err *e) {
    jsonw_object(&call->out);
    write_values(&call->out, name, values);
    glue_write_error_detail(&call->out, e);
    jsonw_end_object(&call->out);
}

/* ---- create ---- */
int glue_create_partition(struct api_call *call) {
    struct target t;
    struct catalog_partition p;
    int rc = check_and_find(call, "PartitionInput", "partitionInput", &glue_shape_partition, &t);
    if (!rc)
        rc = read_input(call, &t, json_get(call->in, "PartitionInput"), &p, &call->err);
    return rc ? rc
              : catalog_partition_create(glue_catalog(call), t.table.id, p.values, p.value_count,
                                         p.json, &call->err);
}

struct batch {
    const char *list, *values;       /* members: the items, and an error's values */
    struct catalog_partition *old;   /* update, delete: whose values; of sound items only */
    struct catalog_partition *items; /* create, update */
    const struct json **sources;     /* the values as sent */
    int *rcs;
    size_t count;
};

static int batch_init(struct api_call *call, struct batch *b) {
    size_t n = json_get(call->in, b->list)->count + 1;
    b->old = ARENA_NEW_N(call->arena, struct catalog_partition, n);
    b->items = ARENA_NEW_N(call->arena, struct catalog_partition, n);
    b->sources = ARENA_NEW_N(call->arena, const struct json *, n);
    b->rcs = ARENA_NEW_N(call->arena, int, n);
    return call->arena->failed ? glue_out_of_memory(call) : 0;
}

/* Takes an item that is sound, or writes what is wrong with it. */
static int batch_add(struct api_call *call, struct batch *b, const struct json *values, int rc,
                     const struct err *e) {
    if (rc == ERR_NOMEM)
        return glue_out_of_memory(call);
    if (rc)
        write_item_error(call, b->values, values, e);
    else
        b->sources[b->count++] = values;
    return 0;
}

/* What the catalogue answered to each item. */
static void batch_report(struct api_call *call, const struct batch *b) {
    for (size_t i = 0; i < b->count; i++) {
        struct err e;
        if (b->rcs[i] == ERR_ALREADY_EXISTS)
            err_set(&e, b->rcs[i], "Partition already exists.");
        else if (b->rcs[i])
            err_set(&e, b->rcs[i], "Cannot find partition.");
        if (b->rcs[i])
            write_item_error(call, b->values, b->sources[i], &e);
    }
}

/* {"Errors": [...]} around `run`. */
static int batch_answer(struct api_call *call, const struct target *t,
                        int (*run)(struct api_call *, const struct target *, struct batch *),
                        struct batch *b) {
    int rc = batch_init(call, b);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Errors");
    jsonw_array(&call->out);
    rc = run(call, t, b);
    if (!rc)
        batch_report(call, b);
    jsonw_end_array(&call->out);
    jsonw_end_object(&call->out);
    return rc;
}

static int create_batch(struct api_call *call, const struct target *t, struct batch *b) {
    int rc = 0;
    JSON_FOR_EACH(in, json_get(call->in, b->list)) {
        struct err e = {0};
        rc = read_input(call, t, in, &b->items[b->count], &e);
        rc = batch_add(call, b, json_get(in, "Values"), rc, &e);
        if (rc)
            return rc;
    }
    return catalog_partition_create_many(glue_catalog(call), t->table.id, b->items, b->count,
                                         b->rcs, &call->err);
}

int glue_batch_create_partition(struct api_call *call) {
    struct batch b = {.list = "PartitionInputList", .values = "PartitionValues"};
    struct target t;
    int rc = check_and_find(call, b.list, "partitionInputList", &glue_shape_partitions, &t);
    return rc ? rc : batch_answer(call, &t, create_batch, &b);
}

/* ---- read ---- */
static int read_one(struct api_call *call, const struct target *t, const struct json *values,
                    struct catalog_partition *ret, struct err *e) {
    const struct bytes *v;
    size_t n;
    int rc = glue_strings(call, values, &v, &n);
    if (rc) {
        *e = call->err;
        return rc;
    }
    rc = check_count(t, n, e);
    return rc ? rc
              : catalog_partition_get(glue_catalog(call), call->arena, t->table.id, v, n, ret, e);
}

int glue_get_partition(struct api_call *call) {
    struct target t;
    struct catalog_partition p;
    int rc = check_and_find(call, "PartitionValues", "partitionValues", &glue_shape_values, &t);
    if (!rc)
        rc = read_one(call, &t, json_get(call->in, "PartitionValues"), &p, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Partition");
    rc = write_partition(call, &t, &p);
    jsonw_end_object(&call->out);
    return rc;
}

int glue_batch_get_partition(struct api_call *call) {
    struct target t;
    struct jsonw *w = &call->out;
    int rc =
        check_and_find(call, "PartitionsToGet", "partitionsToGet", &glue_shape_value_lists, &t);
    if (rc)
        return rc;
    jsonw_object(w);
    jsonw_name(w, "Partitions");
    jsonw_array(w);
    JSON_FOR_EACH(item, json_get(call->in, "PartitionsToGet")) {
        struct catalog_partition p;
        rc = read_one(call, &t, json_get(item, "Values"), &p, &call->err);
        if (!rc)
            rc = write_partition(call, &t, &p);
        if (rc && rc != ERR_ENTITY_NOT_FOUND)
            return rc;
    }
    jsonw_end_array(w);
    jsonw_kv_raw(w, "UnprocessedKeys", BYTES("[]"));
    jsonw_end_object(w);
    return 0;
}

struct scan {
    struct target t;
    struct partition_filter filter;
    bool filtered;
    int64_t segment, segments;
    struct bytes from; /* the catalogue's position */
    size_t max;
};

static int scan_keys(struct api_call *call, const struct target *t, struct expression_key **ret) {
    struct expression_key *keys = ARENA_NEW_N(call->arena, struct expression_key, t->key_count + 1);
    size_t i = 0;
    int rc = keys ? 0 : glue_out_of_memory(call);
    JSON_FOR_EACH(key, json_get(t->in, "PartitionKeys")) {
        struct bytes type = json_get_str(key, "Type");
        if (rc)
            break;
        keys[i].name = json_get_str(key, "Name");
        rc =
            type_parse(call->arena, type.len ? type : BYTES("string"), &keys[i++].type, &call->err);
    }
    *ret = keys;
    return rc;
}

static int scan_filter(struct api_call *call, struct scan *s) {
    struct bytes text = bytes_trim(json_get_str(call->in, "Expression"));
    const struct expression *x;
    struct expression_key *keys;
    if (text.len == 0)
        return 0;
    s->filtered = true;
    int rc = scan_keys(call, &s->t, &keys);
    if (!rc)
        rc = expression_parse(call->arena, text, keys, s->t.key_count, &x, &call->err);
    return rc ? rc
              : expression_filter(call->arena, x, keys, s->t.key_count, &s->filter, &call->err);
}

/* A position is bytes of any kind; in a token it is base64. */
static int scan_position(struct api_call *call, struct bytes *ret) {
    struct bytes text;
    int rc = glue_token(call, "glue:GetPartitions", &text);
    char *out = rc ? NULL : arena_alloc(call->arena, base64_decoded_max(text.len) + 1);
    if (rc || !out)
        return rc ? rc : glue_out_of_memory(call);
    ptrdiff_t n = base64_decode(text, out);
    if (n < 0)
        return err_set(&call->err, ERR_INVALID_INPUT, "Invalid NextToken.");
    *ret = bytes_of(out, (size_t)n);
    return 0;
}

static int scan_open(struct api_call *call, struct scan *s) {
    const struct json *segment = json_get(call->in, "Segment");
    *s = (struct scan){.segments = json_get_i64(segment, "TotalSegments", 1),
                       .segment = json_get_i64(segment, "SegmentNumber", 0),
                       .max = glue_max_results(call, 1000)};
    int rc = find_target(call, &s->t);
    if (!rc && (s->segments < 1 || s->segments > 10 || s->segment < 0 || s->segment >= s->segments))
        rc = err_set(&call->err, ERR_INVALID_INPUT,
                     "Segment needs TotalSegments from 1 to 10 and a smaller SegmentNumber.");
    if (!rc)
        rc = scan_position(call, &s->from);
    return rc ? rc : scan_filter(call, s);
}

/* One batch of the catalogue, in an arena of its own: no more than still fit on the page. */
static int scan_batch(struct api_call *call, struct scan *s, size_t *written, struct err *e) {
    struct catalog_partition *p = NULL;
    struct bytes next = BYTES("");
    struct arena a;
    size_t n = 0;
    arena_init(&a, 0);
    int rc = catalog_partition_list(glue_catalog(call), &a, s->t.table.id,
                                    s->filtered ? &s->filter : NULL, s->from, s->max - *written, &p,
                                    &n, &next, e);
    for (size_t i = 0; !rc && i < n; i++) {
        if (p[i].id % s->segments != s->segment)
            continue;
        rc = write_partition(call, &s->t, &p[i]);
        ++*written;
    }
    s->from = arena_copy(call->arena, next);
    arena_clear(&a);
    return rc ? rc : call->arena->failed ? glue_out_of_memory(call) : 0;
}

static int scan_write_token(struct api_call *call, struct bytes position) {
    char *text = arena_alloc(call->arena, base64_encoded_len(position.len) + 1);
    if (!text)
        return glue_out_of_memory(call);
    glue_write_token(call, "glue:GetPartitions", bytes_of(text, base64_encode(position, text)));
    return 0;
}

int glue_get_partitions(struct api_call *call) {
    struct scan s;
    size_t written = 0;
    int rc = scan_open(call, &s);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Partitions");
    jsonw_array(&call->out);
    do
        rc = scan_batch(call, &s, &written, &call->err);
    while (!rc && s.from.len && written < s.max);
    jsonw_end_array(&call->out);
    if (!rc && s.from.len)
        rc = scan_write_token(call, s.from);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- update, delete ---- */
/* Which partition, and what it becomes: its values stay when the input has none. */
static int read_update(struct api_call *call, const struct target *t, const struct json *values,
                       const struct json *input, struct catalog_partition *old,
                       struct catalog_partition *ret, struct err *e) {
    int rc = glue_strings(call, values, &old->values, &old->value_count);
    if (rc)
        *e = call->err;
    if (!rc)
        rc = read_values(call, input, ret, e);
    if (!rc && ret->value_count == 0) {
        ret->values = old->values;
        ret->value_count = old->value_count;
    }
    if (!rc)
        rc = check_count(t, ret->value_count, e);
    if (!rc && ret->value_count != old->value_count)
        rc = err_set(e, ERR_INVALID_INPUT,
                     "PartitionInput.Values must have as many values as PartitionValueList.");
    return rc;
}

int glue_update_partition(struct api_call *call) {
    struct catalog_partition old, p;
    struct target t;
    int rc = check_and_find(call, "PartitionInput", "partitionInput", &glue_shape_partition, &t);
    if (!rc)
        rc = read_update(call, &t, json_get(call->in, "PartitionValueList"),
                         json_get(call->in, "PartitionInput"), &old, &p, &call->err);
    return rc ? rc
              : catalog_partition_update(glue_catalog(call), t.table.id, old.values, p.values,
                                         p.value_count, p.json, &call->err);
}

static int update_batch(struct api_call *call, const struct target *t, struct batch *b) {
    int rc = 0;
    JSON_FOR_EACH(entry, json_get(call->in, b->list)) {
        struct err e = {0};
        const struct json *values = json_get(entry, "PartitionValueList");
        rc = read_update(call, t, values, json_get(entry, "PartitionInput"), &b->old[b->count],
                         &b->items[b->count], &e);
        rc = batch_add(call, b, values, rc, &e);
        if (rc)
            return rc;
    }
    return catalog_partition_update_many(glue_catalog(call), t->table.id, b->old, b->items,
                                         b->count, b->rcs, &call->err);
}

int glue_batch_update_partition(struct api_call *call) {
    struct batch b = {.list = "Entries", .values = "PartitionValueList"};
    struct target t;
    int rc = check_and_find(call, b.list, "entries", &glue_shape_partition_entries, &t);
    return rc ? rc : batch_answer(call, &t, update_batch, &b);
}

int glue_delete_partition(struct api_call *call) {
    const struct bytes *values;
    struct target t;
    size_t n = 0;
    int rc = check_and_find(call, "PartitionValues", "partitionValues", &glue_shape_values, &t);
    if (!rc)
        rc = glue_strings(call, json_get(call->in, "PartitionValues"), &values, &n);
    return rc ? rc
              : catalog_partition_delete(glue_catalog(call), t.table.id, values, n, &call->err);
}

static int delete_batch(struct api_call *call, const struct target *t, struct batch *b) {
    int rc = 0;
    JSON_FOR_EACH(item, json_get(call->in, b->list)) {
        const struct json *values = json_get(item, "Values");
        struct catalog_partition *p = &b->old[b->count];
        rc = glue_strings(call, values, &p->values, &p->value_count);
        rc = batch_add(call, b, values, rc, &call->err);
        if (rc)
            return rc;
    }
    return catalog_partition_delete_many(glue_catalog(call), t->table.id, b->old, b->count, b->rcs,
                                         &call->err);
}

int glue_batch_delete_partition(struct api_call *call) {
    struct batch b = {.list = "PartitionsToDelete", .values = "PartitionValues"};
    struct target t;
    int rc = check_and_find(call, b.list, "partitionsToDelete", &glue_shape_value_lists, &t);
    if (!rc)
        rc = batch_answer(call, &t, delete_batch, &b);
    if (!rc && bytes_eq_str(buf_bytes(&call->out_buf), "{\"Errors\":[]}"))
        buf_reset(&call->out_buf); /* here an empty list is left out */
    return rc;
}
