/* write.c - where CREATE TABLE AS, INSERT and UNLOAD write, and in which form.
 *
 * A new table and an UNLOAD need an empty folder: <results>/tables/<id>/ unless the statement names
 * one. An INSERT writes as the table's SerDe and properties say. What cannot be written so that it
 * is read back the same is refused here, before anything runs. */
#include "base/mem.h"
#include "query/write_int.h"
#include <stdlib.h>

/* ---- the folder of a new table or an UNLOAD ---- */
static int check_enforced(const struct plan *p, const struct exec *x, struct err *e) {
    struct arena a;
    struct bytes text;
    struct json *root = NULL;
    if (p->write->sql->kind != SQL_CREATE_TABLE_AS || !p->write->sql->location.ptr)
        return 0;
    arena_init(&a, 0);
    int rc = query_workgroup_get(p->service, &a, x->workgroup, &text, e);
    if (!rc)
        rc = json_parse(&a, text, &root, e);
    const struct json *group = json_get(root, "WorkGroup") ? json_get(root, "WorkGroup") : root;
    const struct json *c = json_get(group, "Configuration");
    bool enforced = !rc && json_get_bool(c, "EnforceWorkGroupConfiguration", false) &&
                    json_get_str(json_get(c, "ResultConfiguration"), "OutputLocation").len;
    arena_clear(&a);
    return enforced ? err_set_named(e, ERR_SQL, "INVALID_TABLE_PROPERTY", 0,
                                    "The Create Table As Select query failed because it was "
                                    "submitted with an 'external_location' property to an Athena "
                                    "Workgroup that enforces a centralized output location for all "
                                    "queries. Please remove the 'external_location' property and "
                                    "resubmit the query.")
                    : rc;
}

static int found_one(void *ctx, const struct store_entry *entry) {
    (void)entry;
    *(bool *)ctx = true;
    return 1;
}

static int not_empty(const struct plan_write *w, const struct exec *x, struct err *e) {
    bool unload = w->sql->kind == SQL_UNLOAD;
    struct bytes database = unload ? x->database : w->sql->database;
    struct bytes table = unload ? bytes_str(x->id) : w->sql->table;
    return err_set_named(
        e, ERR_SQL, "HIVE_PATH_ALREADY_EXISTS", 0,
        "Target directory for table '%.*s.%.*s' already exists: %.*s. You may need "
        "to manually clean the data at location '%.*s' before retrying. Athena "
        "will not delete data in your account.",
        BYTES_ARG(database), BYTES_ARG(table), BYTES_ARG(w->location), BYTES_ARG(w->location));
}

static int check_empty(const struct plan *p, const struct exec *x, struct err *e) {
    const struct plan_write *w = p->write;
    struct store_list_options o = {.max_entries = 1};
    struct err why = {0};
    bool found = false, truncated;
    if (!store_split_uri(w->location, &o.bucket, &o.prefix))
        return err_set_named(e, ERR_SQL, "INVALID_TABLE_PROPERTY", 0,
                             "External location is not a valid file system URI: %.*s",
                             BYTES_ARG(w->location));
    int rc = store_list(p->service->d.store, &o, found_one, &found, &truncated, &why);
    if (found)
        return not_empty(w, x, e);
    if (rc && strcmp(why.name, "NoSuchBucket") == 0)
        return err_set_named(e, ERR_SQL, "HIVE_WRITER_OPEN_ERROR", 0,
                             "The location %.*s cannot be written to: its bucket does not exist",
                             BYTES_ARG(w->location));
    if (rc && e)
        *e = why;
    return rc;
}

static int plan_folder(struct plan *p, const struct exec *x, struct err *e) {
    struct plan_write *w = p->write;
    struct bytes location = w->sql->location.ptr ? w->sql->location : x->output_uri;
    w->location = arena_fmt(&p->arena, "%.*s%s", BYTES_ARG(location),
                            bytes_ends_with(location, BYTES("/")) ? "" : "/");
    if (p->arena.failed)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = check_enforced(p, x, e);
    return rc ? rc : check_empty(p, x, e);
}

/* ---- the form of a new table's files ---- */
static void new_form(struct plan *p) {
    struct plan_write *w = p->write;
    const struct sql_write *s = w->sql;
    char *separators = arena_strndup(&p->arena, "\1\2\3\4\5\6\7\10", 8);
    if (separators && s->field_delimiter)
        separators[0] = s->field_delimiter;
    w->form = (struct write_form){.format = s->format,
                                  .compression = s->compression,
                                  .level = s->compression_level,
                                  .separators = bytes_of(separators, separators ? 8 : 0),
                                  .null_text = BYTES("\\N")};
}

/* ---- the form of an existing table's files ---- */
static bool ends_with(struct bytes v, const char *end) {
    return bytes_ends_with(v, bytes_str(end));
}

static int unsupported_format(const struct plan_table *t, struct err *e) {
    struct bytes output = json_get_str(json_get(t->in, "StorageDescriptor"), "OutputFormat");
    return err_set_named(e, ERR_SQL, "HIVE_UNSUPPORTED_FORMAT", 0,
                         "Output format %.*s with SerDe %.*s is not supported; tables of Parquet, "
                         "JSON and LazySimpleSerDe can be inserted into",
                         BYTES_ARG(output), BYTES_ARG(t->serde_class));
}

static int choose_format(struct plan_write *w, struct err *e) {
    const struct plan_table *t = w->table;
    bool text = !t->input_format.len || ends_with(t->input_format, ".TextInputFormat");
    if (t->format == FORMAT_PARQUET)
        w->form.format = SQL_WRITE_PARQUET;
    else if (t->format == FORMAT_JSON && text)
        w->form.format = SQL_WRITE_JSON;
    else if (t->format == FORMAT_LAZY_TEXT && text)
        w->form.format = SQL_WRITE_TEXT;
    else
        return unsupported_format(t, e);
    return 0;
}

static int choose_compression(struct plan_write *w, struct err *e) {
    static const char *const names[] = {"write.compression", "parquet.compression", "compression",
                                        "compressionType"};
    static const char *const known[] = {"gzip", "zstd", "snappy", "uncompressed", "none"};
    struct bytes v = BYTES("");
    bool parquet = w->form.format == SQL_WRITE_PARQUET;
    w->form.compression = BYTES("gzip");
    for (size_t i = 0; !v.len && i < COUNT_OF(names); i++)
        if (parquet || strcmp(names[i], "parquet.compression") != 0)
            v = plan_param(w->table->params, names[i]);
    if (!v.len)
        return 0;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (bytes_eq_nocase(v, bytes_str(known[i])) && (parquet || strcmp(known[i], "snappy"))) {
            w->form.compression =
                strcmp(known[i], "none") == 0 ? BYTES("uncompressed") : bytes_str(known[i]);
            return 0;
        }
    return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                         "The table's files cannot be written with compression %.*s; set its "
                         "property %s to GZIP, ZSTD%s or NONE",
                         BYTES_ARG(v), parquet ? "parquet.compression" : "write.compression",
                         parquet ? ", SNAPPY" : "");
}

/* A delimiter as properties have it: one character, or the number of one. */
static bool delimiter_of(const struct json *params, const char *name, const char *other, char *io) {
    struct bytes v = plan_param(params, name);
    int64_t number;
    if (!v.ptr && other)
        v = plan_param(params, other);
    if (!v.len)
        return true;
    if (v.len == 1)
        *io = v.ptr[0];
    else if (bytes_eq_str(v, "\\t"))
        *io = '\t';
    else if (bytes_to_i64(v, &number) && number > 0 && number < 128)
        *io = (char)number;
    else
        return false;
    return true;
}

static struct bytes header_of(struct plan *p) {
    const struct sql_write *s = p->write->sql;
    struct buf b = {0};
    for (size_t i = 0; i < s->column_count - s->key_count; i++) {
        if (i)
            buf_add_char(&b, p->write->form.separators.ptr[0]);
        buf_add(&b, s->columns[i].name);
    }
    struct bytes r = arena_copy(&p->arena, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

static int choose_header(struct plan *p, struct err *e) {
    struct plan_write *w = p->write;
    struct bytes v = plan_param(w->table->params, "skip.header.line.count");
    int64_t lines = 0;
    if (!v.len)
        v = plan_param(w->table->serde_params, "skip.header.line.count");
    if (!v.len || !bytes_to_i64(bytes_trim(v), &lines) || lines <= 0)
        return 0;
    if (lines > 1 || w->form.format == SQL_WRITE_JSON)
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "Inserting into Hive table with skip.header.line.count property > 1 "
                             "not supported");
    w->form.header = header_of(p);
    return 0;
}

static int choose_text(struct plan *p, struct err *e) {
    struct plan_write *w = p->write;
    const struct json *params = w->table->serde_params;
    char *s = arena_strndup(&p->arena, "\1\2\3\4\5\6\7\10", 8);
    char escape = 0, *escape_text;
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    if (!delimiter_of(params, "field.delim", "serialization.format", &s[0]) ||
        !delimiter_of(params, "collection.delim", "colelction.delim", &s[1]) ||
        !delimiter_of(params, "mapkey.delim", NULL, &s[2]) ||
        !delimiter_of(params, "escape.delim", NULL, &escape))
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "A delimiter of the table has several characters; it cannot be "
                             "inserted into");
    escape_text = arena_strndup(&p->arena, &escape, 1);
    struct bytes null_text = plan_param(params, "serialization.null.format");
    w->form.separators = bytes_of(s, 8);
    w->form.escape = bytes_of(escape_text, escape && escape_text ? 1 : 0);
    w->form.null_text = null_text.ptr ? null_text : BYTES("\\N");
    return choose_header(p, e);
}

static int check_target(const struct plan_table *t, struct err *e) {
    const struct json *sd = json_get(t->in, "StorageDescriptor");
    const struct json *by = json_get(sd, "BucketColumns");
    if (by && by->count && json_get_i64(sd, "NumberOfBuckets", 0) > 0)
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "INSERT INTO is not supported on bucketed tables");
    if (!t->location.len)
        return err_set_named(e, ERR_SQL, "HIVE_METASTORE_ERROR", 0,
                             "Table '%.*s.%.*s' has no location", BYTES_ARG(t->info.database),
                             BYTES_ARG(t->info.name));
    return 0;
}

static int plan_insert(struct plan *p, struct err *e) {
    struct plan_write *w = p->write;
    w->table = w->sql->target->opaque;
    w->location = arena_fmt(&p->arena, "%.*s%s", BYTES_ARG(w->table->location),
                            bytes_ends_with(w->table->location, BYTES("/")) ? "" : "/");
    int rc = check_target(w->table, e);
    if (!rc)
        rc = choose_format(w, e);
    if (!rc)
        rc = choose_compression(w, e);
    w->form.mapping = w->table->serde_params;
    if (!rc && w->form.format == SQL_WRITE_TEXT)
        rc = choose_text(p, e);
    else if (!rc)
        rc = choose_header(p, e);
    if (!rc && w->form.format == SQL_WRITE_PARQUET)
        w->form.header = BYTES("");
    return rc;
}

/* Hive's JSON SerDe takes binary for text and so loses it; OpenX has base64. */
static bool has_binary(const struct type *t) {
    for (size_t i = 0; i < t->child_count; i++)
        if (has_binary(t->children[i]))
            return true;
    return t->kind == TYPE_BINARY;
}

static int check_json(const struct plan_write *w, struct err *e) {
    const struct sql_write *s = w->sql;
    bool openx = w->table && bytes_starts_with(w->table->serde_class, BYTES("org.openx."));
    if (w->form.format != SQL_WRITE_JSON || openx)
        return 0;
    for (size_t i = 0; i < s->column_count - s->key_count; i++)
        if (has_binary(s->columns[i].type))
            return err_set_named(
                e, ERR_SQL, "NOT_SUPPORTED", 0,
                "Column '%.*s' has type varbinary, which Hive's JSON format cannot "
                "hold; write to_base64 of it",
                BYTES_ARG(s->columns[i].name));
    return 0;
}

/* ---- the whole ---- */
static int choose_tmp(struct plan *p, struct err *e) {
    const char *folder = store_tmp_path(p->service->d.store, &p->arena, ".write");
    p->write->folder = folder;
    return folder ? 0 : err_set(e, ERR_NOMEM, NULL);
}

int write_plan(struct plan *p, const struct exec *x, struct err *e) {
    const struct sql_write *s = sql_plan_write(p->sql);
    struct plan_write *w = ARENA_NEW(&p->arena, struct plan_write);
    if (!w)
        return err_set(e, ERR_NOMEM, NULL);
    w->sql = s;
    p->write = w;
    p->columns_json = write_columns_json();
    if (s->exists)
        return 0;
    int rc;
    if (s->kind == SQL_INSERT) {
        rc = plan_insert(p, e);
    } else {
        rc = plan_folder(p, x, e);
        new_form(p);
    }
    if (!rc)
        rc = check_json(w, e);
    if (!rc && p->arena.failed)
        rc = err_set(e, ERR_NOMEM, NULL);
    return rc || s->with_no_data ? rc : choose_tmp(p, e);
}

struct bytes write_columns_json(void) {
    return BYTES("[{\"CatalogName\":\"hive\",\"SchemaName\":\"\",\"TableName\":\"\",\"Name\":"
                 "\"rows\",\"Label\":\"rows\",\"Type\":\"bigint\",\"Precision\":19,\"Scale\":0,"
                 "\"Nullable\":\"UNKNOWN\",\"CaseSensitive\":false}]");
}

void write_discard(struct plan *p) {
    if (p->write && p->write->folder)
        vfs_remove_tree(vfs_system(), p->write->folder);
}
