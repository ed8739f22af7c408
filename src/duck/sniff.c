/* sniff.c - the schema of a few files, for a crawl.
 *
 * The head of a file says what it may be (sniff_head.c); then the engine is asked: read_parquet
 * reads the footer, read_json and sniff_csv a sample of 20,480 records. Nothing else is read. What
 * the engine cannot make a table of is UNKNOWN, with the reason: that is an answer, not an error.
 *
 *     CSV classifiers of the task, in order ─▶ Parquet │ JSON │ CSV ─▶ UNKNOWN */
#include "duck/functions.h"
#include "duck/sniff_int.h"

#define MAX_TYPE_TEXT 131072 /* Glue's limit of a column's type */

struct sniffed {
    struct jsonw *w;
    struct arena *arena;
    const char *path;
    struct bytes name;
    uint64_t size_bytes;
    struct head head;
    struct buf why; /* not a table */
};

/* ---- SQL pieces ---- */
/* A path that globbing takes literally. */
static void add_path(struct buf *out, const char *path) {
    struct buf plain = {0};
    for (const char *c = path; *c; c++)
        buf_add_fmt(&plain, *c == '*' || *c == '?' || *c == '[' ? "[%c]" : "%c", *c);
    buf_add_sql_string(out, buf_bytes(&plain));
    out->failed |= !buf_ok(&plain);
    buf_clear(&plain);
}
/* before + path + after, run. */
static int ask(struct duck *d, const char *before, const char *path, const char *after,
               duckdb_result *ret, struct err *e) {
    struct buf sql = {0};
    buf_add_str(&sql, before);
    add_path(&sql, path);
    buf_add_str(&sql, after);
    const char *text = buf_cstr(&sql);
    int rc = text ? session_query(d, text, ret, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&sql);
    return rc;
}
static bool is_fatal(struct duck *d, int rc) {
    return rc == ERR_NOMEM || rc == ERR_CANCELED || rc == ERR_TIMEOUT || d->stopped;
}
/* An engine error is the reason why this is no such table, unless the task itself must end. */
static int not_a_table(struct duck *d, struct sniffed *s, int rc, const struct err *e) {
    if (!is_fatal(d, rc))
        buf_add_str(&s->why, e->text);
    return is_fatal(d, rc) ? rc : 0;
}

/* ---- columns ---- */
static void write_column(struct jsonw *w, const char *key, struct bytes type) {
    jsonw_object(w);
    jsonw_kv_cstr(w, "key", key);
    jsonw_kv_str(w, "type", type.len > MAX_TYPE_TEXT ? BYTES("string") : type);
    jsonw_end_object(w);
}
static void write_result_columns(struct jsonw *w, duckdb_result *r, bool text, const bool *wide) {
    struct buf type = {0};
    jsonw_name(w, "columns");
    jsonw_array(w);
    for (idx_t i = 0; i < duckdb_column_count(r); i++) {
        duckdb_logical_type t = duckdb_column_logical_type(r, i);
        buf_reset(&type);
        sniff_hive_type(t, text && !(wide && wide[i]), &type);
        duckdb_destroy_logical_type(&t);
        write_column(w, duckdb_column_name(r, i), buf_bytes(&type));
    }
    jsonw_end_array(w);
    w->out->failed |= !buf_ok(&type);
    buf_clear(&type);
}
static void write_class(struct sniffed *s, const char *classification, int64_t rows) {
    jsonw_kv_cstr(s->w, "classification", classification);
    jsonw_kv_cstr(s->w, "compression", s->head.compression);
    jsonw_kv_i64(s->w, "rows", rows);
}

/* ---- Parquet ---- */
static int64_t first_number(duckdb_result r) {
    duckdb_data_chunk chunk = duckdb_fetch_chunk(r);
    int64_t n = 0;
    if (chunk && duckdb_data_chunk_get_size(chunk))
        n = ((int64_t *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)))[0];
    if (chunk)
        duckdb_destroy_data_chunk(&chunk);
    return n;
}
static int sniff_parquet(struct duck *d, struct sniffed *s, struct err *e) {
    duckdb_result r;
    int rc = ask(d, "SELECT coalesce(sum(num_rows), 0)::BIGINT FROM parquet_file_metadata(",
                 s->path, ")", &r, e);
    if (rc)
        return not_a_table(d, s, rc, e);
    int64_t rows = first_number(r);
    duckdb_destroy_result(&r);
    rc = ask(d, "SELECT * FROM read_parquet(", s->path, ",hive_partitioning=false) LIMIT 0", &r, e);
    if (rc)
        return not_a_table(d, s, rc, e);
    write_class(s, "parquet", rows);
    write_result_columns(s->w, &r, false, NULL);
    duckdb_destroy_result(&r);
    return 0;
}

/* ---- JSON ---- */
/* One column called json: the engine took the records for maps or for something else. */
static bool is_not_records(duckdb_result *r) {
    if (duckdb_column_count(r) != 1 || strcmp(duckdb_column_name(r, 0), "json") != 0)
        return false;
    duckdb_logical_type t = duckdb_column_logical_type(r, 0);
    bool map = duckdb_get_type_id(t) == DUCKDB_TYPE_MAP;
    duckdb_destroy_logical_type(&t);
    return map;
}
static int ask_json(struct duck *d, struct sniffed *s, const char *tail, duckdb_result *ret,
                    struct err *e) {
    struct buf end = {0};
    buf_add_fmt(&end, "%s) LIMIT 0", tail);
    const char *text = buf_cstr(&end);
    int rc = text ? ask(d, "SELECT * FROM read_json(", s->path, text, ret, e)
                  : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&end);
    return rc;
}

/* The engine says HUGEINT of any mix of signs: does the column need it? */
static int needs_hugeint(struct duck *d, struct sniffed *s, const char *tail, const char *column,
                         bool *ret, struct err *e) {
    struct buf before = {0}, after = {0};
    duckdb_result r;
    buf_add_str(&before, "SELECT count(*) FROM (SELECT ");
    buf_add_identifier(&before, bytes_str(column));
    buf_add_str(&before, " AS v FROM read_json(");
    buf_add_fmt(&after, "%s) LIMIT 20000) WHERE v <> coalesce(TRY_CAST(v AS BIGINT), 0)", tail);
    const char *head = buf_cstr(&before), *end = buf_cstr(&after);
    int rc = head && end ? ask(d, head, s->path, end, &r, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&before);
    buf_clear(&after);
    if (rc)
        return is_fatal(d, rc) ? rc : 0;
    *ret = first_number(r) > 0;
    duckdb_destroy_result(&r);
    return 0;
}
static int write_json(struct duck *d, struct sniffed *s, const char *tail, duckdb_result *r,
                      struct err *e) {
    idx_t n = duckdb_column_count(r);
    bool *wide = ARENA_NEW_N(s->arena, bool, n + 1);
    int rc = wide ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (idx_t i = 0; i < n && !rc; i++)
        if (duckdb_column_type(r, i) == DUCKDB_TYPE_HUGEINT)
            rc = needs_hugeint(d, s, tail, duckdb_column_name(r, i), &wide[i], e);
    if (rc)
        return rc;
    write_class(s, "json", head_estimate(&s->head, s->size_bytes));
    write_result_columns(s->w, r, true, wide);
    return 0;
}
static int sniff_json(struct duck *d, struct sniffed *s, struct err *e) {
    const char *tail = ",hive_partitioning=false";
    duckdb_result r;
    if (s->head.json_of_values) {
        buf_add_str(&s->why, "a JSON array of values that are no objects");
        return 0;
    }
    int rc = ask_json(d, s, tail, &r, e);
    if (!rc && is_not_records(&r)) {
        duckdb_destroy_result(&r);
        tail = ",hive_partitioning=false,map_inference_threshold=-1";
        rc = ask_json(d, s, tail, &r, e);
    }
    if (rc)
        return not_a_table(d, s, rc, e);
    rc = write_json(d, s, tail, &r, e);
    duckdb_destroy_result(&r);
    return rc;
}

/* ---- CSV ---- */
struct csv_rule { /* a CSV classifier; the default has none of these */
    struct bytes delimiter, quote, header;
    const struct json *names;
    bool single, custom;
};
static struct csv_rule rule_of(const struct json *j) {
    return (struct csv_rule){.delimiter = json_get_str(j, "delimiter"),
                             .quote = json_get_str(j, "quote"),
                             .header = json_get_str(j, "header"),
                             .names = json_get(j, "names"),
                             .single = json_get_bool(j, "single", false),
                             .custom = true};
}
static void add_option(struct buf *sql, const char *name, struct bytes value) {
    if (!value.len)
        return;
    buf_add_fmt(sql, ",%s=", name);
    buf_add_sql_string(sql, value);
}
static void csv_options(const struct csv_rule *rule, const struct head *h, struct buf *out) {
    struct bytes delimiter = rule->delimiter, head = buf_bytes(&h->text);
    if (!delimiter.len && head.len && memchr(head.ptr, 1, head.len))
        delimiter = BYTES("\001");
    add_option(out, "delim", delimiter);
    add_option(out, "quote", rule->quote);
    if (bytes_eq_str(rule->header, "PRESENT"))
        buf_add_str(out, ",header=true");
    if (bytes_eq_str(rule->header, "ABSENT"))
        buf_add_str(out, ",header=false");
}

/* Rows of (delimiter, quote, skipped lines, header, name, type), one per column. */
struct csv_row {
    struct bytes delimiter, quote, name, type;
    int64_t skip;
    bool header;
};
static struct csv_row csv_row_at(duckdb_data_chunk c, idx_t i) {
#define CELL(n, type) ((type *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(c, n)))
    return (struct csv_row){.delimiter = duck_string(&CELL(0, duckdb_string_t)[i]),
                            .quote = duck_string(&CELL(1, duckdb_string_t)[i]),
                            .skip = CELL(2, int64_t)[i],
                            .header = CELL(3, bool)[i],
                            .name = duck_string(&CELL(4, duckdb_string_t)[i]),
                            .type = duck_string(&CELL(5, duckdb_string_t)[i])};
}
static struct bytes csv_type(struct bytes engine_type) {
    static const struct {
        const char *engine, *hive;
    } types[] = {{"BOOLEAN", "boolean"}, {"BIGINT", "bigint"}, {"DOUBLE", "double"}};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (bytes_eq_str(engine_type, types[i].engine))
            return bytes_str(types[i].hive);
    return BYTES("string");
}

/* The engine takes t, f, yes and no for booleans, Hive only true and false. */
static int is_true_or_false(struct duck *d, struct sniffed *s, const char *options,
                            struct bytes column, bool *ret, struct err *e) {
    struct buf sql = {0};
    duckdb_result r;
    buf_add_str(&sql, "SELECT count(*) FROM (SELECT ");
    buf_add_identifier(&sql, column);
    buf_add_str(&sql, " AS v FROM read_csv(");
    add_path(&sql, s->path);
    buf_add_fmt(&sql,
                "%s,all_varchar=true,hive_partitioning=false) LIMIT 20000) WHERE lower(v) NOT "
                "IN ('true','false')",
                options);
    const char *text = buf_cstr(&sql);
    int rc = text ? session_query(d, text, &r, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&sql);
    if (rc)
        return is_fatal(d, rc) ? rc : 0;
    *ret = first_number(r) == 0;
    duckdb_destroy_result(&r);
    return 0;
}

static int write_csv_column(struct duck *d, struct sniffed *s, const char *options,
                            const struct csv_rule *rule, const struct csv_row *row, idx_t i,
                            struct err *e) {
    struct bytes type = csv_type(row->type);
    const struct json *named = json_at(rule->names, i);
    bool boolean = false;
    int rc =
        bytes_eq_str(type, "boolean") ? is_true_or_false(d, s, options, row->name, &boolean, e) : 0;
    if (bytes_eq_str(type, "boolean") && !boolean)
        type = BYTES("string");
    struct buf key = {0};
    if (named)
        buf_add(&key, named->text);
    else if (row->header)
        buf_add(&key, row->name);
    else
        buf_add_fmt(&key, "col%d", (int)i);
    const char *text = buf_cstr(&key);
    if (text)
        write_column(s->w, text, type);
    s->w->out->failed |= !text;
    buf_clear(&key);
    return rc;
}

static bool is_named_csv(const struct sniffed *s) {
    static const char *const endings[] = {".csv", ".tsv", ".psv", ".tab"};
    bool named = false;
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        named |= bytes_find(s->name, bytes_str(endings[i])) >= 0;
    return named;
}
static bool looks_like_csv(const struct sniffed *s, const struct csv_rule *rule,
                           const struct csv_row *row, idx_t columns) {
    bool one_row = s->head.whole && s->head.text.len && head_estimate(&s->head, 0) < 2;
    return (columns > 1 || rule->single) && (row->skip == 0 || is_named_csv(s) || rule->custom) &&
           (!one_row || rule->custom);
}

static int write_csv(struct duck *d, struct sniffed *s, const char *options,
                     const struct csv_rule *rule, duckdb_data_chunk c, struct err *e) {
    idx_t n = c ? duckdb_data_chunk_get_size(c) : 0;
    int rc = 0;
    struct csv_row first = n ? csv_row_at(c, 0) : (struct csv_row){.skip = 0};
    if (!n || !looks_like_csv(s, rule, &first, n)) {
        buf_add_str(&s->why, "text without columns");
        return 0;
    }
    bool quoted = !bytes_eq_str(first.quote, "(empty)") && first.quote.ptr && first.quote.ptr[0];
    int64_t skip = first.skip + first.header;
    write_class(s, "csv", MAX_OF(head_estimate(&s->head, s->size_bytes) - skip, 0));
    jsonw_kv_str(s->w, "delimiter", first.delimiter);
    jsonw_kv_str(s->w, "quote", quoted ? first.quote : BYTES(""));
    jsonw_kv_i64(s->w, "skip", skip);
    jsonw_name(s->w, "columns");
    jsonw_array(s->w);
    for (idx_t i = 0; !rc && i < n; i++) {
        struct csv_row row = csv_row_at(c, i);
        rc = write_csv_column(d, s, options, rule, &row, i, e);
    }
    jsonw_end_array(s->w);
    return rc;
}

static int ask_csv(struct duck *d, struct sniffed *s, const char *options, duckdb_result *ret,
                   struct err *e) {
    struct buf tail = {0};
    buf_add_fmt(&tail, "%s))", options);
    const char *end = buf_cstr(&tail);
    int rc = end ? ask(d,
                       "SELECT Delimiter, Quote, SkipRows::BIGINT, HasHeader, c.name, c.type FROM "
                       "(SELECT *, unnest(Columns) AS c FROM sniff_csv(",
                       s->path, end, ret, e)
                 : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&tail);
    return rc;
}

/* Rows of fewer fields make the engine look for a table further down, or see one column. Where the
 * first row has two fields, a file that calls itself CSV starts there. */
static bool is_found(duckdb_data_chunk c, bool padded) {
    idx_t n = c ? duckdb_data_chunk_get_size(c) : 0;
    if (n < 2 || csv_row_at(c, 0).skip)
        return false;
    return !padded || (!bytes_starts_with(csv_row_at(c, 0).name, BYTES("column")) &&
                       !bytes_starts_with(csv_row_at(c, 1).name, BYTES("column")));
}

static int sniff_csv_with(struct duck *d, struct sniffed *s, const struct csv_rule *rule,
                          const char *options, const char *padded, struct err *e) {
    duckdb_result r, r2;
    int rc = ask_csv(d, s, options, &r, e);
    if (rc && !is_fatal(d, rc))
        buf_add_str(&s->why, "text without columns");
    if (rc)
        return is_fatal(d, rc) ? rc : 0;
    duckdb_data_chunk c = duckdb_fetch_chunk(r), c2 = NULL;
    bool again =
        !is_found(c, false) && !rule->custom && is_named_csv(s) && !ask_csv(d, s, padded, &r2, e);
    if (again)
        c2 = duckdb_fetch_chunk(r2);
    bool better = again && is_found(c2, true);
    rc = write_csv(d, s, better ? padded : options, rule, better ? c2 : c, e);
    if (c)
        duckdb_destroy_data_chunk(&c);
    if (c2)
        duckdb_destroy_data_chunk(&c2);
    if (again)
        duckdb_destroy_result(&r2);
    duckdb_destroy_result(&r);
    return rc;
}

static int sniff_csv(struct duck *d, struct sniffed *s, const struct csv_rule *rule,
                     struct err *e) {
    struct buf options = {0}, padded = {0};
    csv_options(rule, &s->head, &options);
    csv_options(rule, &s->head, &padded);
    buf_add_str(&padded, ",null_padding=true");
    const char *text = buf_cstr(&options), *other = buf_cstr(&padded);
    int rc =
        text && other ? sniff_csv_with(d, s, rule, text, other, e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&options);
    buf_clear(&padded);
    return rc;
}

/* ---- one file ---- */
static bool is_table(const struct sniffed *s) {
    return s->why.len == 0;
}
static int sniff_text(struct duck *d, struct sniffed *s, const struct json *rules, struct err *e) {
    int rc = 0;
    bool tried = false;
    if (s->head.kind != HEAD_JSON) {
        JSON_FOR_EACH(j, rules) {
            struct csv_rule rule = rule_of(j);
            buf_reset(&s->why);
            rc = sniff_csv(d, s, &rule, e);
            tried = !rc && is_table(s);
            if (rc || tried)
                return rc;
        }
    }
    buf_reset(&s->why);
    return s->head.kind == HEAD_JSON ? sniff_json(d, s, e)
                                     : sniff_csv(d, s, &(struct csv_rule){.single = false}, e);
}

static void write_unknown(struct sniffed *s) {
    const char *why = buf_cstr(&s->why);
    write_class(s, "UNKNOWN", 0);
    jsonw_kv_cstr(s->w, "why", why && *why ? why : "not a table");
    jsonw_kv_raw(s->w, "columns", BYTES("[]"));
}

static int sniff_file(struct duck *d, struct sniffed *s, const struct json *rules, struct err *e) {
    int rc = head_read(s->path, s->name, &s->head, e);
    if (rc) {
        buf_add_str(&s->why, "a file that cannot be read");
        rc = rc == ERR_NOMEM ? rc : 0;
    } else if (s->head.kind == HEAD_PARQUET) {
        rc = sniff_parquet(d, s, e);
    } else if (s->head.kind == HEAD_OTHER || s->head.kind == HEAD_EMPTY) {
        buf_add_str(&s->why, s->head.why ? s->head.why : "an empty file");
    } else {
        rc = sniff_text(d, s, rules, e);
    }
    if (!rc && !is_table(s))
        write_unknown(s);
    return rc;
}

int duck_run_sniff(struct duck *d, struct arena *a, const struct json *task, struct buf *ok_out,
                   struct err *e) {
    struct jsonw w = jsonw_to(ok_out);
    int rc = session_begin(d, task, e);
    if (rc)
        return rc;
    jsonw_object(&w);
    jsonw_name(&w, "files");
    jsonw_array(&w);
    JSON_FOR_EACH(j, json_get(task, "files")) {
        struct sniffed s = {.w = &w,
                            .arena = a,
                            .path = arena_cstr(a, json_get_str(j, "path")),
                            .name = json_get_str(j, "name"),
                            .size_bytes = (uint64_t)json_get_i64(j, "size", 0)};
        jsonw_object(&w);
        rc = s.path ? sniff_file(d, &s, json_get(task, "csv"), e) : err_set(e, ERR_NOMEM, NULL);
        jsonw_end_object(&w);
        head_clear(&s.head);
        buf_clear(&s.why);
        if (rc)
            break;
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    session_end(d);
    return rc ? rc : ok_out->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
