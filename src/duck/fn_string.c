/* fn_string.c - text by code points, with Trino's edge cases. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/text_edit.h"
#include <stdlib.h>
#include <utf8proc.h>

static bool bad_argument(struct fn_call *c, idx_t i, const char *text) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s", text);
}

/* ---- case, blanks ---- */
FN(upper) {
    buf_reset(&c->scratch);
    text_upper(fn_str(c, 0, i), &c->scratch);
    return fn_out_scratch(c, i);
}

FN(trim) {
    return fn_out_str(c, i, text_trim_right(text_trim_left(fn_str(c, 0, i))));
}
FN(ltrim) {
    return fn_out_str(c, i, text_trim_left(fn_str(c, 0, i)));
}
FN(rtrim) {
    return fn_out_str(c, i, text_trim_right(fn_str(c, 0, i)));
}

/* ---- parts ---- */
FN(substr) {
    int64_t n = c->arg_count > 2 ? fn_i64(c, 2, i) : INT64_MAX;
    return fn_out_str(c, i, text_substr(fn_str(c, 0, i), fn_i64(c, 1, i), n));
}
FN(substr_binary) {
    int64_t n = c->arg_count > 2 ? fn_i64(c, 2, i) : INT64_MAX;
    return fn_out_str(c, i, text_bytes_substr(fn_str(c, 0, i), fn_i64(c, 1, i), n));
}
FN(strpos) {
    int64_t nth = fn_i64(c, 2, i);
    if (nth == 0)
        return bad_argument(c, i, "'instance' must not be equal to zero.");
    return fn_out_i64(c, i, text_position(fn_str(c, 0, i), fn_str(c, 1, i), nth));
}
FN(replace) {
    buf_reset(&c->scratch);
    text_replace(fn_str(c, 0, i), fn_str(c, 1, i), fn_str(c, 2, i), &c->scratch);
    return fn_out_scratch(c, i);
}
FN(reverse) {
    buf_reset(&c->scratch);
    text_reverse(fn_str(c, 0, i), &c->scratch);
    return fn_out_scratch(c, i);
}

static bool pad(struct fn_call *c, idx_t i, bool left) {
    const char *why;
    buf_reset(&c->scratch);
    return text_pad(fn_str(c, 0, i), fn_i64(c, 1, i), fn_str(c, 2, i), left, &c->scratch, &why)
               ? fn_out_scratch(c, i)
               : bad_argument(c, i, why);
}
FN(lpad) {
    return pad(c, i, true);
}
FN(rpad) {
    return pad(c, i, false);
}

/* ---- splitting ---- */
FN(split) {
    struct bytes v = fn_str(c, 0, i), by = fn_str(c, 1, i);
    int64_t limit = c->arg_count > 2 ? fn_i64(c, 2, i) : INT64_MAX, n = 1;
    if (limit <= 0)
        return bad_argument(c, i, "Limit must be positive");
    if (c->arg_count > 2 && limit > INT32_MAX)
        return bad_argument(c, i, "Limit is too large");
    if (by.len == 0)
        return bad_argument(c, i, "The delimiter may not be the empty string");
    fn_list_begin(c, i);
    for (ptrdiff_t at; n < limit && (at = bytes_find(v, by)) >= 0; n++) {
        fn_list_add(c, bytes_slice(v, 0, (size_t)at));
        v = bytes_slice(v, (size_t)at + by.len, v.len);
    }
    fn_list_add(c, v);
    return fn_list_end(c, i);
}
FN(split_part) {
    struct bytes part;
    int64_t want = fn_i64(c, 2, i);
    if (want <= 0)
        return bad_argument(c, i, "Index must be greater than zero");
    return text_split_part(fn_str(c, 0, i), fn_str(c, 1, i), want, &part) ? fn_out_str(c, i, part)
                                                                          : fn_out_null(c, i);
}

/* split_to_map: the entries' texts; a macro makes the map of t_split_keys and t_split_values. */
static bool split_entries(struct fn_call *c, idx_t i, bool keys) {
    struct bytes v = fn_str(c, 0, i), by = fn_str(c, 1, i), eq = fn_str(c, 2, i);
    if (by.len == 0)
        return bad_argument(c, i, "entryDelimiter is empty");
    if (eq.len == 0)
        return bad_argument(c, i, "keyValueDelimiter is empty");
    if (bytes_eq(by, eq))
        return bad_argument(c, i, "entryDelimiter and keyValueDelimiter must not be the same");
    fn_list_begin(c, i);
    while (v.len) {
        ptrdiff_t at = bytes_find(v, by);
        struct bytes entry = at < 0 ? v : bytes_slice(v, 0, (size_t)at);
        v = at < 0 ? (struct bytes){0} : bytes_slice(v, (size_t)at + by.len, v.len);
        if (!entry.len && v.len == 0)
            break;
        ptrdiff_t mid = bytes_find(entry, eq);
        struct bytes rest = mid < 0 ? entry : bytes_slice(entry, (size_t)mid + eq.len, entry.len);
        if (mid < 0 || bytes_find(rest, eq) >= 0)
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                           "Key-value delimiter must appear exactly once in each entry. Bad "
                           "input: '%.*s'",
                           BYTES_ARG(entry));
        fn_list_add(c, keys ? bytes_slice(entry, 0, (size_t)mid) : rest);
    }
    return fn_list_end(c, i);
}
FN(split_keys) {
    return split_entries(c, i, true);
}
FN(split_values) {
    return split_entries(c, i, false);
}

/* ---- LIKE ---- */
/* The pattern, when every escape character stands before something to escape. */
FN(like_pattern) {
    struct bytes p = fn_str(c, 0, i), e = fn_str(c, 1, i);
    size_t n, size;
    if (fn_utf8_count(e) != 1)
        return bad_argument(c, i, "Escape string must be a single character");
    int32_t escape = text_decode(e, 0, &n);
    for (size_t at = 0; at < p.len; at += size) {
        if (text_decode(p, at, &size) != escape)
            continue;
        at += size;
        int32_t next = at < p.len ? text_decode(p, at, &size) : -1;
        if (next != '%' && next != '_' && next != escape)
            return bad_argument(c, i,
                                "Escape character must be followed by '%', '_' or the escape "
                                "character itself");
    }
    return fn_out_str(c, i, p);
}

/* ---- characters ---- */
FN(chr) {
    int64_t cp = fn_i64(c, 0, i);
    if (cp < 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Not a valid Unicode code point: %lld",
                       (long long)cp);
    buf_reset(&c->scratch);
    text_add(&c->scratch, (int32_t)cp);
    return fn_out_scratch(c, i);
}
FN(codepoint) {
    struct bytes v = fn_str(c, 0, i);
    size_t n;
    if (fn_utf8_count(v) != 1)
        return bad_argument(c, i, "Input string must be a single character string");
    return fn_out_i32(c, i, text_decode(v, 0, &n));
}
FN(normalize) {
    struct bytes v = fn_str(c, 0, i), form = fn_str(c, 1, i);
    utf8proc_option_t o = UTF8PROC_STABLE;
    if (bytes_eq_nocase(form, BYTES("NFC")))
        o |= UTF8PROC_COMPOSE;
    else if (bytes_eq_nocase(form, BYTES("NFD")))
        o |= UTF8PROC_DECOMPOSE;
    else if (bytes_eq_nocase(form, BYTES("NFKC")))
        o |= UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    else if (bytes_eq_nocase(form, BYTES("NFKD")))
        o |= UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
    else
        return bad_argument(c, i, "Normalization form must be one of [NFD, NFC, NFKD, NFKC]");
    utf8proc_uint8_t *r = NULL;
    utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)v.ptr, (utf8proc_ssize_t)v.len, &r, o);
    if (n < 0)
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    bool ok = fn_out_str(c, i, bytes_of(r, (size_t)n));
    free(r);
    return ok;
}

/* ---- distances ---- */
static bool code_points(struct bytes v, int32_t *out, size_t max, size_t *ret) {
    *ret = 0;
    for (size_t at = 0, n; at < v.len; at += n) {
        if (*ret == max)
            return false;
        out[(*ret)++] = text_decode(v, at, &n);
    }
    return true;
}
FN(levenshtein) {
    enum { MAX = 1000 };
    int32_t x[MAX], y[MAX];
    int64_t row[MAX + 1];
    size_t n, m;
    if (!code_points(fn_str(c, 0, i), x, MAX, &n) || !code_points(fn_str(c, 1, i), y, MAX, &m))
        return bad_argument(c, i, "The combined inputs for Levenshtein distance are too large");
    for (size_t j = 0; j <= m; j++)
        row[j] = (int64_t)j;
    for (size_t k = 1; k <= n; k++) {
        int64_t diagonal = row[0];
        row[0] = (int64_t)k;
        for (size_t j = 1; j <= m; j++) {
            int64_t above = row[j], change = diagonal + (x[k - 1] != y[j - 1]);
            row[j] = MIN_OF(MIN_OF(above + 1, row[j - 1] + 1), change);
            diagonal = above;
        }
    }
    return fn_out_i64(c, i, row[m]);
}
FN(hamming) {
    struct bytes x = fn_str(c, 0, i), y = fn_str(c, 1, i);
    int64_t r = 0;
    size_t a = 0, b = 0, n, m;
    while (a < x.len && b < y.len) {
        r += text_decode(x, a, &n) != text_decode(y, b, &m);
        a += n;
        b += m;
    }
    if (a < x.len || b < y.len)
        return bad_argument(
            c, i, "The input strings to hamming_distance function must have the same length");
    return fn_out_i64(c, i, r);
}
/* Letters only, by their American codes; '-' is one that does not part equal codes. */
FN(soundex) {
    static const char codes[] = "01230120022455012623010202";
    struct bytes v = fn_str(c, 0, i);
    char out[5] = "0000", last = 0;
    size_t n = 0, size;
    for (size_t at = 0; at < v.len; at += size) {
        int32_t cp = text_decode(v, at, &size);
        if (cp >= 0x80 && utf8proc_category(cp) >= UTF8PROC_CATEGORY_LU &&
            utf8proc_category(cp) <= UTF8PROC_CATEGORY_LO) {
            char t[5] = {0};
            int32_t upper = utf8proc_toupper(cp);
            (void)utf8proc_encode_char(upper, (utf8proc_uint8_t *)t);
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                           "The character is not mapped: %s (index=%d)", t, (int)upper - 'A');
        }
        int letter = cp < 0x80 ? cp & ~0x20 : 0;
        if (letter < 'A' || letter > 'Z' || n == 4)
            continue;
        char code = codes[letter - 'A'];
        if (n == 0)
            out[n++] = (char)letter;
        else if (code != '0' && code != last)
            out[n++] = code;
        if (letter != 'H' && letter != 'W')
            last = code;
    }
    return fn_out_str(c, i, n ? bytes_of(out, 4) : BYTES(""));
}
FN(luhn_check) {
    struct bytes v = fn_str(c, 0, i);
    int sum = 0;
    if (v.len == 0)
        return fn_out_bool(c, i, false);
    for (size_t k = 0; k < v.len; k++) {
        int d = v.ptr[v.len - 1 - k] - '0';
        if (d < 0 || d > 9)
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Input contains non-digit character");
        d *= k % 2 ? 2 : 1;
        sum += d > 9 ? d - 9 : d;
    }
    return fn_out_bool(c, i, sum % 10 == 0);
}

const struct duck_function fn_string_table[] = {
    {"t_upper", "VARCHAR", "VARCHAR", call_upper, 0, NULL},
    {"t_trim", "VARCHAR", "VARCHAR", call_trim, 0, NULL},
    {"t_ltrim", "VARCHAR", "VARCHAR", call_ltrim, 0, NULL},
    {"t_rtrim", "VARCHAR", "VARCHAR", call_rtrim, 0, NULL},
    {"t_substr", "VARCHAR, BIGINT", "VARCHAR", call_substr, 0, NULL},
    {"t_substr", "VARCHAR, BIGINT, BIGINT", "VARCHAR", call_substr, 0, NULL},
    {"t_substr", "BLOB, BIGINT", "BLOB", call_substr_binary, 0, NULL},
    {"t_substr", "BLOB, BIGINT, BIGINT", "BLOB", call_substr_binary, 0, NULL},
    {"t_strpos", "VARCHAR, VARCHAR, BIGINT", "BIGINT", call_strpos, 0, NULL},
    {"t_replace", "VARCHAR, VARCHAR, VARCHAR", "VARCHAR", call_replace, 0, NULL},
    {"t_reverse", "VARCHAR", "VARCHAR", call_reverse, 0, NULL},
    {"t_lpad", "VARCHAR, BIGINT, VARCHAR", "VARCHAR", call_lpad, 0, NULL},
    {"t_rpad", "VARCHAR, BIGINT, VARCHAR", "VARCHAR", call_rpad, 0, NULL},
    {"t_split", "VARCHAR, VARCHAR", "VARCHAR[]", call_split, 0, NULL},
    {"t_split", "VARCHAR, VARCHAR, BIGINT", "VARCHAR[]", call_split, 0, NULL},
    {"t_split_part", "VARCHAR, VARCHAR, BIGINT", "VARCHAR", call_split_part, 0, NULL},
    {"t_split_keys", "VARCHAR, VARCHAR, VARCHAR", "VARCHAR[]", call_split_keys, 0, NULL},
    {"t_split_values", "VARCHAR, VARCHAR, VARCHAR", "VARCHAR[]", call_split_values, 0, NULL},
    {"t_chr", "BIGINT", "VARCHAR", call_chr, 0, NULL},
    {"t_codepoint", "VARCHAR", "INTEGER", call_codepoint, 0, NULL},
    {"t_normalize", "VARCHAR, VARCHAR", "VARCHAR", call_normalize, 0, NULL},
    {"t_levenshtein", "VARCHAR, VARCHAR", "BIGINT", call_levenshtein, 0, NULL},
    {"t_hamming", "VARCHAR, VARCHAR", "BIGINT", call_hamming, 0, NULL},
    {"t_soundex", "VARCHAR", "VARCHAR", call_soundex, 0, NULL},
    {"t_like_pattern", "VARCHAR, VARCHAR", "VARCHAR", call_like_pattern, 0, NULL},
    {"t_luhn_check", "VARCHAR", "BOOLEAN", call_luhn_check, 0, NULL},
};
const size_t fn_string_count = COUNT_OF(fn_string_table);
