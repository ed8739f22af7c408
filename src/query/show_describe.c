/* show_describe.c - DESCRIBE: columns, then what EXTENDED, FORMATTED or a PARTITION adds.
 *
 * A row is a line with one cell, its fields padded to 20 characters and separated by tabs. EXTENDED
 * adds the object in one line as Hive's Thrift prints it, FORMATTED two sections. A column may be
 * followed into its type: a struct's field by name, '$elem$', '$key$', '$value$'. */
#include "query/show_int.h"
#include <stdio.h>

#define HEADER "# col_name            \tdata_type           \tcomment             \n"

/* ---- columns ---- */
static void add_row(struct buf *out, struct bytes name, struct bytes type, struct bytes comment) {
    show_padded(out, name);
    buf_add_char(out, '\t');
    show_padded(out, type);
    buf_add_char(out, '\t');
    show_padded(out, comment);
    buf_add_char(out, '\n');
}

static void add_columns(struct buf *out, const struct json *columns, bool from_deserializer) {
    JSON_FOR_EACH(c, columns) {
        struct bytes comment = json_get_str(c, "Comment");
        if (!comment.len && from_deserializer)
            comment = BYTES("from deserializer");
        add_row(out, json_get_str(c, "Name"), json_get_str(c, "Type"), comment);
    }
}

static void add_keys(struct buf *out, const struct shown *t) {
    if (!t->keys || !t->keys->count)
        return;
    buf_add_str(out, SHOW_EMPTY_LINE "# Partition Information\t \t \n" HEADER SHOW_EMPTY_LINE);
    add_columns(out, t->keys, false);
}

/* ---- one column ---- */
static int no_field(const struct json *columns, struct bytes name, struct err *e) {
    struct buf list = {0};
    int i = 0;
    JSON_FOR_EACH(c, columns) {
        buf_add_fmt(&list, "%s%d:%.*s", i ? ", " : "", i, BYTES_ARG(json_get_str(c, "Name")));
        i++;
    }
    int rc = ddl_hive_error(e, DDL_TASK "cannot find field %.*s from [%.*s]", BYTES_ARG(name),
                            BYTES_ARG(bytes_slice(buf_bytes(&list), 0, 500)));
    buf_clear(&list);
    return rc;
}

static const struct json *find_column(const struct json *columns, struct bytes name) {
    JSON_FOR_EACH(c, columns) {
        if (bytes_eq_nocase(json_get_str(c, "Name"), name))
            return c;
    }
    return NULL;
}

static const struct type *step(const struct type *t, struct bytes part) {
    if (t->kind == TYPE_ARRAY)
        return bytes_eq_nocase(part, BYTES("$elem$")) ? t->children[0] : NULL;
    if (t->kind == TYPE_MAP)
        return bytes_eq_nocase(part, BYTES("$key$"))     ? t->children[0]
               : bytes_eq_nocase(part, BYTES("$value$")) ? t->children[1]
                                                         : NULL;
    for (size_t i = 0; t->kind == TYPE_STRUCT && i < t->child_count; i++)
        if (bytes_eq_nocase(t->names[i], part))
            return t->children[i];
    return NULL;
}

static void add_type_row(struct buf *out, struct bytes name, const struct type *t) {
    struct buf text = {0};
    type_format(t, &text);
    add_row(out, name, buf_bytes(&text), BYTES("from deserializer"));
    out->failed |= !buf_ok(&text);
    buf_clear(&text);
}

/* Its type, or the fields of a struct that the path went to. */
static int add_path(struct arena *a, const struct json *column, const struct sql_ddl *d,
                    struct buf *out, struct err *e) {
    const struct type *t = NULL;
    int rc = type_parse(a, json_get_str(column, "Type"), &t, e);
    for (size_t i = 1; !rc && i < d->path_count; i++) {
        const struct type *next = step(t, d->path[i]);
        if (!next)
            return ddl_hive_error(e, DDL_TASK "MetaException(message:%s %.*s)",
                                  t->kind == TYPE_STRUCT ? "Invalid Field" : "Unknown type for",
                                  BYTES_ARG(d->path[i]));
        t = next;
    }
    if (rc)
        return rc;
    if (t->kind != TYPE_STRUCT)
        add_type_row(out, d->path[d->path_count - 1], t);
    for (size_t i = 0; t->kind == TYPE_STRUCT && i < t->child_count; i++)
        add_type_row(out, t->names[i], t->children[i]);
    return 0;
}

static const char *const column_facts[] = {
    "col_name",    "data_type",   "min",       "max",        "num_nulls", "distinct_count",
    "avg_col_len", "max_col_len", "num_trues", "num_falses", "comment"};

/* FORMATTED has room for statistics, which are not kept here. */
static void add_column_facts(struct buf *out, struct bytes name, struct bytes type) {
    size_t n = COUNT_OF(column_facts);
    buf_add_str(out, "# ");
    for (size_t i = 0; i < n; i++) {
        show_padded(out, bytes_str(column_facts[i]));
        buf_add_char(out, i + 1 < n ? '\t' : '\n');
    }
    for (size_t i = 1; i < n; i++)
        buf_add_str(out, "\t ");
    buf_add_char(out, '\n');
    show_padded(out, name);
    buf_add_char(out, '\t');
    show_padded(out, type);
    for (size_t i = 3; i < n; i++) {
        buf_add_char(out, '\t');
        show_padded(out, BYTES(""));
    }
    buf_add_char(out, '\t');
    show_padded(out, BYTES("from deserializer"));
    buf_add_char(out, '\n');
}

static int describe_column(struct arena *a, const struct shown *t, const struct json *columns,
                           const struct sql_ddl *d, struct buf *out, struct err *e) {
    const struct json *c = find_column(columns, d->path[0]);
    c = c ? c : find_column(t->keys, d->path[0]);
    if (!c)
        return no_field(columns, d->path[0], e);
    if (!d->formatted || d->path_count > 1)
        return add_path(a, c, d, out, e);
    add_column_facts(out, json_get_str(c, "Name"), json_get_str(c, "Type"));
    return 0;
}

/* ---- EXTENDED ---- */
static void add_fields(struct buf *out, const struct json *columns, const char *none,
                       const char *between) {
    JSON_FOR_EACH(c, columns) {
        struct bytes comment = json_get_str(c, "Comment");
        buf_add_fmt(out, "%sFieldSchema(name:%.*s, type:%.*s, comment:%.*s)", between,
                    BYTES_ARG(json_get_str(c, "Name")), BYTES_ARG(json_get_str(c, "Type")),
                    BYTES_ARG(comment.len ? comment : bytes_str(none)));
        between = ", ";
    }
}

static void add_map(struct arena *a, struct buf *out, const struct json *object) {
    size_t n = 0;
    const struct sql_property *p = show_sorted(a, object, &n);
    buf_add_char(out, '{');
    for (size_t i = 0; p && i < n; i++)
        buf_add_fmt(out, "%s%.*s=%.*s", i ? ", " : "", BYTES_ARG(p[i].key), BYTES_ARG(p[i].value));
    buf_add_char(out, '}');
}

static void add_names(struct buf *out, const struct json *list, const char *name) {
    const char *between = "";
    buf_add_char(out, '[');
    JSON_FOR_EACH(c, list) {
        struct bytes text = name ? json_get_str(c, name) : c->text;
        buf_add_fmt(out, "%s%.*s", between, BYTES_ARG(text));
        between = ", ";
    }
    buf_add_char(out, ']');
}

/* The partition's own columns have an empty comment where the table's have none. */
static void add_storage_dump(struct arena *a, const struct shown *t, const struct json *sd,
                             const char *none, struct buf *out) {
    const struct json *columns = json_get(sd, "Columns"), *info = json_get(sd, "SerdeInfo");
    buf_add_str(out, "sd:StorageDescriptor(cols:[");
    add_fields(out, columns, none, "");
    add_fields(out, t->keys, "null", columns && columns->count ? ", " : "");
    buf_add_fmt(out,
                "], location:%.*s, inputFormat:%.*s, outputFormat:%.*s, compressed:%s, "
                "numBuckets:%lld, serdeInfo:SerDeInfo(name:null, serializationLib:%.*s, "
                "parameters:",
                BYTES_ARG(json_get_str(sd, "Location")), BYTES_ARG(json_get_str(sd, "InputFormat")),
                BYTES_ARG(json_get_str(sd, "OutputFormat")),
                json_get_bool(sd, "Compressed", false) ? "true" : "false",
                (long long)json_get_i64(sd, "NumberOfBuckets", -1),
                BYTES_ARG(json_get_str(info, "SerializationLibrary")));
    add_map(a, out, json_get(info, "Parameters"));
    buf_add_str(out, "), bucketCols:");
    add_names(out, json_get(sd, "BucketColumns"), NULL);
    buf_add_str(out, ", sortCols:");
    add_names(out, json_get(sd, "SortColumns"), "Column");
    buf_add_str(out, ", parameters:");
    add_map(a, out, json_get(sd, "Parameters"));
    buf_add_fmt(out,
                ", skewedInfo:SkewedInfo(skewedColNames:[], skewedColValues:[], "
                "skewedColValueLocationMaps:{}), storedAsSubDirectories:%s)",
                json_get_bool(sd, "StoredAsSubDirectories", false) ? "true" : "false");
}

static struct bytes or_null(struct bytes v) {
    return v.len ? v : BYTES("null");
}

static void add_table_dump(struct arena *a, const struct shown *t, struct buf *out) {
    buf_add_fmt(out,
                "Detailed Table Information\tTable(tableName:%.*s, dbName:%.*s, owner:%.*s, "
                "createTime:%lld, lastAccessTime:0, retention:%lld, ",
                BYTES_ARG(t->table.name), BYTES_ARG(t->table.database),
                BYTES_ARG(or_null(json_get_str(t->in, "Owner"))),
                (long long)(t->table.create_ms / 1000),
                (long long)json_get_i64(t->in, "Retention", 0));
    add_storage_dump(a, t, t->storage, "null", out);
    buf_add_str(out, ", partitionKeys:[");
    add_fields(out, t->keys, "null", "");
    buf_add_str(out, "], parameters:");
    add_map(a, out, t->params);
    buf_add_fmt(out, ", viewOriginalText:%.*s, viewExpandedText:%.*s, tableType:%.*s)\t\n",
                BYTES_ARG(or_null(json_get_str(t->in, "ViewOriginalText"))),
                BYTES_ARG(or_null(json_get_str(t->in, "ViewExpandedText"))),
                BYTES_ARG(or_null(json_get_str(t->in, "TableType"))));
}

static void add_values(struct buf *out, const struct catalog_partition *p) {
    for (size_t i = 0; i < p->value_count; i++)
        buf_add_fmt(out, "%s%.*s", i ? ", " : "", BYTES_ARG(p->values[i]));
}

static void add_partition_dump(struct arena *a, const struct shown *t,
                               const struct catalog_partition *p, const struct json *in,
                               struct buf *out) {
    buf_add_str(out, "Detailed Partition Information\tPartition(values:[");
    add_values(out, p);
    buf_add_fmt(out, "], dbName:%.*s, tableName:%.*s, createTime:%lld, lastAccessTime:0, ",
                BYTES_ARG(t->table.database), BYTES_ARG(t->table.name),
                (long long)(p->create_ms / 1000));
    add_storage_dump(a, t, json_get(in, "StorageDescriptor"), "", out);
    buf_add_str(out, ", parameters:");
    add_map(a, out, json_get(in, "Parameters"));
    buf_add_str(out, ")\t\n");
}

/* ---- FORMATTED ---- */
static void add_detail(struct buf *out, const char *name, struct bytes value) {
    show_padded(out, bytes_str(name));
    buf_add_char(out, '\t');
    show_padded(out, value);
    buf_add_str(out, "\t \n");
}

/* "Thu Apr 23 02:55:21 UTC 2020" */
static void add_time(struct buf *out, const char *name, int64_t ms) {
    static const char days[] = "ThuFriSatSunMonTueWed",
                      months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct clock_fields f;
    char text[40];
    clock_split_ms(ms, &f);
    int64_t day = clock_days_from_civil(f.year, f.month, f.day) % 7;
    snprintf(text, sizeof text, "%.3s %.3s %02d %02d:%02d:%02d UTC %d",
             days + 3 * (day < 0 ? day + 7 : day), months + 3 * (f.month - 1), f.day, f.hour,
             f.minute, f.second, f.year);
    add_detail(out, name, bytes_str(text));
}

static void add_parameters(struct arena *a, struct buf *out, const char *name,
                           const struct json *object) {
    size_t n = 0;
    const struct sql_property *p = show_sorted(a, object, &n);
    if (!n)
        return;
    buf_add_fmt(out, "%s\t \t \n", name);
    for (size_t i = 0; p && i < n; i++) {
        buf_add_char(out, '\t');
        show_padded(out, p[i].key);
        buf_add_char(out, '\t');
        show_padded(out, p[i].value);
        buf_add_char(out, '\n');
    }
}

static void add_list(struct buf *out, const char *name, const struct json *list,
                     const char *member) {
    struct buf text = {0};
    add_names(&text, list, member);
    add_detail(out, name, buf_bytes(&text));
    out->failed |= !buf_ok(&text);
    buf_clear(&text);
}

static void add_storage(struct arena *a, struct buf *out, const struct json *sd) {
    const struct json *info = json_get(sd, "SerdeInfo");
    char buckets[24];
    snprintf(buckets, sizeof buckets, "%lld", (long long)json_get_i64(sd, "NumberOfBuckets", -1));
    buf_add_str(out, SHOW_EMPTY_LINE "# Storage Information\t \t \n");
    add_detail(out, "SerDe Library:", json_get_str(info, "SerializationLibrary"));
    add_detail(out, "InputFormat:", json_get_str(sd, "InputFormat"));
    add_detail(out, "OutputFormat:", json_get_str(sd, "OutputFormat"));
    add_detail(out,
               "Compressed:", json_get_bool(sd, "Compressed", false) ? BYTES("Yes") : BYTES("No"));
    add_detail(out, "Num Buckets:", bytes_str(buckets));
    add_list(out, "Bucket Columns:", json_get(sd, "BucketColumns"), NULL);
    add_list(out, "Sort Columns:", json_get(sd, "SortColumns"), "Column");
    add_parameters(a, out, "Storage Desc Params:", json_get(info, "Parameters"));
}

static void add_table_details(struct arena *a, const struct shown *t, struct buf *out) {
    char retention[24];
    snprintf(retention, sizeof retention, "%lld", (long long)json_get_i64(t->in, "Retention", 0));
    buf_add_str(out, SHOW_EMPTY_LINE "# Detailed Table Information\t \t \n");
    add_detail(out, "Database:", t->table.database);
    add_detail(out, "Owner:", json_get_str(t->in, "Owner"));
    add_time(out, "CreateTime:", t->table.create_ms);
    add_detail(out, "LastAccessTime:", BYTES("UNKNOWN"));
    add_detail(out, "Protect Mode:", BYTES("None"));
    add_detail(out, "Retention:", bytes_str(retention));
    add_detail(out, "Location:", json_get_str(t->storage, "Location"));
    add_detail(out, "Table Type:", json_get_str(t->in, "TableType"));
    add_parameters(a, out, "Table Parameters:", t->params);
    add_storage(a, out, t->storage);
}

static void add_partition_details(struct arena *a, const struct shown *t,
                                  const struct catalog_partition *p, const struct json *in,
                                  struct buf *out) {
    const struct json *sd = json_get(in, "StorageDescriptor");
    struct buf values = {0};
    buf_add_char(&values, '[');
    add_values(&values, p);
    buf_add_char(&values, ']');
    buf_add_str(out, SHOW_EMPTY_LINE "# Detailed Partition Information\t \t \n");
    add_detail(out, "Partition Value:", buf_bytes(&values));
    add_detail(out, "Database:", t->table.database);
    add_detail(out, "Table:", t->table.name);
    add_time(out, "CreateTime:", p->create_ms);
    add_detail(out, "LastAccessTime:", BYTES("UNKNOWN"));
    add_detail(out, "Protect Mode:", BYTES("None"));
    add_detail(out, "Location:", json_get_str(sd, "Location"));
    add_parameters(a, out, "Partition Parameters:", json_get(in, "Parameters"));
    add_storage(a, out, sd);
    out->failed |= !buf_ok(&values);
    buf_clear(&values);
}

/* ---- the whole ---- */
const char *const *show_describe_columns(const struct sql_ddl *d, size_t *ret_count) {
    static const char *const plain[] = {"col_name", "data_type", "comment"};
    bool facts = d->formatted && d->path_count == 1;
    *ret_count = facts ? COUNT_OF(column_facts) : COUNT_OF(plain);
    return facts ? column_facts : plain;
}

/* FORMATTED begins with a header and names the partition columns once only. */
static void add_all_columns(const struct shown *t, const struct json *columns,
                            const struct sql_ddl *d, struct buf *out) {
    if (d->formatted)
        buf_add_str(out, HEADER SHOW_EMPTY_LINE);
    add_columns(out, columns, t->from_deserializer);
    if (!d->formatted)
        add_columns(out, t->keys, false);
    add_keys(out, t);
}

int show_describe(struct arena *a, const struct shown *t, const struct catalog_partition *partition,
                  const struct sql_ddl *d, struct buf *out, struct err *e) {
    struct json *in = NULL;
    int rc = partition ? json_parse(a, partition->json, &in, e) : 0;
    if (rc)
        return rc;
    const struct json *own = json_get(json_get(in, "StorageDescriptor"), "Columns");
    const struct json *columns = own && own->count ? own : t->columns;
    if (d->path_count)
        return describe_column(a, t, columns, d, out, e);
    add_all_columns(t, columns, d, out);
    if (d->extended)
        buf_add_str(out, SHOW_EMPTY_LINE);
    if (d->extended && partition)
        add_partition_dump(a, t, partition, in, out);
    else if (d->extended)
        add_table_dump(a, t, out);
    else if (d->formatted && partition)
        add_partition_details(a, t, partition, in, out);
    else if (d->formatted)
        add_table_details(a, t, out);
    return 0;
}
