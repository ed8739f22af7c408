/* types_parse.c - reads a type as SQL spells it.
 *
 * type := name ["(" arg {"," arg} ")"] [("with"|"without") "time" "zone"], with the words of
 * "double precision" and the two intervals; arg is a number, a type, or (in a row) name and type.
 */
#include "sql/types.h"
#include <ctype.h>

struct reader {
    struct arena *a;
    struct bytes text;
    size_t at;
    int depth;
    struct err *e;
};

static int read_type(struct reader *r, const struct sql_type **ret);

static void skip_blanks(struct reader *r) {
    while (r->at < r->text.len && isspace((unsigned char)r->text.ptr[r->at]))
        r->at++;
}

static bool take(struct reader *r, char c) {
    skip_blanks(r);
    if (r->at >= r->text.len || r->text.ptr[r->at] != c)
        return false;
    r->at++;
    return true;
}

/* A bare word or a quoted identifier (without its quotes); empty when there is none. */
static struct bytes read_word(struct reader *r) {
    skip_blanks(r);
    size_t from = r->at;
    if (from < r->text.len && r->text.ptr[from] == '"') {
        size_t to = from + 1;
        while (to < r->text.len && r->text.ptr[to] != '"')
            to++;
        r->at = to < r->text.len ? to + 1 : to;
        return bytes_slice(r->text, from + 1, to);
    }
    while (r->at < r->text.len) {
        unsigned char c = (unsigned char)r->text.ptr[r->at];
        if (!isalnum(c) && c != '_' && c != '$' && c < 0x80)
            break;
        r->at++;
    }
    return bytes_slice(r->text, from, r->at);
}

static bool take_word(struct reader *r, const char *word) {
    size_t at = r->at;
    if (bytes_eq_nocase(read_word(r), bytes_str(word)))
        return true;
    r->at = at;
    return false;
}

static int bad(struct reader *r) {
    return err_set_named(r->e, ERR_SQL, "TYPE_MISMATCH", 0, "Unknown type: %.*s",
                         BYTES_ARG(r->text));
}

static int out_of_memory(struct reader *r) {
    return err_set(r->e, ERR_NOMEM, NULL);
}

static int give(struct reader *r, const struct sql_type *t, const struct sql_type **ret) {
    if (!t)
        return out_of_memory(r);
    *ret = t;
    return 0;
}

/* "(n)" or "(n, m)": how many were read. -1 when malformed. */
static int read_numbers(struct reader *r, int *ret, int max) {
    int count = 0;
    if (!take(r, '('))
        return 0;
    do {
        int64_t v;
        if (count == max || !bytes_to_i64(read_word(r), &v) || v < 0 || v > SQL_UNBOUNDED)
            return -1;
        ret[count++] = (int)v;
    } while (take(r, ','));
    return take(r, ')') ? count : -1;
}

static int read_decimal(struct reader *r, const struct sql_type **ret) {
    int n[2] = {38, 0};
    if (read_numbers(r, n, 2) < 0)
        return bad(r);
    if (n[0] < 1 || n[0] > 38)
        return err_set_named(r->e, ERR_SQL, "INVALID_FUNCTION_ARGUMENT", 0,
                             "DECIMAL precision must be in range [1, 38]: %d", n[0]);
    if (n[1] > n[0])
        return err_set_named(r->e, ERR_SQL, "INVALID_FUNCTION_ARGUMENT", 0,
                             "DECIMAL scale must be in range [0, precision (%d)]: %d", n[0], n[1]);
    return give(r, sql_type_decimal(r->a, n[0], n[1]), ret);
}

static int read_text(struct reader *r, bool is_char, const struct sql_type **ret) {
    int n = is_char ? 1 : SQL_UNBOUNDED;
    if (read_numbers(r, &n, 1) < 0)
        return bad(r);
    if (is_char && n > 65536)
        return bad(r);
    return give(r, is_char ? sql_type_char(r->a, n) : sql_type_varchar(r->a, n), ret);
}

static int read_time(struct reader *r, bool is_timestamp, const struct sql_type **ret) {
    int p = 3;
    bool zoned = false;
    if (read_numbers(r, &p, 1) < 0)
        return bad(r);
    if (take_word(r, "with"))
        zoned = true;
    if ((zoned || take_word(r, "without")) && (!take_word(r, "time") || !take_word(r, "zone")))
        return bad(r);
    if (p > 12)
        return err_set_named(r->e, ERR_SQL, "NUMERIC_VALUE_OUT_OF_RANGE", 0,
                             "%s%s precision must be in range [0, 12]: %d",
                             is_timestamp ? "TIMESTAMP" : "TIME", zoned ? " WITH TIME ZONE" : "",
                             p);
    if (zoned && is_timestamp)
        return give(r, sql_type_tz(r->a, p, true), ret);
    enum sql_type_tag kind = is_timestamp ? ST_TIMESTAMP : zoned ? ST_TIME_TZ : ST_TIME;
    return give(r, sql_type_time(r->a, kind, p), ret);
}

static int read_interval(struct reader *r, const struct sql_type **ret) {
    if (take_word(r, "day") && take_word(r, "to") && take_word(r, "second"))
        *ret = sql_type_of(ST_INTERVAL_DAY);
    else if (take_word(r, "year") && take_word(r, "to") && take_word(r, "month"))
        *ret = sql_type_of(ST_INTERVAL_YEAR);
    else
        return bad(r);
    return 0;
}

static int read_array(struct reader *r, const struct sql_type **ret) {
    const struct sql_type *t;
    char close = take(r, '<') ? '>' : ')';
    if (close == ')' && !take(r, '('))
        return bad(r);
    int rc = read_type(r, &t);
    if (rc)
        return rc;
    if (!take(r, close))
        return bad(r);
    return give(r, sql_type_array(r->a, t), ret);
}

static int read_map(struct reader *r, const struct sql_type **ret) {
    const struct sql_type *k, *v;
    char close = take(r, '<') ? '>' : ')';
    if (close == ')' && !take(r, '('))
        return bad(r);
    int rc = read_type(r, &k);
    if (!rc && !take(r, ','))
        rc = bad(r);
    if (!rc)
        rc = read_type(r, &v);
    if (rc)
        return rc;
    if (!take(r, close))
        return bad(r);
    return give(r, sql_type_map(r->a, k, v), ret);
}

/* Names without quotes are as if in small letters. */
static struct bytes lower_word(struct reader *r, struct bytes word) {
    char *p = arena_strndup(r->a, word.ptr, word.len);
    for (size_t i = 0; p && i < word.len; i++)
        p[i] = (char)tolower((unsigned char)p[i]);
    return p ? bytes_of(p, word.len) : word;
}

/* One row field: "name type" or "type". Whether a word is a name shows in what follows it. */
static int read_field(struct reader *r, struct bytes *name, const struct sql_type **ret) {
    size_t start = r->at;
    struct bytes word = read_word(r);
    skip_blanks(r);
    size_t after = r->at;
    char c = after < r->text.len ? r->text.ptr[after] : ')';
    bool is_type = c == ',' || c == ')' || c == '(' || c == '<';
    if (!is_type && !(start < r->text.len && r->text.ptr[start] == '"')) {
        struct bytes next = read_word(r);
        is_type =
            (bytes_eq_nocase(word, BYTES("double")) && bytes_eq_nocase(next, BYTES("precision"))) ||
            ((bytes_eq_nocase(word, BYTES("timestamp")) || bytes_eq_nocase(word, BYTES("time"))) &&
             (bytes_eq_nocase(next, BYTES("with")) || bytes_eq_nocase(next, BYTES("without"))));
        r->at = after;
    }
    if (is_type) {
        r->at = start;
        *name = (struct bytes){0};
    } else {
        bool quoted = start < r->text.len && r->text.ptr[start] == '"';
        *name = quoted ? word : lower_word(r, word);
    }
    return read_type(r, ret);
}

static int read_row(struct reader *r, const struct sql_type **ret) {
    const struct sql_type *fields[256];
    struct bytes names[256];
    size_t n = 0;
    if (!take(r, '('))
        return bad(r);
    do {
        if (n == COUNT_OF(fields))
            return bad(r);
        skip_blanks(r);
        int rc = read_field(r, &names[n], &fields[n]);
        if (rc)
            return rc;
        n++;
    } while (take(r, ','));
    if (!take(r, ')'))
        return bad(r);
    return give(r, sql_type_row(r->a, fields, names, n), ret);
}

static int read_named(struct reader *r, struct bytes w, const struct sql_type **ret) {
    static const struct {
        const char *name;
        enum sql_type_tag kind;
    } names[] = {
        {"boolean", ST_BOOLEAN},     {"tinyint", ST_TINYINT},   {"smallint", ST_SMALLINT},
        {"integer", ST_INTEGER},     {"int", ST_INTEGER},       {"bigint", ST_BIGINT},
        {"real", ST_REAL},           {"double", ST_DOUBLE},     {"varbinary", ST_VARBINARY},
        {"date", ST_DATE},           {"json", ST_JSON},         {"uuid", ST_UUID},
        {"ipaddress", ST_IPADDRESS}, {"ipprefix", ST_IPPREFIX}, {"hyperloglog", ST_HLL},
        {"p4hyperloglog", ST_P4HLL}, {"tdigest", ST_TDIGEST},   {"unknown", ST_UNKNOWN},
        {"string", ST_VARCHAR},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!bytes_eq_nocase(w, bytes_str(names[i].name)))
            continue;
        if (names[i].kind == ST_DOUBLE)
            (void)take_word(r, "precision");
        *ret = sql_type_of(names[i].kind);
        return 0;
    }
    static const char *const refused[] = {"qdigest",   "geometry", "sphericalgeography",
                                          "setdigest", "bingtile", "color"};
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (bytes_eq_nocase(w, bytes_str(refused[i])))
            return err_set_named(r->e, ERR_SQL, "NOT_SUPPORTED", 0, "Type %.*s is not supported",
                                 BYTES_ARG(w));
    return bad(r);
}

static int read_type(struct reader *r, const struct sql_type **ret) {
    if (++r->depth > 64)
        return bad(r);
    struct bytes w = read_word(r);
    int rc;
    if (bytes_eq_nocase(w, BYTES("decimal")) || bytes_eq_nocase(w, BYTES("numeric")) ||
        bytes_eq_nocase(w, BYTES("dec")))
        rc = read_decimal(r, ret);
    else if (bytes_eq_nocase(w, BYTES("varchar")))
        rc = read_text(r, false, ret);
    else if (bytes_eq_nocase(w, BYTES("char")))
        rc = read_text(r, true, ret);
    else if (bytes_eq_nocase(w, BYTES("timestamp")) || bytes_eq_nocase(w, BYTES("time")))
        rc = read_time(r, w.len > 4, ret);
    else if (bytes_eq_nocase(w, BYTES("interval")))
        rc = read_interval(r, ret);
    else if (bytes_eq_nocase(w, BYTES("array")))
        rc = read_array(r, ret);
    else if (bytes_eq_nocase(w, BYTES("map")))
        rc = read_map(r, ret);
    else if (bytes_eq_nocase(w, BYTES("row")))
        rc = read_row(r, ret);
    else
        rc = read_named(r, w, ret);
    while (!rc && take_word(r, "array")) /* SQL standard: "integer array" */
        if (!(*ret = sql_type_array(r->a, *ret)))
            rc = out_of_memory(r);
    r->depth--;
    return rc;
}

int sql_type_parse(struct arena *a, struct bytes text, const struct sql_type **ret, struct err *e) {
    struct reader r = {.a = a, .text = text, .e = e};
    const struct sql_type *t = NULL;
    int rc = read_type(&r, &t);
    if (rc)
        return rc;
    skip_blanks(&r);
    if (r.at != text.len)
        return bad(&r);
    *ret = t;
    return 0;
}
