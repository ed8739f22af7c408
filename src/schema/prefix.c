/* prefix.c - Firehose prefix expressions.
 *
 * A prefix is a row of pieces, literal text or one !{namespace:value}; next_piece cuts one off.
 * Checking, evaluating, the next change and the partition patterns are walks over the pieces.
 * A partition's pattern is the Java pattern that writes the same text as a stretch of the prefix:
 * its timestamp patterns joined, with the literal text between them quoted. */
#include "base/rand.h"
#include "schema/prefix_int.h"

#define DEFAULT_PATH "yyyy/MM/dd/HH/"
#define RANDOM_LEN 11

enum piece_kind { LITERAL, TIMESTAMP, RANDOM, ERROR_TYPE, PARTITION_KEY };
struct piece {
    enum piece_kind kind;
    struct bytes text; /* literal text, or what follows the colon */
};

static bool classify(struct bytes ns, struct bytes value, struct piece *ret) {
    ret->text = value;
    if (bytes_eq_str(ns, "timestamp")) {
        ret->kind = TIMESTAMP;
        return value.len > 0;
    }
    if (bytes_eq_str(ns, "partitionKeyFromQuery") || bytes_eq_str(ns, "partitionKeyFromLambda")) {
        ret->kind = PARTITION_KEY;
        return value.len > 0;
    }
    if (!bytes_eq_str(ns, "firehose")) {
        return false;
    }
    ret->kind = bytes_eq_str(value, "random-string") ? RANDOM : ERROR_TYPE;
    return ret->kind == RANDOM || bytes_eq_str(value, "error-output-type");
}

/* 1 and a piece, 0 at the end, or an error. */
static int next_piece(struct bytes *rest, struct piece *ret, struct err *e) {
    if (rest->len == 0) {
        return 0;
    }
    ptrdiff_t at = bytes_find(*rest, BYTES("!{"));
    if (at != 0) {
        size_t n = at < 0 ? rest->len : (size_t)at;
        *ret = (struct piece){LITERAL, bytes_slice(*rest, 0, n)};
        *rest = bytes_slice(*rest, n, rest->len);
        return 1;
    }
    ptrdiff_t end = bytes_find_char(*rest, '}');
    if (end < 0) {
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "The prefix has '!{' without a closing '}'; an expression is "
                       "!{namespace:value}.");
    }
    struct bytes inner = bytes_slice(*rest, 2, (size_t)end), ns;
    struct bytes value = bytes_cut(inner, ':', &ns);
    if (!classify(ns, value, ret)) {
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "The prefix expression !{%.*s} is not known; use !{timestamp:PATTERN}, "
                       "!{firehose:random-string}, !{firehose:error-output-type}, "
                       "!{partitionKeyFromQuery:KEY} or !{partitionKeyFromLambda:KEY}.",
                       (int)MIN_OF(inner.len, (size_t)200), inner.ptr);
    }
    *rest = bytes_slice(*rest, (size_t)end + 1, rest->len);
    return 1;
}

/* Bit per piece_kind that occurs. A prefix that does not parse counts up to its fault. */
static unsigned kinds_of(struct bytes prefix) {
    unsigned kinds = 0;
    struct piece p;
    while (next_piece(&prefix, &p, NULL) > 0) {
        kinds |= 1u << p.kind;
    }
    return kinds;
}

static int check_piece(const struct piece *p, bool is_error_prefix, struct err *e) {
    if (p->kind == TIMESTAMP) {
        struct buf scratch = {0};
        int rc = prefix_format_time(p->text, 0, &scratch, e);
        buf_clear(&scratch);
        return rc;
    }
    if (p->kind == ERROR_TYPE && !is_error_prefix) {
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "Prefix cannot contain !{firehose:error-output-type}; it belongs in "
                       "ErrorOutputPrefix.");
    }
    if (p->kind == PARTITION_KEY && is_error_prefix) {
        return err_set(e, ERR_INVALID_ARGUMENT,
                       "ErrorOutputPrefix cannot contain partitionKeyFromQuery or "
                       "partitionKeyFromLambda; they belong in Prefix.");
    }
    return 0;
}

int prefix_check(struct bytes prefix, bool is_error_prefix, struct err *e) {
    if (prefix.len > 1024) {
        return err_set(e, ERR_INVALID_ARGUMENT, "A prefix can have at most 1024 characters.");
    }
    unsigned kinds = kinds_of(prefix);
    struct piece p;
    int rc;
    while ((rc = next_piece(&prefix, &p, e)) > 0) {
        rc = check_piece(&p, is_error_prefix, e);
        if (rc != 0) {
            return rc;
        }
    }
    bool has_expressions = (kinds & ~(1u << LITERAL)) != 0;
    if (rc == 0 && is_error_prefix && has_expressions && !(kinds & 1u << ERROR_TYPE)) {
        rc = err_set(e, ERR_INVALID_ARGUMENT,
                     "ErrorOutputPrefix has expressions, so it must contain "
                     "!{firehose:error-output-type}.");
    }
    return rc;
}

static void add_random(struct buf *out) {
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t raw[RANDOM_LEN];
    rand_bytes(raw, sizeof(raw));
    for (size_t i = 0; i < sizeof(raw); i++) {
        buf_add_char(out, alphabet[raw[i] % (sizeof(alphabet) - 1)]);
    }
}

static int add_piece(const struct piece *p, int64_t ms, const char *error_type, struct buf *out,
                     struct err *e) {
    switch (p->kind) {
    case LITERAL:
        buf_add(out, p->text);
        return 0;
    case TIMESTAMP:
        return prefix_format_time(p->text, ms, out, e);
    case RANDOM:
        add_random(out);
        return 0;
    case ERROR_TYPE:
        buf_add_str(out, error_type ? error_type : "");
        return 0;
    case PARTITION_KEY:
        break;
    }
    return err_set(e, ERR_NOT_IMPLEMENTED,
                   "Dynamic partitioning (!{partitionKeyFromQuery:...}) is not implemented yet.");
}

int prefix_evaluate(struct bytes prefix, int64_t ms, const char *error_type, struct buf *out,
                    struct err *e) {
    unsigned kinds = kinds_of(prefix);
    struct piece p;
    int rc;
    while ((rc = next_piece(&prefix, &p, e)) > 0) {
        rc = add_piece(&p, ms, error_type, out, e);
        if (rc != 0) {
            return rc;
        }
    }
    bool has_type = (kinds & 1u << ERROR_TYPE) != 0;
    if (rc == 0 && error_type && !has_type) {
        buf_add_str(out, error_type);
        buf_add_char(out, '/');
    }
    /* An error prefix that places its type itself gets no date path (AWS's table of examples). */
    if (rc == 0 && !(kinds & 1u << TIMESTAMP) && !has_type) {
        rc = prefix_format_time(BYTES(DEFAULT_PATH), ms, out, e);
    }
    if (rc == 0 && !buf_ok(out)) {
        rc = err_set(e, ERR_NOMEM, NULL);
    }
    return rc;
}

int64_t prefix_next_change(struct bytes prefix, int64_t ms) {
    enum prefix_grain g = kinds_of(prefix) & 1u << TIMESTAMP ? GRAIN_NEVER : GRAIN_HOUR;
    struct piece p;
    while (next_piece(&prefix, &p, NULL) > 0) {
        if (p.kind == TIMESTAMP) {
            g = MAX_OF(g, prefix_time_grain(p.text));
        }
    }
    return prefix_grain_next(g, ms);
}

/* ---- partition patterns ---- */

/* Literal text as a Java pattern: slashes as they are, all else in quotes. */
static void add_literal_pattern(struct buf *out, struct bytes text) {
    bool open = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (open == (c == '/')) {
            buf_add_char(out, '\'');
            open = !open;
        }
        if (c == '\'') {
            buf_add_char(out, c);
        }
        buf_add_char(out, c);
    }
    if (open) {
        buf_add_char(out, '\'');
    }
}

/* The pattern that writes what `part` of a prefix evaluates to; false when none does. Two pieces
 * that would run together where they meet (yy and yy, or two quoted texts) have none. */
static bool pattern_of(struct bytes part, struct buf *out) {
    struct piece p;
    int rc;
    while ((rc = next_piece(&part, &p, NULL)) > 0) {
        char first = p.kind == LITERAL && p.text.ptr[0] != '/' ? '\'' : p.text.ptr[0];
        if (out->len > 0 && first != '/' && out->ptr[out->len - 1] == first) {
            return false;
        }
        if (p.kind == TIMESTAMP) {
            buf_add(out, p.text);
        } else if (p.kind == LITERAL) {
            add_literal_pattern(out, p.text);
        } else {
            return false;
        }
    }
    return rc == 0;
}

static bool keep(struct arena *a, struct buf *pattern, bool fits, struct bytes *ret) {
    if (fits && pattern->len > 0 && buf_ok(pattern)) {
        *ret = arena_copy(a, buf_bytes(pattern));
    }
    buf_clear(pattern);
    return ret->len > 0;
}

/* Cuts at the first slash outside an expression; *ret_whole tells whether there was one. */
static struct bytes cut_segment(struct bytes rest, struct bytes *ret_segment, bool *ret_whole) {
    bool inside = false;
    for (size_t i = 0; i < rest.len; i++) {
        char c = rest.ptr[i];
        if (c == '{' && i > 0 && rest.ptr[i - 1] == '!') {
            inside = true;
        } else if (c == '}') {
            inside = false;
        } else if (c == '/' && !inside) {
            *ret_segment = bytes_slice(rest, 0, i);
            *ret_whole = true;
            return bytes_slice(rest, i + 1, rest.len);
        }
    }
    *ret_segment = rest;
    *ret_whole = false;
    return bytes_slice(rest, rest.len, rest.len);
}

/* A folder `column=VALUE` of the prefix. */
static bool pattern_from_folder(struct arena *a, struct bytes prefix, struct bytes column,
                                struct bytes *ret) {
    while (prefix.len > 0) {
        struct bytes segment, name;
        bool whole;
        prefix = cut_segment(prefix, &segment, &whole);
        struct bytes value = bytes_cut(segment, '=', &name);
        if (whole && value.len > 0 && bytes_eq_nocase(name, column)) {
            struct buf pattern = {0};
            bool fits = pattern_of(value, &pattern);
            return keep(a, &pattern, fits, ret);
        }
    }
    return false;
}

/* The stretch from the first to the last timestamp expression, as a pattern without slashes at its
 * ends; the default path when the prefix has none. */
static bool timestamp_path(struct arena *a, struct bytes prefix, struct bytes *ret) {
    ptrdiff_t from = bytes_find(prefix, BYTES("!{timestamp:"));
    if (from < 0) {
        *ret = BYTES("yyyy/MM/dd/HH");
        return true;
    }
    struct bytes path = bytes_slice(prefix, (size_t)from, prefix.len), after = path;
    struct piece p;
    size_t end = 0;
    while (next_piece(&after, &p, NULL) > 0) {
        if (p.kind == TIMESTAMP) {
            end = path.len - after.len;
        }
    }
    after = bytes_slice(path, end, path.len);
    path = bytes_slice(path, 0, end);
    struct buf pattern = {0};
    bool fits = pattern_of(path, &pattern) && bytes_find_char(buf_bytes(&pattern), '=') < 0;
    /* Its last folder must end before the object's own name begins. */
    bool closed = pattern.len > 0 && pattern.ptr[pattern.len - 1] == '/';
    while (pattern.len > 0 && pattern.ptr[pattern.len - 1] == '/') {
        pattern.len--;
    }
    closed = closed || bytes_find_char(after, '/') >= 0;
    return keep(a, &pattern, fits && closed, ret);
}

/* Splits a pattern at its slashes outside quotes; false when there are not exactly `count` parts.*/
static bool split_pattern(struct bytes pattern, struct bytes *ret, size_t count) {
    size_t n = 0, from = 0;
    bool quoted = false;
    for (size_t i = 0; i <= pattern.len; i++) {
        if (i < pattern.len && pattern.ptr[i] == '\'') {
            quoted = !quoted;
        }
        if (i == pattern.len || (pattern.ptr[i] == '/' && !quoted)) {
            if (n == count || i == from) {
                return false;
            }
            ret[n++] = bytes_slice(pattern, from, i);
            from = i + 1;
        }
    }
    return n == count;
}

bool prefix_partition_patterns(struct arena *a, struct bytes prefix, const struct bytes *columns,
                               const struct bytes *params, size_t column_count, struct bytes *ret) {
    size_t named = 0;
    for (size_t i = 0; i < column_count; i++) {
        ret[i] = (struct bytes){0};
        if (pattern_from_folder(a, prefix, columns[i], &ret[i])) {
            named++;
        } else if (params && params[i].len > 0) {
            ret[i] = params[i];
            named++;
        }
    }
    if (column_count > 0 && named == column_count) {
        return true;
    }
    struct bytes path = {0};
    if (column_count > 0 && named == 0 && timestamp_path(a, prefix, &path)) {
        if (column_count == 1) {
            ret[0] = path;
            return true;
        }
        if (split_pattern(path, ret, column_count)) {
            return true;
        }
    }
    for (size_t i = 0; i < column_count; i++) {
        ret[i] = (struct bytes){0};
    }
    return false;
}
