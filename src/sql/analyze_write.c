/* analyze_write.c - CREATE TABLE AS, INSERT and UNLOAD: which rows go where.
 *
 * The statement's query is wrapped in one more SELECT whose outputs are the columns to write, in
 * their order, coerced to their types:
 *
 *     INSERT INTO t (b, a) query    ->    SELECT CAST(q.c1 AS ..), CAST(q.c0 AS ..), NULL, ..
 *                                         FROM (query) q
 *
 * A new table's columns are the query's outputs with Hive's types for them. An INSERT takes what
 * shares a common type with the column, as Trino does; text that a varchar(n) or char(n) column
 * would cut is an error of the row that has it. */
#include "sql/analyze_int.h"

struct writer {
    struct ctx *c;
    struct sql_statement *s;
    struct sql_write *w;
    struct bound_query *source;
    const size_t *from; /* output of `source` for each column; SIZE_MAX: NULL */
};

/* ---- Trino's types as Hive's ---- */
static const struct type *new_type(struct arena *a, struct type value) {
    struct type *t = ARENA_NEW(a, struct type);
    if (t)
        *t = value;
    return t;
}

static const struct type *hive_of(struct writer *w, const struct sql_type *t, struct bytes column);

static const struct type *hive_nested(struct writer *w, const struct sql_type *t,
                                      struct bytes column) {
    struct analyzer *z = w->c->z;
    struct type made = {.kind = t->kind == ST_ARRAY ? TYPE_ARRAY
                                : t->kind == ST_MAP ? TYPE_MAP
                                                    : TYPE_STRUCT,
                        .child_count = t->child_count};
    struct bytes *names = ARENA_NEW_N(z->a, struct bytes, t->child_count + 1);
    if (!names || !(made.children = ARENA_NEW_N(z->a, const struct type *, t->child_count + 1)))
        return NULL;
    for (size_t i = 0; i < t->child_count; i++) {
        if (t->kind == ST_ROW && !t->names[i].len)
            return fail(z, w->s->pos, "NOT_SUPPORTED",
                        "Anonymous row type is not supported in Hive. Please give each field a "
                        "name: %.*s",
                        BYTES_ARG(type_text(z, t)));
        if (t->kind == ST_ROW)
            names[i] = lower_copy(z, t->names[i]);
        if (!(made.children[i] = hive_of(w, t->children[i], column)))
            return NULL;
    }
    made.names = t->kind == ST_ROW ? names : NULL;
    return new_type(z->a, made);
}

static const struct type *hive_text(struct writer *w, const struct sql_type *t) {
    bool is_char = t->kind == ST_CHAR;
    if (!is_char && t->length == SQL_UNBOUNDED)
        return new_type(w->c->z->a, (struct type){.kind = TYPE_STRING});
    if (t->length > (is_char ? 255 : 65535))
        return fail(w->c->z, w->s->pos, "NOT_SUPPORTED",
                    is_char ? "Unsupported Hive type: %.*s. Supported CHAR types: CHAR(<=255)."
                            : "Unsupported Hive type: %.*s. Supported VARCHAR types: "
                              "VARCHAR(<=65535), VARCHAR.",
                    BYTES_ARG(type_text(w->c->z, t)));
    return new_type(w->c->z->a, (struct type){.kind = is_char ? TYPE_CHAR : TYPE_VARCHAR,
                                              .length = t->length ? t->length : 1});
}

static const struct type *hive_of(struct writer *w, const struct sql_type *t, struct bytes column) {
    static const struct {
        enum sql_type_tag from;
        enum type_kind to;
    } plain[] = {
        {ST_BOOLEAN, TYPE_BOOLEAN}, {ST_TINYINT, TYPE_TINYINT}, {ST_SMALLINT, TYPE_SMALLINT},
        {ST_INTEGER, TYPE_INT},     {ST_BIGINT, TYPE_BIGINT},   {ST_REAL, TYPE_FLOAT},
        {ST_DOUBLE, TYPE_DOUBLE},   {ST_DATE, TYPE_DATE},       {ST_VARBINARY, TYPE_BINARY},
    };
    struct analyzer *z = w->c->z;
    for (size_t i = 0; i < COUNT_OF(plain); i++)
        if (t->kind == plain[i].from)
            return new_type(z->a, (struct type){.kind = plain[i].to});
    if (sql_type_is_text(t))
        return hive_text(w, t);
    if (t->kind == ST_DECIMAL)
        return new_type(
            z->a,
            (struct type){.kind = TYPE_DECIMAL, .precision = t->precision, .scale = t->scale});
    if (t->child_count)
        return hive_nested(w, t, column);
    if (t->kind == ST_TIMESTAMP && t->precision == 3)
        return new_type(z->a, (struct type){.kind = TYPE_TIMESTAMP});
    if (t->kind == ST_TIMESTAMP)
        return fail(z, w->s->pos, "NOT_SUPPORTED",
                    "Incorrect timestamp precision for %.*s; the configured precision is "
                    "MILLISECONDS; column name: %.*s",
                    BYTES_ARG(type_text(z, t)), BYTES_ARG(column));
    return fail(z, w->s->pos, "NOT_SUPPORTED", "Unsupported Hive type: %.*s",
                BYTES_ARG(type_text(z, t)));
}

/* ---- the columns of a new table ---- */
static bool check_aliases(struct writer *w, const struct sql_idents *names) {
    struct analyzer *z = w->c->z;
    if (names->count != w->source->column_count)
        return fail(z, w->s->pos, "MISMATCHED_COLUMN_ALIASES",
                    "Column alias list has %zu entries but relation has %zu columns", names->count,
                    w->source->column_count) != NULL;
    for (size_t i = 0; i < names->count; i++)
        for (size_t j = 0; j < i; j++)
            if (bytes_eq_nocase(names->items[i].text, names->items[j].text))
                return fail(z, names->items[i].pos, "DUPLICATE_COLUMN_NAME",
                            "Column name '%.*s' specified more than once",
                            BYTES_ARG(names->items[i].text)) != NULL;
    return true;
}

static bool check_name(struct writer *w, const struct sql_table_column *columns, size_t i) {
    struct analyzer *z = w->c->z;
    struct bytes name = columns[i].name;
    if (!name.len)
        return fail(z, w->s->pos, "MISSING_COLUMN_NAME",
                    "Column name not specified at position %zu", i + 1) != NULL;
    for (size_t j = 0; j < i; j++)
        if (bytes_eq(name, columns[j].name))
            return fail(z, w->s->pos, "DUPLICATE_COLUMN_NAME",
                        "Column name '%.*s' specified more than once", BYTES_ARG(name)) != NULL;
    if (w->source->types[i]->kind == ST_UNKNOWN)
        return fail(z, w->s->pos, "COLUMN_TYPE_UNKNOWN", "Column type is unknown: %.*s",
                    BYTES_ARG(name)) != NULL;
    return true;
}

static bool check_hive_name(struct writer *w, struct bytes name) {
    struct analyzer *z = w->c->z;
    if (name.ptr[0] == ' ')
        return fail(z, w->s->pos, "NOT_SUPPORTED",
                    "Hive column names must not start with a space: '%.*s'",
                    BYTES_ARG(name)) != NULL;
    if (name.ptr[name.len - 1] == ' ')
        return fail(z, w->s->pos, "NOT_SUPPORTED",
                    "Hive column names must not end with a space: '%.*s'", BYTES_ARG(name)) != NULL;
    if (bytes_find_char(name, ',') >= 0)
        return fail(z, w->s->pos, "NOT_SUPPORTED",
                    "Hive column names must not contain commas: '%.*s'", BYTES_ARG(name)) != NULL;
    return true;
}

static bool new_columns(struct writer *w) {
    const struct sql_idents *aliases = &w->s->dml->columns;
    struct analyzer *z = w->c->z;
    size_t n = w->source->column_count;
    struct sql_table_column *columns = ARENA_NEW_N(z->a, struct sql_table_column, n + 1);
    if (!columns || (aliases->count && !check_aliases(w, aliases)))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct bytes name = aliases->count ? aliases->items[i].text : w->source->names[i];
        columns[i].name = name.len ? lower_copy(z, name) : name;
        if (!check_name(w, columns, i))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!check_hive_name(w, columns[i].name) ||
            !(columns[i].type = hive_of(w, w->source->types[i], columns[i].name)))
            return false;
    w->w->columns = columns;
    w->w->column_count = n;
    return true;
}

/* ---- partitioned_by, bucketed_by ---- */
static size_t column_index(const struct writer *w, struct bytes name) {
    for (size_t i = 0; i < w->w->column_count; i++)
        if (bytes_eq(w->w->columns[i].name, name))
            return i;
    return SIZE_MAX;
}

static struct bytes joined(struct writer *w, const struct write_list *l, bool only_missing) {
    struct buf b = {0};
    buf_add_char(&b, '[');
    for (size_t i = 0; i < l->count; i++) {
        if (only_missing && column_index(w, l->items[i]) != SIZE_MAX)
            continue;
        if (b.len > 1)
            buf_add_str(&b, ", ");
        buf_add(&b, l->items[i]);
    }
    buf_add_char(&b, ']');
    struct bytes r = arena_copy(w->c->z->a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

static bool is_partition_type(const struct type *t) {
    return !t->child_count && t->kind != TYPE_BINARY;
}

static bool take_partitions(struct writer *w, const struct write_list *keys) {
    struct analyzer *z = w->c->z;
    struct sql_table_column *columns = (struct sql_table_column *)w->w->columns;
    size_t n = w->w->column_count;
    for (size_t i = 0; i < keys->count; i++)
        if (column_index(w, keys->items[i]) == SIZE_MAX)
            return fail(z, keys->pos, "INVALID_TABLE_PROPERTY",
                        "Partition columns %.*s not present in schema",
                        BYTES_ARG(joined(w, keys, true))) != NULL;
    if (keys->count >= n)
        return fail(z, keys->pos, "INVALID_TABLE_PROPERTY",
                    "Table contains only partition columns") != NULL;
    for (size_t i = 0; i < keys->count; i++) {
        struct sql_table_column *c = &columns[n - keys->count + i];
        if (!bytes_eq(c->name, keys->items[i]))
            return fail(z, keys->pos, "HIVE_COLUMN_ORDER_MISMATCH",
                        "Partition keys must be the last columns in the table and in the same "
                        "order as the table properties: %.*s",
                        BYTES_ARG(joined(w, keys, false))) != NULL;
        if (!is_partition_type(c->type))
            return fail(z, keys->pos, "NOT_SUPPORTED",
                        "Unsupported type [%.*s] for partition: %.*s",
                        BYTES_ARG(type_text(z, w->source->types[n - keys->count + i])),
                        BYTES_ARG(c->name)) != NULL;
        c->is_partition = true;
    }
    w->w->key_count = keys->count;
    return true;
}

static bool can_bucket(const struct type *t) {
    return t->kind != TYPE_DECIMAL && t->kind != TYPE_TIMESTAMP && t->kind != TYPE_STRUCT &&
           t->kind != TYPE_ARRAY && t->kind != TYPE_MAP && t->kind != TYPE_CHAR &&
           t->kind != TYPE_BINARY;
}

static bool take_buckets(struct writer *w, const struct write_properties *p) {
    struct analyzer *z = w->c->z;
    const struct write_list *by = &p->bucketed_by;
    size_t *buckets = ARENA_NEW_N(z->a, size_t, by->count + 1);
    if (!buckets)
        return false;
    for (size_t i = 0; i < by->count; i++) {
        buckets[i] = column_index(w, by->items[i]);
        if (buckets[i] == SIZE_MAX)
            return fail(z, by->pos, "INVALID_TABLE_PROPERTY",
                        "Bucketing columns %.*s not present in schema",
                        BYTES_ARG(joined(w, by, true))) != NULL;
        if (w->w->columns[buckets[i]].is_partition)
            return fail(z, by->pos, "INVALID_TABLE_PROPERTY",
                        "Bucketing columns [%.*s] are also used as partitioning columns",
                        BYTES_ARG(by->items[i])) != NULL;
        if (!can_bucket(w->w->columns[buckets[i]].type))
            return fail(z, by->pos, "NOT_SUPPORTED",
                        "Cannot create a table bucketed on an unsupported type") != NULL;
    }
    if (p->bucket_count > 100)
        return fail(z, by->pos, "HIVE_TOO_MANY_OPEN_PARTITIONS",
                    "Exceeded limit of 100 open writers for partitions/buckets") != NULL;
    if (by->count)
        return fail(z, by->pos, "NOT_SUPPORTED",
                    "Buckets cannot be written yet; leave out bucketed_by and bucket_count") !=
               NULL;
    w->w->buckets = buckets;
    w->w->bucket_column_count = by->count;
    w->w->bucket_count = (int)p->bucket_count;
    return true;
}

/* ---- the outputs ---- */
static bool is_shorter(const struct sql_type *from, const struct sql_type *to) {
    return sql_type_is_text(from) && sql_type_is_text(to) && to->length != SQL_UNBOUNDED &&
           (from->length > to->length);
}

/* Text that must fit; the error is raised where a row does not. */
static struct bound *fitted(struct analyzer *z, struct bound *x, const struct sql_type *to) {
    const struct sql_type *text = sql_type_of(ST_VARCHAR);
    struct bound *args[] = {
        bound_cast(z->a, x, text),
        integer_literal(z, to->length, x->pos),
        string_literal(z, type_text(z, x->type), x->pos),
        string_literal(z, type_text(z, to), x->pos),
    };
    return bound_cast(z->a,
                      bound_call(z->a, "t_fit_text($1, CAST($2 AS BIGINT), $3, $4)", to, x->pos,
                                 args, COUNT_OF(args)),
                      to);
}

static struct bound *output(struct writer *w, struct bound_rel *rel, size_t i) {
    struct analyzer *z = w->c->z;
    const struct sql_type *to = sql_type_from_hive(z->a, w->w->columns[i].type);
    if (!to || w->from[i] == SIZE_MAX)
        return to ? bound_null(z->a, to, w->s->pos) : NULL;
    struct bound *x = column_of(z, rel, w->from[i], w->s->pos);
    if (x && is_shorter(x->type, to))
        return fitted(z, x, to);
    return x ? bound_cast(z->a, x, to) : NULL;
}

static struct bound_query *outputs(struct writer *w) {
    struct analyzer *z = w->c->z;
    size_t n = w->w->column_count;
    struct bound_query *q = new_query(z, BQ_SELECT, n);
    struct bound_rel *rel = q ? new_rel(z, REL_QUERY, w->source->column_count) : NULL;
    if (!rel || !(q->select = ARENA_NEW(z->a, struct bound_select)) ||
        !(q->select->items = ARENA_NEW_N(z->a, struct bound *, n + 1)))
        return NULL;
    rel->query = w->source;
    rel->owner = q->select;
    memcpy(rel->types, w->source->types, w->source->column_count * sizeof *rel->types);
    q->select->from = rel;
    q->select->item_count = n;
    for (size_t i = 0; i < n; i++) {
        if (!(q->select->items[i] = output(w, rel, i)))
            return NULL;
        q->names[i] = w->w->columns[i].name;
        q->types[i] = q->select->items[i]->type;
    }
    return q;
}

static bool in_order(struct writer *w) {
    size_t *from = ARENA_NEW_N(w->c->z->a, size_t, w->w->column_count + 1);
    for (size_t i = 0; from && i < w->w->column_count; i++)
        from[i] = i;
    w->from = from;
    return from != NULL;
}

/* ---- INSERT ---- */
static bool has_nested_text(const struct sql_type *t, bool inside) {
    if (inside && sql_type_is_text(t) && t->length != SQL_UNBOUNDED)
        return true;
    for (size_t i = 0; i < t->child_count; i++)
        if (has_nested_text(t->children[i], true))
            return true;
    return false;
}

static bool is_assignable(struct analyzer *z, const struct sql_type *from,
                          const struct sql_type *to) {
    return has_nested_text(to, false) ? sql_type_can_coerce(from, to)
                                      : sql_type_common(z->a, from, to) != NULL;
}

static void add_type(struct writer *w, struct buf *b, const struct sql_type *t) {
    if (b->len)
        buf_add_str(b, ", ");
    buf_add(b, type_text(w->c->z, t));
}

static bool mismatch(struct writer *w, const size_t *to, size_t count) {
    struct analyzer *z = w->c->z;
    struct buf table = {0}, query = {0};
    for (size_t i = 0; i < count; i++) {
        const struct sql_type *t = sql_type_from_hive(z->a, w->w->columns[to[i]].type);
        if (t)
            add_type(w, &table, t);
    }
    for (size_t i = 0; i < w->source->column_count; i++)
        add_type(w, &query, w->source->types[i]);
    fail(z, w->s->pos, "TYPE_MISMATCH",
         "Insert query has mismatched column types: Table: [%.*s], Query: [%.*s]",
         BYTES_ARG(buf_bytes(&table)), BYTES_ARG(buf_bytes(&query)));
    buf_clear(&table);
    buf_clear(&query);
    return false;
}

/* The columns that are inserted into, in the statement's order. */
static bool insert_columns(struct writer *w, size_t *to, size_t *ret_count) {
    const struct sql_idents *names = &w->s->dml->columns;
    struct analyzer *z = w->c->z;
    *ret_count = names->count ? names->count : w->w->column_count;
    for (size_t i = 0; i < *ret_count; i++) {
        if (!names->count) {
            to[i] = i;
            continue;
        }
        struct bytes name = lower_copy(z, names->items[i].text);
        to[i] = column_index(w, name);
        if (to[i] == SIZE_MAX)
            return fail(z, w->s->pos, "COLUMN_NOT_FOUND",
                        "Insert column name does not exist in target table: %.*s",
                        BYTES_ARG(name)) != NULL;
        for (size_t j = 0; j < i; j++)
            if (to[j] == to[i])
                return fail(z, w->s->pos, "DUPLICATE_COLUMN_NAME",
                            "Insert column name is specified more than once: %.*s",
                            BYTES_ARG(name)) != NULL;
    }
    return true;
}

static bool match_insert(struct writer *w) {
    struct analyzer *z = w->c->z;
    size_t room = w->w->column_count + w->s->dml->columns.count + 1, count;
    size_t *to = ARENA_NEW_N(z->a, size_t, room), *from = ARENA_NEW_N(z->a, size_t, room);
    if (!to || !from || !insert_columns(w, to, &count))
        return false;
    if (count != w->source->column_count)
        return mismatch(w, to, count);
    for (size_t i = 0; i < w->w->column_count; i++)
        from[i] = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct sql_type *t = sql_type_from_hive(z->a, w->w->columns[to[i]].type);
        if (!t)
            return false;
        if (!is_assignable(z, w->source->types[i], t))
            return mismatch(w, to, count);
        from[to[i]] = i;
    }
    w->from = from;
    return true;
}

/* A view is refused before the query is looked at. */
static bool check_no_view(struct writer *w) {
    struct analyzer *z = w->c->z;
    struct sql_dml *d = w->s->dml;
    const struct sql_table_info *info = NULL;
    if (!split_table_path(z, &d->table, d->table_pos, &w->w->database, &w->w->table))
        return false;
    if (z->env->find_table(z->env->ctx, z->a, w->w->database, w->w->table, &info, NULL) == 0 &&
        info->view)
        return fail(z, w->s->pos, "NOT_SUPPORTED", "Inserting into views is not supported") != NULL;
    return true;
}

static struct bound_query *bind_insert(struct writer *w) {
    const struct sql_table_info *t = NULL;
    if (!check_no_view(w) || !(w->source = bind_query(w->c, w->s->query)) ||
        !(t = find_table(w->c->z, &w->s->dml->table, w->s->pos)))
        return NULL;
    w->w->target = t;
    w->w->database = t->database;
    w->w->table = t->name;
    w->w->columns = t->columns;
    for (size_t i = 0; i < t->column_count && !t->columns[i].is_hidden; i++) {
        w->w->column_count++;
        w->w->key_count += t->columns[i].is_partition;
    }
    return match_insert(w) ? outputs(w) : NULL;
}

/* ---- CREATE TABLE AS, UNLOAD ---- */
/* Whether the table is there; anything of that name counts. */
static bool look_for_table(struct writer *w, bool *ret) {
    struct analyzer *z = w->c->z;
    struct sql_dml *d = w->s->dml;
    const struct sql_table_info *info = NULL;
    struct err e = {0};
    if (!split_table_path(z, &d->table, d->table_pos, &w->w->database, &w->w->table))
        return false;
    int rc = z->env->find_table(z->env->ctx, z->a, w->w->database, w->w->table, &info, &e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return fail(z, w->s->pos, "SCHEMA_NOT_FOUND", "Schema %.*s not found",
                    BYTES_ARG(w->w->database)) != NULL;
    if (rc && rc != ERR_ENTITY_NOT_FOUND && rc != ERR_SQL)
        return fail_at(z, w->s->pos, &e) != NULL;
    *ret = rc != ERR_ENTITY_NOT_FOUND;
    return true;
}

static bool take_properties(struct writer *w, struct write_properties *p) {
    if (!bind_properties(w->c, w->s, p))
        return false;
    w->w->format = p->format;
    w->w->compression = p->compression;
    w->w->compression_level = p->compression_level;
    w->w->field_delimiter = p->field_delimiter;
    w->w->location = w->s->kind == SQL_UNLOAD ? w->s->dml->location : p->external_location;
    return true;
}

static struct bound_query *bind_new(struct writer *w) {
    struct write_properties p = {0};
    if (!take_properties(w, &p) || !(w->source = bind_query(w->c, w->s->query)) ||
        !new_columns(w) || !take_partitions(w, &p.partitioned_by) || !take_buckets(w, &p) ||
        !in_order(w))
        return NULL;
    return outputs(w);
}

static struct bound_query *bind_create(struct writer *w) {
    struct sql_dml *d = w->s->dml;
    bool exists = false;
    if (!look_for_table(w, &exists))
        return NULL;
    w->w->if_not_exists = d->if_not_exists;
    w->w->with_no_data = d->with_no_data;
    w->w->comment = d->comment;
    w->w->exists = exists;
    if (exists && !d->if_not_exists)
        return fail(w->c->z, w->s->pos, "TABLE_ALREADY_EXISTS",
                    "Destination table 'awsdatacatalog.%.*s.%.*s' already exists",
                    BYTES_ARG(w->w->database), BYTES_ARG(w->w->table));
    return exists ? new_query(w->c->z, BQ_VALUES, 0) : bind_new(w);
}

static struct bound_query *bind_unload(struct writer *w) {
    struct bytes to = w->s->dml->location;
    if (!bytes_starts_with(to, BYTES("s3://")) || to.len < 6 || to.ptr[5] == '/')
        return fail(w->c->z, w->s->dml->location_pos, "INVALID_TABLE_PROPERTY",
                    "The location of UNLOAD is not an S3 URI: %.*s", BYTES_ARG(to));
    return bind_new(w);
}

struct bound_query *bind_write(struct ctx *c, struct sql_statement *s,
                               const struct sql_write **ret) {
    struct writer w = {.c = c, .s = s, .w = ARENA_NEW(c->z->a, struct sql_write)};
    if (!w.w)
        return NULL;
    w.w->kind = s->kind;
    *ret = w.w;
    return s->kind == SQL_INSERT            ? bind_insert(&w)
           : s->kind == SQL_CREATE_TABLE_AS ? bind_create(&w)
                                            : bind_unload(&w);
}

const struct sql_write *sql_plan_write(const struct sql_plan *p) {
    return p->write;
}
