/* warehouse.c - from the YAML tree to the checked model.
 *
 * Each mapping has a table of the keys it may hold: name, kind of value, and the function that
 * takes it. A key that is not in the table is an error at its position, and the sentence lists the
 * keys that are allowed. Defaults are filled in afterwards, so the order of keys never matters. */
#include "stack/warehouse.h"

#include "base/mem.h"
#include "base/vfs.h"
#include "schema/prefix.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct loader {
    struct arena *a;
    struct warehouse *w;
    struct err *e;
};

typedef int (*take_fn)(struct loader *l, const struct yaml *y, void *target);
struct key {
    const char *name;
    enum yaml_kind kind;
    take_fn take;
};

static int fail(struct loader *l, int line, int column, const char *fmt, ...) PRINTF_LIKE(4, 5);
static int fail(struct loader *l, int line, int column, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    struct bytes text = arena_vfmt(l->a, fmt, ap);
    va_end(ap);
    int rc = err_set(l->e, ERR_USAGE, "%.*s", BYTES_ARG(text));
    if (l->e) {
        l->e->line = line;
        l->e->column = column;
    }
    return rc;
}

static int no_memory(struct loader *l) {
    return err_set(l->e, ERR_NOMEM, NULL);
}

static const char *kind_name(enum yaml_kind k) {
    return k == YAML_SCALAR ? "a single value" : k == YAML_SEQUENCE ? "a list" : "a mapping";
}

static struct bytes key_list(struct loader *l, const struct key *keys) {
    struct bytes text = {0};
    for (const struct key *k = keys; k->name; k++) {
        text = arena_fmt(l->a, "%.*s%s%s", BYTES_ARG(text), k == keys ? "" : ", ", k->name);
    }
    return text;
}

static int take_mapping(struct loader *l, const struct yaml *y, const struct key *keys,
                        const char *what, void *target) {
    if (y->kind != YAML_MAPPING) {
        return fail(l, y->line, y->column, "%s must be a mapping of keys to values.", what);
    }
    YAML_FOR_EACH(child, y) {
        const struct key *k = keys;
        while (k->name && !bytes_eq_str(child->key, k->name)) {
            k++;
        }
        if (!k->name) {
            return fail(l, child->key_line, child->key_column,
                        "'%.*s' is not a key of %s; the keys are: %.*s.", BYTES_ARG(child->key),
                        what, BYTES_ARG(key_list(l, keys)));
        }
        if (child->kind != k->kind) {
            return fail(l, child->line, child->column, "'%s' must be %s, not %s.", k->name,
                        kind_name(k->kind), kind_name(child->kind));
        }
        int rc = k->take(l, child, target);
        if (rc) {
            return rc;
        }
    }
    return 0;
}

/* ---- values ---- */
static int take_integer(struct loader *l, const struct yaml *y, int64_t min, int64_t max,
                        int64_t *ret) {
    int64_t v;
    if (!y->plain || !bytes_to_i64(y->text, &v) || v < min || v > max) {
        return fail(l, y->line, y->column, "'%.*s' must be a whole number from %lld to %lld.",
                    BYTES_ARG(y->key), (long long)min, (long long)max);
    }
    *ret = v;
    return 0;
}

static int take_bool(struct loader *l, const struct yaml *y, bool *ret) {
    bool yes = bytes_eq_str(y->text, "true"), no = bytes_eq_str(y->text, "false");
    if (!y->plain || (!yes && !no)) {
        return fail(l, y->line, y->column, "'%.*s' must be true or false.", BYTES_ARG(y->key));
    }
    *ret = yes;
    return 0;
}

static struct bytes lower(struct arena *a, struct bytes v) {
    char *p = arena_strndup(a, v.ptr, v.len);
    for (size_t i = 0; p && i < v.len; i++) {
        p[i] = (char)tolower((unsigned char)p[i]);
    }
    return bytes_of(p, p ? v.len : 0);
}

/* Glue names, and the names of streams that are made from them. */
static int take_name(struct loader *l, struct bytes v, int line, int column, struct bytes *ret) {
    for (size_t i = 0; i < v.len; i++) {
        if (!isalnum((unsigned char)v.ptr[i]) && v.ptr[i] != '_' && v.ptr[i] != '-') {
            return fail(l, line, column, "'%.*s' is not a name; use letters, digits, '_' and '-'.",
                        BYTES_ARG(v));
        }
    }
    if (v.len == 0 || v.len > 100) {
        return fail(l, line, column, "A name has 1 to 100 characters.");
    }
    *ret = lower(l->a, v);
    return ret->ptr ? 0 : no_memory(l);
}

/* ---- columns ---- */
static int take_column_type(struct loader *l, const struct yaml *y, void *target) {
    struct warehouse_column *c = target;
    const struct type *t;
    struct err te = {0};
    int rc = type_parse(l->a, y->text, &t, &te);
    if (rc) {
        return rc == ERR_NOMEM ? no_memory(l) : fail(l, y->line, y->column, "%s", te.text);
    }
    c->type_text = lower(l->a, y->text);
    return c->type_text.ptr ? 0 : no_memory(l);
}
static int take_column_comment(struct loader *l, const struct yaml *y, void *target) {
    ((struct warehouse_column *)target)->comment = y->text;
    return 0;
}
static int take_column_generate(struct loader *l, const struct yaml *y, void *target) {
    ((struct warehouse_column *)target)->generate = y;
    return 0;
}
static const struct key column_keys[] = {{"type", YAML_SCALAR, take_column_type},
                                         {"comment", YAML_SCALAR, take_column_comment},
                                         {"generate", YAML_MAPPING, take_column_generate},
                                         {0}};

/* columns: {name: type, name: {type: .., comment: .., generate: {..}}} */
static int take_columns(struct loader *l, const struct yaml *y, void *target) {
    struct warehouse_table *t = target;
    t->columns = ARENA_NEW_N(l->a, struct warehouse_column, y->count ? y->count : 1);
    if (!t->columns) {
        return no_memory(l);
    }
    YAML_FOR_EACH(child, y) {
        struct warehouse_column *c = &t->columns[t->column_count++];
        int rc = take_name(l, child->key, child->key_line, child->key_column, &c->name);
        if (rc) {
            return rc;
        }
        rc = child->kind == YAML_SCALAR ? take_column_type(l, child, c)
                                        : take_mapping(l, child, column_keys, "a column", c);
        if (rc) {
            return rc;
        }
        if (!c->type_text.len) {
            return fail(l, child->key_line, child->key_column, "Column '%.*s' needs a type.",
                        BYTES_ARG(c->name));
        }
    }
    return 0;
}

/* ---- tables: keys of both kinds ---- */
static int take_table_database(struct loader *l, const struct yaml *y, void *target) {
    return take_name(l, y->text, y->line, y->column, &((struct warehouse_table *)target)->database);
}
static int take_table_description(struct loader *l, const struct yaml *y, void *target) {
    ((struct warehouse_table *)target)->description = y->text;
    return 0;
}
static int take_table_location(struct loader *l, const struct yaml *y, void *target) {
    if (!bytes_starts_with(y->text, BYTES("s3://")) || !bytes_ends_with(y->text, BYTES("/"))) {
        return fail(l, y->line, y->column, "A location has the form s3://bucket/prefix/.");
    }
    ((struct warehouse_table *)target)->location = y->text;
    return 0;
}
static int take_format(struct loader *l, const struct yaml *y, void *target) {
    static const char *const names[] = {"parquet", "csv", "json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (bytes_eq_str(y->text, names[i])) {
            ((struct warehouse_table *)target)->format = (enum warehouse_format)i;
            return 0;
        }
    }
    return fail(l, y->line, y->column, "The format must be parquet, csv or json.");
}
static int take_stream_format(struct loader *l, const struct yaml *y, void *target) {
    return bytes_eq_str(y->text, "parquet")
               ? take_format(l, y, target)
               : fail(l, y->line, y->column, "A streaming table's format must be parquet.");
}

/* ---- static tables ---- */
static int take_files(struct loader *l, const struct yaml *y, void *target) {
    struct warehouse_table *t = target;
    t->files = ARENA_NEW_N(l->a, struct bytes, y->count ? y->count : 1);
    if (!t->files) {
        return no_memory(l);
    }
    YAML_FOR_EACH(child, y) {
        if (child->kind != YAML_SCALAR || !child->text.len) {
            return fail(l, child->line, child->column, "A file must be a path.");
        }
        t->files[t->file_count++] = child->text;
    }
    return 0;
}
static int take_csv_header(struct loader *l, const struct yaml *y, void *target) {
    return take_bool(l, y, &((struct warehouse_table *)target)->csv_header);
}
static int take_csv_delimiter(struct loader *l, const struct yaml *y, void *target) {
    if (y->text.len != 1) {
        return fail(l, y->line, y->column, "The delimiter must be one character.");
    }
    ((struct warehouse_table *)target)->csv_delimiter = y->text;
    return 0;
}
static const struct key static_keys[] = {{"database", YAML_SCALAR, take_table_database},
                                         {"description", YAML_SCALAR, take_table_description},
                                         {"columns", YAML_MAPPING, take_columns},
                                         {"format", YAML_SCALAR, take_format},
                                         {"location", YAML_SCALAR, take_table_location},
                                         {"files", YAML_SEQUENCE, take_files},
                                         {"header", YAML_SCALAR, take_csv_header},
                                         {"delimiter", YAML_SCALAR, take_csv_delimiter},
                                         {0}};

/* ---- streaming tables ---- */
static int take_shards(struct loader *l, const struct yaml *y, void *target) {
    return take_integer(l, y, 1, 10000, &((struct warehouse_table *)target)->shards);
}
static int take_buffer_mb(struct loader *l, const struct yaml *y, void *target) {
    return take_integer(l, y, 64, 128, &((struct warehouse_table *)target)->buffer_mb);
}
static int take_buffer_s(struct loader *l, const struct yaml *y, void *target) {
    return take_integer(l, y, 0, 900, &((struct warehouse_table *)target)->buffer_s);
}
static const struct key buffer_keys[] = {
    {"size_mb", YAML_SCALAR, take_buffer_mb}, {"interval_s", YAML_SCALAR, take_buffer_s}, {0}};
static int take_buffer(struct loader *l, const struct yaml *y, void *target) {
    return take_mapping(l, y, buffer_keys, "a buffer", target);
}
static int take_compression(struct loader *l, const struct yaml *y, void *target) {
    static const char *const names[][2] = {
        {"snappy", "SNAPPY"}, {"gzip", "GZIP"}, {"uncompressed", "UNCOMPRESSED"}};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (bytes_eq_str(y->text, names[i][0])) {
            ((struct warehouse_table *)target)->compression = bytes_str(names[i][1]);
            return 0;
        }
    }
    return fail(l, y->line, y->column, "The compression must be snappy, gzip or uncompressed.");
}
static int take_partition_column(struct loader *l, const struct yaml *y, void *target) {
    return take_name(l, y->text, y->line, y->column,
                     &((struct warehouse_table *)target)->partition.column);
}
static int take_partition_pattern(struct loader *l, const struct yaml *y, void *target) {
    struct buf out = {0};
    struct err pe = {0};
    int rc = prefix_format_time(y->text, 0, &out, &pe);
    buf_clear(&out);
    if (rc) {
        return rc == ERR_NOMEM ? no_memory(l) : fail(l, y->line, y->column, "%s", pe.text);
    }
    ((struct warehouse_table *)target)->partition.pattern = y->text;
    return 0;
}
static const struct key partition_keys[] = {{"column", YAML_SCALAR, take_partition_column},
                                            {"pattern", YAML_SCALAR, take_partition_pattern},
                                            {0}};
static int take_partition(struct loader *l, const struct yaml *y, void *target) {
    return take_mapping(l, y, partition_keys, "a partition", target);
}
static const struct key stream_keys[] = {{"database", YAML_SCALAR, take_table_database},
                                         {"description", YAML_SCALAR, take_table_description},
                                         {"columns", YAML_MAPPING, take_columns},
                                         {"format", YAML_SCALAR, take_stream_format},
                                         {"location", YAML_SCALAR, take_table_location},
                                         {"shards", YAML_SCALAR, take_shards},
                                         {"buffer", YAML_MAPPING, take_buffer},
                                         {"compression", YAML_SCALAR, take_compression},
                                         {"partition", YAML_MAPPING, take_partition},
                                         {0}};

static int check_table(struct loader *l, const struct warehouse_table *t) {
    if (t->column_count == 0) {
        return fail(l, t->line, t->column, "Table '%.*s' needs columns.", BYTES_ARG(t->name));
    }
    for (size_t i = 0; i < t->column_count; i++) {
        if (t->streaming && bytes_eq(t->columns[i].name, t->partition.column)) {
            return fail(l, t->line, t->column,
                        "'%.*s' is the partition column of '%.*s'; it cannot be a data column too.",
                        BYTES_ARG(t->partition.column), BYTES_ARG(t->name));
        }
    }
    for (const struct warehouse_table *o = l->w->tables; o < t; o++) {
        if (bytes_eq(o->name, t->name) && bytes_eq(o->database, t->database)) {
            return fail(l, t->line, t->column,
                        "Table '%.*s.%.*s' is defined twice (first on line %d).",
                        BYTES_ARG(t->database), BYTES_ARG(t->name), o->line);
        }
    }
    return 0;
}

static int take_table(struct loader *l, const struct yaml *y, bool streaming) {
    struct warehouse *w = l->w;
    struct warehouse_table *t = &w->tables[w->table_count];
    *t = (struct warehouse_table){.line = y->key_line,
                                  .column = y->key_column,
                                  .streaming = streaming,
                                  .database = BYTES("default"),
                                  .csv_header = true,
                                  .csv_delimiter = BYTES(","),
                                  .shards = 1,
                                  .buffer_mb = 128,
                                  .buffer_s = 300,
                                  .compression = BYTES("SNAPPY"),
                                  .partition = {BYTES("inserted_at"), BYTES("yyyy/MM/dd/HH")}};
    int rc = take_name(l, y->key, y->key_line, y->key_column, &t->name);
    rc = rc ? rc
            : take_mapping(l, y, streaming ? stream_keys : static_keys,
                           streaming ? "a streaming table" : "a static table", t);
    rc = rc ? rc : check_table(l, t);
    w->table_count += rc == 0;
    return rc;
}

static int take_tables(struct loader *l, const struct yaml *y, bool streaming) {
    size_t room = l->w->table_count + y->count;
    struct warehouse_table *grown = ARENA_NEW_N(l->a, struct warehouse_table, room ? room : 1);
    if (!grown) {
        return no_memory(l);
    }
    if (l->w->table_count) {
        memcpy(grown, l->w->tables, l->w->table_count * sizeof *grown);
    }
    l->w->tables = grown;
    YAML_FOR_EACH(child, y) {
        int rc = take_table(l, child, streaming);
        if (rc) {
            return rc;
        }
    }
    return 0;
}
static int take_static_tables(struct loader *l, const struct yaml *y, void *target) {
    return take_tables(l, y, false);
}
static int take_streaming_tables(struct loader *l, const struct yaml *y, void *target) {
    return take_tables(l, y, true);
}

/* ---- top level ---- */
static int take_database_description(struct loader *l, const struct yaml *y, void *target) {
    ((struct warehouse_database *)target)->description = y->text;
    return 0;
}
static const struct key database_keys[] = {{"description", YAML_SCALAR, take_database_description},
                                           {0}};

static int take_databases(struct loader *l, const struct yaml *y, void *target) {
    struct warehouse *w = l->w;
    w->databases = ARENA_NEW_N(l->a, struct warehouse_database, y->count + 1);
    if (!w->databases) {
        return no_memory(l);
    }
    YAML_FOR_EACH(child, y) {
        struct warehouse_database *d = &w->databases[w->database_count++];
        int rc = take_name(l, child->key, child->key_line, child->key_column, &d->name);
        bool empty = child->kind == YAML_SCALAR && child->text.len == 0;
        rc = rc || empty ? rc : take_mapping(l, child, database_keys, "a database", d);
        if (rc) {
            return rc;
        }
    }
    return 0;
}
static int take_outputs(struct loader *l, const struct yaml *y, void *target) {
    struct warehouse *w = l->w;
    w->outputs = ARENA_NEW_N(l->a, struct warehouse_output, y->count + 1);
    if (!w->outputs) {
        return no_memory(l);
    }
    YAML_FOR_EACH(child, y) {
        if (child->kind != YAML_SCALAR) {
            return fail(l, child->line, child->column, "An output must be a single value.");
        }
        w->outputs[w->output_count++] = (struct warehouse_output){child->key, child->text};
    }
    return 0;
}
static int take_warehouse_name(struct loader *l, const struct yaml *y, void *target) {
    return take_name(l, y->text, y->line, y->column, &l->w->name);
}
static int take_bucket(struct loader *l, const struct yaml *y, void *target) {
    return take_name(l, y->text, y->line, y->column, &l->w->bucket);
}
static const struct key warehouse_keys[] = {
    {"name", YAML_SCALAR, take_warehouse_name},
    {"bucket", YAML_SCALAR, take_bucket},
    {"databases", YAML_MAPPING, take_databases},
    {"static_tables", YAML_MAPPING, take_static_tables},
    {"streaming_tables", YAML_MAPPING, take_streaming_tables},
    {"outputs", YAML_MAPPING, take_outputs},
    {0}};

/* ---- defaults that depend on more than one key ---- */
static void default_names(struct loader *l) {
    struct warehouse *w = l->w;
    struct bytes folder = w->folder;
    for (ptrdiff_t slash; (slash = bytes_find_char(folder, '/')) >= 0;) {
        folder = bytes_slice(folder, (size_t)slash + 1, folder.len);
    }
    if (!w->name.len && take_name(l, folder, 0, 0, &w->name)) {
        w->name = BYTES("warehouse");
    }
    if (!w->bucket.len) {
        w->bucket = w->name;
    }
}

static bool has_database(const struct warehouse *w, struct bytes name) {
    for (size_t i = 0; i < w->database_count; i++) {
        if (bytes_eq(w->databases[i].name, name)) {
            return true;
        }
    }
    return false;
}

static int finish_table(struct loader *l, struct warehouse_table *t) {
    struct warehouse *w = l->w;
    if (!has_database(w, t->database)) {
        if (!bytes_eq_str(t->database, "default")) {
            return fail(l, t->line, t->column,
                        "Table '%.*s' is in database '%.*s', which is not under databases.",
                        BYTES_ARG(t->name), BYTES_ARG(t->database));
        }
        struct warehouse_database *more =
            ARENA_NEW_N(l->a, struct warehouse_database, w->database_count + 2);
        if (!more) {
            return no_memory(l);
        }
        if (w->database_count) {
            memcpy(more, w->databases, w->database_count * sizeof *more);
        }
        more[w->database_count++].name = BYTES("default");
        w->databases = more;
    }
    if (!t->location.len) {
        t->location = arena_fmt(l->a, "s3://%.*s/%.*s/%.*s/", BYTES_ARG(w->bucket),
                                BYTES_ARG(t->database), BYTES_ARG(t->name));
    }
    t->stream = arena_fmt(l->a, "%.*s-%.*s", BYTES_ARG(w->name), BYTES_ARG(t->name));
    t->delivery = arena_fmt(l->a, "%.*s-%.*s", BYTES_ARG(w->name), BYTES_ARG(t->name));
    return l->a->failed ? no_memory(l) : 0;
}

/* Each streaming table's stream name is an output under the table's name. */
static int add_outputs(struct loader *l) {
    struct warehouse *w = l->w;
    struct warehouse_output *all =
        ARENA_NEW_N(l->a, struct warehouse_output, w->output_count + w->table_count + 1);
    if (!all) {
        return no_memory(l);
    }
    if (w->output_count) {
        memcpy(all, w->outputs, w->output_count * sizeof *all);
    }
    for (size_t i = 0; i < w->table_count; i++) {
        const struct warehouse_table *t = &w->tables[i];
        all[w->output_count++] =
            (struct warehouse_output){t->name, t->streaming ? t->stream : t->location};
    }
    w->outputs = all;
    return 0;
}

int warehouse_parse(struct arena *a, struct bytes text, struct bytes folder, struct warehouse **ret,
                    struct err *e) {
    struct loader l = {.a = a, .w = ARENA_NEW(a, struct warehouse), .e = e};
    struct yaml *root = NULL;
    int rc = l.w ? yaml_parse(a, text, &root, e) : no_memory(&l);
    if (rc) {
        return rc;
    }
    l.w->folder = folder;
    rc = take_mapping(&l, root, warehouse_keys, "a warehouse file", l.w);
    if (rc) {
        return rc;
    }
    default_names(&l);
    for (size_t i = 0; !rc && i < l.w->table_count; i++) {
        rc = finish_table(&l, &l.w->tables[i]);
    }
    rc = rc ? rc : add_outputs(&l);
    if (!rc) {
        *ret = l.w;
    }
    return rc;
}

int warehouse_read(struct arena *a, const char *path, struct warehouse **ret, struct err *e) {
    struct buf content = {0};
    char *real = realpath(path, NULL);
    int rc = real ? vfs_read_file(vfs_system(), path, MIB(16), &content, e)
                  : err_set(e, ERR_USAGE, "There is no file '%s'; give the warehouse file's path.",
                            path);
    struct bytes text = arena_copy(a, buf_bytes(&content)), folder = {0};
    if (!rc) {
        char *slash = strrchr(real, '/');
        folder = arena_copy(a, bytes_of(real, slash == real ? 1 : (size_t)(slash - real)));
        rc = warehouse_parse(a, text.ptr ? text : BYTES(""), folder, ret, e);
    }
    buf_clear(&content);
    free(real);
    return rc;
}

const struct warehouse_table *warehouse_find_table(const struct warehouse *w, struct bytes name) {
    struct bytes table, database = {0};
    struct bytes rest = bytes_cut(name, '.', &table);
    if (rest.ptr) {
        database = table;
        table = rest;
    }
    for (size_t i = 0; i < w->table_count; i++) {
        const struct warehouse_table *t = &w->tables[i];
        if (bytes_eq(t->name, table) && (!database.len || bytes_eq(t->database, database))) {
            return t;
        }
    }
    return NULL;
}
