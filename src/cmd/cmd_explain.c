/* cmd_explain.c - tarn explain: what a query would read and cost, from /tarn/v1/plan. */
#include "cmd/args.h"
#include "cmd/ask.h"
#include "cmd/cmd.h"

#include <stdio.h>
#include <unistd.h>

#define WIDTH 80

/* 1234567 as "1,234,567"; the digits come from the server's own text. */
static void group_digits(struct bytes digits, char out[48]) {
    size_t n = 0;
    for (size_t i = 0; i < digits.len && i < 30; i++) {
        if (i && (digits.len - i) % 3 == 0) {
            out[n++] = ',';
        }
        out[n++] = digits.ptr[i];
    }
    out[n] = 0;
}
static void number(const struct json *object, const char *name, char out[48]) {
    const struct json *v = json_get(object, name);
    group_digits(v && v->kind == JSON_NUMBER ? v->text : BYTES("?"), out);
}
static bool is_one(const char *text) {
    return strcmp(text, "1") == 0;
}
static void size(const struct json *object, const char *name, char out[32]) {
    ask_format_bytes((uint64_t)json_get_i64(object, name, 0), out);
}

/* Words wrapped at the width, each line after `indent` blanks; the first is begun already. */
static void print_wrapped(struct bytes text, int indent) {
    int at = indent;
    while (text.len) {
        ptrdiff_t end = bytes_find_char(text, ' ');
        size_t len = end < 0 ? text.len : (size_t)end;
        if (at > indent && at + 1 + (int)len > WIDTH) {
            printf("\n%*s", indent, "");
            at = indent;
        }
        at += printf("%s%.*s", at > indent ? " " : "", (int)len, text.ptr);
        text = bytes_slice(text, len + (end >= 0), text.len);
    }
    printf("\n");
}

/* ---- one reading: the whole, or without a condition ---- */
static void add_partitions(struct buf *out, const struct json *r) {
    const struct json *p = json_get(r, "partitions");
    char kept[48], all[48];
    if (!p || !json_get_i64(p, "considered", 1)) {
        return;
    }
    number(p, "kept", kept);
    number(p, "considered", all);
    buf_add_fmt(out, "%s of %s partition%s, ", kept, all, is_one(all) ? "" : "s");
}

static void add_reading(struct buf *out, const struct json *r) {
    char files[48], rows[48], groups[48], all[48], bytes[32];
    const struct json *g = json_get(r, "row_groups");
    number(r, "files", files);
    number(r, "rows", rows);
    number(g, "kept", groups);
    number(g, "considered", all);
    size(r, "bytes", bytes);
    add_partitions(out, r);
    buf_add_fmt(out, "%s file%s, ", files, is_one(files) ? "" : "s");
    if (!is_one(all) && strcmp(all, "0") != 0) {
        buf_add_fmt(out, "%s of %s row groups, ", groups, all);
    }
    if (json_get(r, "rows")) {
        buf_add_fmt(out, "%s row%s, ", rows, is_one(rows) ? "" : "s");
    }
    buf_add_str(out, bytes);
}

/* Athena's megabytes, 2^20 bytes: bills are in whole ones. */
static void add_price(struct buf *out, const struct json *r) {
    int64_t mb = json_get_i64(r, "billed_bytes", 0) >> 20;
    bool least = mb > (json_get_i64(r, "bytes", 0) + (1 << 20) - 1) >> 20;
    buf_add_fmt(out, "; billed as %s%lld MB, $%.6f", least ? "the least, " : "", (long long)mb,
                json_get_f64(r, "price_usd", 0));
}

/* ---- sections ---- */
static void print_times(const struct json *t) {
    printf("planned in %.2f ms: analysis %.2f, partitions %.2f, files %.2f, footers %.2f\n",
           json_get_f64(t, "total", 0) / 1000, json_get_f64(t, "analyze", 0) / 1000,
           json_get_f64(t, "partitions", 0) / 1000, json_get_f64(t, "files", 0) / 1000,
           json_get_f64(t, "facts", 0) / 1000);
}

static void print_columns(const struct json *columns) {
    struct buf text = {0};
    JSON_FOR_EACH(c, columns) {
        buf_add_fmt(&text, "%s%.*s", text.len ? ", " : "", BYTES_ARG(json_get_str(c, "name")));
        if (json_get(c, "bytes")) {
            char bytes[32];
            size(c, "bytes", bytes);
            buf_add_fmt(&text, " %s", bytes);
        }
    }
    if (text.len) {
        printf("    columns ");
        print_wrapped(buf_bytes(&text), 12);
    }
    buf_clear(&text);
}

static void print_scan(const struct json *s) {
    struct buf text = {0};
    char tail[32];
    size(s, "tail_bytes", tail);
    printf("  %.*s (%.*s%s)\n    ", BYTES_ARG(json_get_str(s, "table")),
           BYTES_ARG(json_get_str(s, "format")),
           json_get_bool(s, "projected", false) ? ", projected partitions" : "");
    add_reading(&text, s);
    if (json_get_i64(s, "tail_bytes", 0)) {
        buf_add_fmt(&text, ", of these %s not yet in files", tail);
    }
    print_wrapped(buf_bytes(&text), 4);
    print_columns(json_get(s, "columns"));
    buf_clear(&text);
}

/* The same place of another scan of the table. */
static bool is_repeated(const struct json *applied, const struct json *place) {
    static const char *const said[] = {"table", "at", "columns"};
    JSON_FOR_EACH(a, applied) {
        bool same = a != place;
        for (size_t i = 0; i < COUNT_OF(said); i++) {
            const struct json *x = json_get(a, said[i]), *y = json_get(place, said[i]);
            same &= x && y && bytes_eq(x->text, y->text);
        }
        if (a == place || same) {
            return a != place;
        }
    }
    return false;
}

static void print_condition(const struct json *c) {
    const struct json *applied = json_get(c, "applied"), *without = json_get(c, "without");
    struct buf text = {0};
    printf("  ");
    print_wrapped(json_get_str(c, "text"), 2);
    JSON_FOR_EACH(a, applied) {
        if (is_repeated(applied, a))
            continue;
        struct bytes at = json_get_str(a, "at");
        buf_add_fmt(&text, "%s%s of %.*s by ", text.len ? "; " : "",
                    bytes_eq_str(at, "partitions") ? "partitions" : "row groups",
                    BYTES_ARG(json_get_str(a, "table")));
        JSON_FOR_EACH(column, json_get(a, "columns")) {
            buf_add_fmt(&text, "%s%.*s", column == json_get(a, "columns")->first ? "" : ", ",
                        BYTES_ARG(column->text));
        }
    }
    printf("    ");
    print_wrapped(text.len ? buf_bytes(&text) : BYTES("by the engine alone"), 4);
    buf_reset(&text);
    if (without) {
        char over[48];
        number(without, "partitions_over", over);
        buf_add_str(&text, "without it ");
        if (json_get(without, "refused")) {
            buf_add_fmt(&text, "the query is refused: %.*s",
                        BYTES_ARG(json_get_str(without, "refused")));
        } else if (json_get(without, "partitions_over")) {
            buf_add_fmt(&text, "%s partitions or more", over);
        } else {
            add_reading(&text, without);
            add_price(&text, without);
        }
        printf("    ");
        print_wrapped(buf_bytes(&text), 4);
    }
    buf_clear(&text);
}

static void print_plan(const struct json *plan) {
    const struct json *scans = json_get(plan, "scans"), *conditions = json_get(plan, "conditions");
    struct buf text = {0};
    add_reading(&text, plan);
    add_price(&text, plan);
    printf("reads ");
    print_wrapped(buf_bytes(&text), 6);
    buf_clear(&text);
    print_times(json_get(plan, "planning_us"));
    if (scans && scans->count) {
        printf("\nscans\n");
    }
    JSON_FOR_EACH(s, scans) {
        print_scan(s);
    }
    if (conditions && conditions->count) {
        printf("\nconditions\n");
    }
    JSON_FOR_EACH(c, conditions) {
        print_condition(c);
    }
    const struct json *warnings = json_get(plan, "warnings");
    JSON_FOR_EACH(warning, warnings) {
        printf("%swarning: ", warning == warnings->first ? "\n" : "");
        print_wrapped(warning->text, 9);
    }
}

/* ---- asking ---- */
static struct bytes request(struct arena *a, struct bytes sql, const char *database,
                            const char *workgroup) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_object(&w);
    jsonw_kv_str(&w, "sql", sql);
    jsonw_kv_cstr(&w, "database", database);
    jsonw_kv_cstr(&w, "workgroup", workgroup);
    jsonw_end_object(&w);
    struct bytes body = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    return body;
}

static int refused(const struct client *c, int status, const struct json *answer, struct err *e) {
    struct bytes text = json_get_str(answer, "message");
    if (!text.len)
        return err_set(e, ERR_UNAVAILABLE, "%s answered %d: is it a Tarn server?",
                       client_endpoint(c), status);
    return err_set(e, ERR_INVALID_REQUEST, "%.*s", BYTES_ARG(text));
}

static int run(struct bytes sql, const char *database, const char *workgroup, bool as_json,
               struct err *e) {
    struct client *c = NULL;
    struct client_response out = {0};
    struct json *plan = NULL;
    struct err why;
    struct arena a;
    arena_init(&a, 0);
    struct client_request r = {
        .method = "POST", .path = "/tarn/v1/plan", .body = request(&a, sql, database, workgroup)};
    int rc = r.body.ptr ? client_new(NULL, &c, e) : err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc : client_raw(c, &a, &r, &out, e);
    if (!rc && json_parse(&a, out.body, &plan, &why)) {
        plan = NULL;
    }
    if (!rc && (out.status != 200 || !plan)) {
        rc = refused(c, out.status, plan, e);
    } else if (!rc && as_json) {
        printf("%.*s\n", BYTES_ARG(out.body));
    } else if (!rc) {
        print_plan(plan);
    }
    client_free(&c);
    arena_clear(&a);
    return rc;
}

static int read_stdin(struct buf *out, struct err *e) {
    char chunk[65536];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) {
        buf_add(out, bytes_of(chunk, n));
    }
    return buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
}

int cmd_explain(int argc, char **argv) {
    const char *database = "default", *workgroup = "";
    bool as_json = false;
    const struct arg_option options[] = {
        {"--database", 'd', "NAME", "database of unqualified names (default: default)", ARG_TEXT,
         &database},
        {"--workgroup", 'w', "NAME", "workgroup (default: primary)", ARG_TEXT, &workgroup},
        {"--json", 'j', NULL, "as the server gives it (the default in a pipe)", ARG_FLAG, &as_json},
        {0}};
    const struct args spec = {
        "tarn explain [SQL] [options]",
        "Says what a query would read and cost, which conditions chose that, and what would be\n"
        "read without each of them. Nothing is run. Without SQL it reads standard input.",
        options,
        "  tarn explain \"select count(*) from impressions where day = '2024-01-01'\"\n"
        "  tarn explain 'select 1' --json\n"};
    struct err e = {0};
    struct buf text = {0};
    int count = 0, rc = args_parse(&spec, argc, argv, &count, &e);
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    if (!rc && count == 0) {
        rc = read_stdin(&text, &e);
    }
    struct bytes sql = bytes_trim(count > 0 ? bytes_str(argv[0]) : buf_bytes(&text));
    if (!rc && !sql.len) {
        rc = err_set(&e, ERR_USAGE, "There is no statement to explain.");
    }
    as_json |= !isatty(STDOUT_FILENO);
    rc = rc ? rc : run(sql, database, workgroup, as_json, &e);
    buf_clear(&text);
    return rc ? args_fail(&e, NULL) : EXIT_OK;
}
