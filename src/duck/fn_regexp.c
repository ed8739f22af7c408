/* fn_regexp.c - regular expressions over PCRE2, whose syntax is close to Java's.
 *
 * A chunk's pattern is almost always one constant: the compiled (JIT) pattern of the last row is
 * kept. Matching has a step limit, so that a catastrophic pattern is an error. Replacement text is
 * Java's: $1, ${name}, backslash escapes. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/mem.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <ctype.h>
#include <pcre2.h>

struct regex {
    struct buf pattern;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
};

static void regex_free(void *state) {
    struct regex *r = state;
    buf_clear(&r->pattern);
    pcre2_code_free(r->code);
    pcre2_match_data_free(r->match);
    pcre2_match_context_free(r->context);
    mem_free(r);
}

static struct regex *regex_state(struct fn_call *c) {
    if (!c->state) {
        struct regex *r = mem_calloc(1, sizeof(*r));
        if (!r)
            return NULL;
        c->state = r;
        c->state_free = regex_free;
        r->context = pcre2_match_context_create(NULL);
        if (r->context)
            pcre2_set_match_limit(r->context, 10000000);
    }
    return c->state;
}

static struct regex *no_memory(struct fn_call *c, idx_t i, bool *ret_ok) {
    *ret_ok = fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    return NULL;
}

/* A class inside a class or an intersection: Java joins them, PCRE2 takes the signs for themselves.
 */
static bool has_nested_class(struct bytes p) {
    bool inside = false;
    for (size_t k = 0; k < p.len; k++) {
        char ch = p.ptr[k], next = k + 1 < p.len ? p.ptr[k + 1] : 0;
        if (ch == '\\' && next == 'Q') { /* quoted up to \E */
            ptrdiff_t end = bytes_find(bytes_slice(p, k, p.len), BYTES("\\E"));
            k = end < 0 ? p.len : k + (size_t)end + 1;
        } else if (ch == '\\') {
            k++;
        } else if (!inside && ch == '[') {
            inside = true;
            k += next == '^';
            k += k + 1 < p.len && p.ptr[k + 1] == ']';
        } else if (inside && ((ch == '[' && next != ':') || (ch == '&' && next == '&'))) {
            return true;
        } else if (inside && ch == '[') { /* [:alpha:] */
            ptrdiff_t end = bytes_find(bytes_slice(p, k, p.len), BYTES(":]"));
            k = end < 0 ? p.len : k + (size_t)end + 1;
        } else if (ch == ']') {
            inside = false;
        }
    }
    return false;
}

/* The compiled pattern of argument 1; NULL after an error. */
static struct regex *compile(struct fn_call *c, idx_t i, bool *ret_ok) {
    struct bytes p = fn_str(c, 1, i);
    struct regex *r = regex_state(c);
    int code;
    PCRE2_SIZE at;
    if (!r || !r->context)
        return no_memory(c, i, ret_ok);
    if (r->code && bytes_eq(buf_bytes(&r->pattern), p))
        return r;
    if (has_nested_class(p)) {
        *ret_ok = fn_fail(c, i, "NOT_SUPPORTED",
                          "Character classes inside character classes are not supported: %.*s",
                          (int)MIN_OF(p.len, (size_t)200), p.ptr);
        return NULL;
    }
    pcre2_code_free(r->code);
    r->code = NULL;
    pcre2_match_data_free(r->match);
    r->match = NULL;
    buf_reset(&r->pattern);
    buf_add(&r->pattern, p);
    r->code = pcre2_compile((PCRE2_SPTR)(p.ptr ? p.ptr : ""), p.len, PCRE2_UTF | PCRE2_NO_UTF_CHECK,
                            &code, &at, NULL);
    if (!r->code) {
        PCRE2_UCHAR text[200];
        pcre2_get_error_message(code, text, sizeof(text));
        *ret_ok = fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                          "Invalid regular expression '%.*s': %s at offset %zu",
                          (int)MIN_OF(p.len, (size_t)200), p.ptr, (char *)text, (size_t)at);
        return NULL;
    }
    (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
    r->match = pcre2_match_data_create_from_pattern(r->code, NULL);
    return r->match && buf_ok(&r->pattern) ? r : no_memory(c, i, ret_ok);
}

/* 1: the next match from *at is in r->match; 0: none; -1: an error was raised. */
static int find(struct fn_call *c, idx_t i, struct regex *r, struct bytes v, size_t at) {
    if (at > v.len)
        return 0;
    int n = pcre2_match(r->code, (PCRE2_SPTR)(v.ptr ? v.ptr : ""), v.len, at, PCRE2_NO_UTF_CHECK,
                        r->match, r->context);
    if (n == PCRE2_ERROR_NOMATCH)
        return 0;
    if (n >= 0)
        return 1;
    fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
            "The regular expression takes too many steps; simplify it");
    return -1;
}

/* Where to look after the match in r->match: past an empty one by a character. */
static size_t after(const struct regex *r, struct bytes v) {
    PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->match);
    if (o[1] > o[0])
        return o[1];
    return o[1] < v.len ? o[1] + fn_utf8_size(v.ptr[o[1]]) : v.len + 1;
}

static bool group(const struct regex *r, struct bytes v, size_t n, struct bytes *ret) {
    PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->match);
    if (n >= pcre2_get_ovector_count(r->match) || o[2 * n] == PCRE2_UNSET)
        return false;
    *ret = bytes_slice(v, o[2 * n], o[2 * n + 1]);
    return true;
}

static bool group_known(struct fn_call *c, idx_t i, const struct regex *r, int64_t n,
                        bool *ret_ok) {
    uint32_t count = 0;
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &count);
    if (n >= 0 && n <= (int64_t)count)
        return true;
    *ret_ok = n < 0
                  ? fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Group cannot be negative")
                  : fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                            "Pattern has %u groups. Cannot access group %lld", count, (long long)n);
    return false;
}

FN(regexp_like) {
    bool ok = true;
    struct regex *r = compile(c, i, &ok);
    if (!r)
        return ok;
    int found = find(c, i, r, fn_str(c, 0, i), 0);
    return found < 0 ? c->is_try : fn_out_bool(c, i, found);
}
FN(regexp_extract) {
    bool ok = true;
    struct regex *r = compile(c, i, &ok);
    struct bytes v = fn_str(c, 0, i), g;
    if (!r || !group_known(c, i, r, fn_i64(c, 2, i), &ok))
        return ok;
    int found = find(c, i, r, v, 0);
    if (found < 0)
        return c->is_try;
    return found && group(r, v, (size_t)fn_i64(c, 2, i), &g) ? fn_out_str(c, i, g)
                                                             : fn_out_null(c, i);
}
FN(regexp_extract_all) {
    bool ok = true;
    struct regex *r = compile(c, i, &ok);
    struct bytes v = fn_str(c, 0, i), g;
    int found = 0;
    if (!r || !group_known(c, i, r, fn_i64(c, 2, i), &ok))
        return ok;
    fn_list_begin(c, i);
    for (size_t at = 0; (found = find(c, i, r, v, at)) > 0; at = after(r, v)) {
        if (group(r, v, (size_t)fn_i64(c, 2, i), &g))
            fn_list_add(c, g);
        else
            fn_list_add_null(c);
    }
    return found < 0 ? c->is_try : fn_list_end(c, i);
}
FN(regexp_split) {
    bool ok = true;
    struct regex *r = compile(c, i, &ok);
    struct bytes v = fn_str(c, 0, i), g;
    size_t from = 0;
    int found = 0;
    if (!r)
        return ok;
    fn_list_begin(c, i);
    for (size_t at = 0; (found = find(c, i, r, v, at)) > 0; at = after(r, v)) {
        group(r, v, 0, &g);
        fn_list_add(c, bytes_slice(v, from, (size_t)(g.ptr - v.ptr)));
        from = (size_t)(g.ptr - v.ptr) + g.len;
    }
    fn_list_add(c, bytes_slice(v, from, v.len));
    return found < 0 ? c->is_try : fn_list_end(c, i);
}
FN(regexp_count) {
    bool ok = true;
    struct regex *r = compile(c, i, &ok);
    struct bytes v = fn_str(c, 0, i);
    int64_t n = 0;
    int found = 0;
    if (!r)
        return ok;
    for (size_t at = 0; (found = find(c, i, r, v, at)) > 0; at = after(r, v))
        n++;
    return found < 0 ? c->is_try : fn_out_i64(c, i, n);
}
FN(regexp_position) {
    bool ok = true;
    struct regex *r = compile(c, i, &ok);
    struct bytes v = fn_str(c, 0, i);
    int64_t start = fn_i64(c, 2, i), nth = fn_i64(c, 3, i), n = 0;
    int found;
    if (!r)
        return ok;
    if (start < 1)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "start position cannot be smaller than 1");
    if (nth < 1)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "occurrence cannot be smaller than 1");
    if ((uint64_t)start > fn_utf8_count(v))
        return fn_out_i32(c, i, -1);
    for (size_t at = fn_utf8_offset(v, (size_t)start - 1); (found = find(c, i, r, v, at)) > 0;
         at = after(r, v))
        if (++n == nth) {
            size_t o = pcre2_get_ovector_pointer(r->match)[0];
            return fn_out_i32(c, i, (int32_t)fn_utf8_count(bytes_slice(v, 0, o)) + 1);
        }
    return found < 0 ? c->is_try : fn_out_i32(c, i, -1);
}

/* ---- replacement ---- */
static bool add_named(struct regex *r, struct bytes v, struct bytes name, struct buf *out) {
    char text[64];
    struct bytes g;
    if (name.len == 0 || name.len >= sizeof(text))
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = 0;
    int n = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)text);
    if (n < 0)
        return false;
    if (group(r, v, (size_t)n, &g))
        buf_add(out, g);
    return true;
}

/* $12 is group 12 when there is one, else group 1 and a 2. Returns bytes used, 0 when malformed. */
static size_t add_numbered(struct regex *r, struct bytes v, struct bytes t, struct buf *out) {
    uint32_t count = 0;
    size_t n = 0, used = 0;
    struct bytes g;
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &count);
    while (used < t.len && isdigit((unsigned char)t.ptr[used])) {
        size_t next = n * 10 + (size_t)(t.ptr[used] - '0');
        if (next > count)
            break;
        n = next;
        used++;
    }
    if (used && group(r, v, n, &g))
        buf_add(out, g);
    return used;
}

static bool add_replacement(struct regex *r, struct bytes v, struct bytes t, struct buf *out) {
    for (size_t k = 0; k < t.len; k++) {
        if (t.ptr[k] == '\\') {
            if (++k == t.len)
                return false;
            buf_add_char(out, t.ptr[k]);
        } else if (t.ptr[k] == '$' && k + 1 < t.len && t.ptr[k + 1] == '{') {
            struct bytes rest = bytes_slice(t, k + 2, t.len);
            ptrdiff_t end = bytes_find_char(rest, '}');
            if (end < 0 || !add_named(r, v, bytes_slice(rest, 0, (size_t)end), out))
                return false;
            k += 2 + (size_t)end;
        } else if (t.ptr[k] == '$') {
            size_t used = add_numbered(r, v, bytes_slice(t, k + 1, t.len), out);
            if (!used)
                return false;
            k += used;
        } else {
            buf_add_char(out, t.ptr[k]);
        }
    }
    return true;
}
FN(regexp_replace) {
    bool ok = true;
    struct regex *r = compile(c, i, &ok);
    struct bytes v = fn_str(c, 0, i), with = fn_str(c, 2, i), g;
    size_t from = 0;
    int found = 0;
    if (!r)
        return ok;
    buf_reset(&c->scratch);
    for (size_t at = 0; (found = find(c, i, r, v, at)) > 0; at = after(r, v)) {
        group(r, v, 0, &g);
        buf_add(&c->scratch, bytes_slice(v, from, (size_t)(g.ptr - v.ptr)));
        if (!add_replacement(r, v, with, &c->scratch))
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Illegal replacement sequence: %.*s",
                           BYTES_ARG(with));
        from = (size_t)(g.ptr - v.ptr) + g.len;
    }
    buf_add(&c->scratch, bytes_slice(v, from, v.len));
    return found < 0 ? c->is_try : fn_out_scratch(c, i);
}

/* ---- replacement by a lambda: the groups of every match, and the pieces woven with the results
 * ---- */
/* Appends one match's groups, as a list, to the row's list. */
static void add_groups(struct fn_call *c, const struct regex *r, struct bytes v) {
    duckdb_vector lists = duckdb_list_vector_get_child(c->out);
    duckdb_list_vector_reserve(c->out, c->list_size + 1);
    duckdb_list_vector_set_size(c->out, c->list_size + 1);
    duckdb_vector texts = duckdb_list_vector_get_child(lists);
    idx_t at = duckdb_list_vector_get_size(lists);
    size_t n = pcre2_get_ovector_count(r->match) - 1;
    duckdb_list_vector_reserve(lists, at + n);
    duckdb_list_vector_set_size(lists, at + n);
    ((duckdb_list_entry *)duckdb_vector_get_data(lists))[c->list_size++] =
        (duckdb_list_entry){at, n};
    for (size_t k = 1; k <= n; k++, at++) {
        struct bytes g;
        if (group(r, v, k, &g)) {
            duckdb_vector_assign_string_element_len(texts, at, g.ptr ? g.ptr : "", g.len);
            continue;
        }
        duckdb_vector_ensure_validity_writable(texts);
        duckdb_validity_set_row_invalid(duckdb_vector_get_validity(texts), at);
    }
}
FN(regexp_groups) {
    bool ok = true;
    struct regex *r = compile(c, i, &ok);
    struct bytes v = fn_str(c, 0, i);
    int found = 0;
    if (!r)
        return ok;
    fn_list_begin(c, i);
    for (size_t at = 0; (found = find(c, i, r, v, at)) > 0; at = after(r, v))
        add_groups(c, r, v);
    return found < 0 ? c->is_try : fn_list_end(c, i);
}
static bool list_text(struct fn_call *c, size_t arg, idx_t at, struct bytes *ret) {
    duckdb_vector texts = duckdb_list_vector_get_child(c->vectors[arg]);
    *ret = duck_string((const duckdb_string_t *)duckdb_vector_get_data(texts) + at);
    return !duck_fn_is_null(duckdb_vector_get_validity(texts), at);
}
/* piece, result, piece, .., piece; a NULL result is nothing. */
FN(regexp_weave) {
    const duckdb_list_entry pieces = ((const duckdb_list_entry *)c->args[0])[i];
    const duckdb_list_entry results = ((const duckdb_list_entry *)c->args[1])[i];
    struct bytes t;
    buf_reset(&c->scratch);
    for (idx_t k = 0; k < pieces.length; k++) {
        if (list_text(c, 0, pieces.offset + k, &t))
            buf_add(&c->scratch, t);
        if (k < results.length && list_text(c, 1, results.offset + k, &t))
            buf_add(&c->scratch, t);
    }
    return fn_out_scratch(c, i);
}

const struct duck_function fn_regexp_table[] = {
    {"t_regexp_groups", "VARCHAR, VARCHAR", "VARCHAR[][]", call_regexp_groups, 0, NULL},
    {"t_regexp_weave", "VARCHAR[], VARCHAR[]", "VARCHAR", call_regexp_weave, 0, NULL},
    {"t_regexp_like", "VARCHAR, VARCHAR", "BOOLEAN", call_regexp_like, 0, NULL},
    {"t_regexp_extract", "VARCHAR, VARCHAR, BIGINT", "VARCHAR", call_regexp_extract, 0, NULL},
    {"t_regexp_extract_all", "VARCHAR, VARCHAR, BIGINT", "VARCHAR[]", call_regexp_extract_all, 0,
     NULL},
    {"t_regexp_split", "VARCHAR, VARCHAR", "VARCHAR[]", call_regexp_split, 0, NULL},
    {"t_regexp_count", "VARCHAR, VARCHAR", "BIGINT", call_regexp_count, 0, NULL},
    {"t_regexp_position", "VARCHAR, VARCHAR, BIGINT, BIGINT", "INTEGER", call_regexp_position, 0,
     NULL},
    {"t_regexp_replace", "VARCHAR, VARCHAR, VARCHAR", "VARCHAR", call_regexp_replace, 0, NULL},
};
const size_t fn_regexp_count = COUNT_OF(fn_regexp_table);
