/* fn_string.c - text by code points, with Trino's edge cases. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <stdlib.h>
#include <utf8proc.h>

static bool bad_argument(struct fn_call *c, idx_t i, const char *text) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s", text);
}

static int32_t decode(struct bytes v, size_t at, size_t *ret_size) {
    utf8proc_int32_t cp;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)v.ptr + at, (utf8proc_ssize_t)(v.len - at), &cp);
    *ret_size = n > 0 ? (size_t)n : 1;
    return n > 0 ? cp : -1;
}
static void add_character(struct buf *b, int32_t cp) {
    utf8proc_uint8_t t[4];
    utf8proc_ssize_t n = utf8proc_encode_char(cp, t);
    buf_add(b, bytes_of(t, (size_t)n));
}

/* ---- case, blanks ---- */
FN(upper) {
    struct bytes v = fn_str(c, 0, i);
    buf_reset(&c->scratch);
    for (size_t at = 0, n; at < v.len; at += n) {
        int32_t cp = decode(v, at, &n);
        if (cp < 0x80)
            buf_add_char(&c->scratch, (char)(cp >= 'a' && cp <= 'z' ? cp - 32 : v.ptr[at]));
        else /* one to one, as Java maps code points: sharp s stays */
            add_character(&c->scratch, cp == 0xDF ? cp : utf8proc_toupper(cp));
    }
    return fn_out_scratch(c, i);
}

static bool is_blank(int32_t cp) {
    return (cp >= 9 && cp <= 13) || (cp >= 28 && cp <= 32) || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x2006) || (cp >= 0x2008 && cp <= 0x200A) || cp == 0x2028 ||
           cp == 0x2029 || cp == 0x205F || cp == 0x3000;
}
static struct bytes trim_left(struct bytes v) {
    size_t at = 0, n;
    while (at < v.len && is_blank(decode(v, at, &n)))
        at += n;
    return bytes_slice(v, at, v.len);
}
static struct bytes trim_right(struct bytes v) {
    while (v.len) {
        size_t at = v.len - 1, n;
        while (at > 0 && ((unsigned char)v.ptr[at] & 0xC0) == 0x80)
            at--;
        if (!is_blank(decode(v, at, &n)))
            break;
        v.len = at;
    }
    return v;
}
FN(trim) {
    return fn_out_str(c, i, trim_right(trim_left(fn_str(c, 0, i))));
}
FN(ltrim) {
    return fn_out_str(c, i, trim_left(fn_str(c, 0, i)));
}
FN(rtrim) {
    return fn_out_str(c, i, trim_right(fn_str(c, 0, i)));
}

/* ---- parts ---- */
static struct bytes part(struct bytes v, size_t count, int64_t start, int64_t length,
                         bool characters) {
    if (start == 0 || length <= 0)
        return bytes_slice(v, 0, 0);
    if (start < 0)
        start += (int64_t)count + 1;
    if (start < 1 || (uint64_t)start > count)
        return bytes_slice(v, 0, 0);
    size_t from = (size_t)start - 1;
    size_t n = (uint64_t)length > count - from ? count - from : (size_t)length;
    if (!characters)
        return bytes_slice(v, from, from + n);
    size_t at = fn_utf8_offset(v, from);
    struct bytes rest = bytes_slice(v, at, v.len);
    return bytes_slice(rest, 0, fn_utf8_offset(rest, n));
}
FN(substr) {
    struct bytes v = fn_str(c, 0, i);
    int64_t n = c->arg_count > 2 ? fn_i64(c, 2, i) : INT64_MAX;
    return fn_out_str(c, i, part(v, fn_utf8_count(v), fn_i64(c, 1, i), n, true));
}
FN(substr_binary) {
    struct bytes v = fn_str(c, 0, i);
    int64_t n = c->arg_count > 2 ? fn_i64(c, 2, i) : INT64_MAX;
    return fn_out_str(c, i, part(v, v.len, fn_i64(c, 1, i), n, false));
}
FN(strpos) {
    struct bytes v = fn_str(c, 0, i), what = fn_str(c, 1, i);
    int64_t nth = fn_i64(c, 2, i), seen = 0;
    if (nth == 0)
        return bad_argument(c, i, "'instance' must not be equal to zero.");
    if (what.len == 0)
        return fn_out_i64(c, i, 1);
    if (nth > 0) {
        for (size_t at = 0; at + what.len <= v.len; at++)
            if (memcmp(v.ptr + at, what.ptr, what.len) == 0 && ++seen == nth)
                return fn_out_i64(c, i, (int64_t)fn_utf8_count(bytes_slice(v, 0, at)) + 1);
        return fn_out_i64(c, i, 0);
    }
    for (size_t at = v.len >= what.len ? v.len - what.len + 1 : 0; at-- > 0;)
        if (memcmp(v.ptr + at, what.ptr, what.len) == 0 && --seen == nth)
            return fn_out_i64(c, i, (int64_t)fn_utf8_count(bytes_slice(v, 0, at)) + 1);
    return fn_out_i64(c, i, 0);
}
FN(replace) {
    struct bytes v = fn_str(c, 0, i), what = fn_str(c, 1, i), with = fn_str(c, 2, i);
    buf_reset(&c->scratch);
    if (what.len == 0) { /* between all characters, and at both ends */
        buf_add(&c->scratch, with);
        for (size_t at = 0, n; at < v.len; at += n) {
            n = fn_utf8_size(v.ptr[at]);
            buf_add(&c->scratch, bytes_slice(v, at, at + n));
            buf_add(&c->scratch, with);
        }
        return fn_out_scratch(c, i);
    }
    for (ptrdiff_t at; (at = bytes_find(v, what)) >= 0;) {
        buf_add(&c->scratch, bytes_slice(v, 0, (size_t)at));
        buf_add(&c->scratch, with);
        v = bytes_slice(v, (size_t)at + what.len, v.len);
    }
    buf_add(&c->scratch, v);
    return fn_out_scratch(c, i);
}
FN(reverse) {
    struct bytes v = fn_str(c, 0, i);
    buf_reset(&c->scratch);
    while (v.len) {
        size_t at = v.len - 1;
        while (at > 0 && ((unsigned char)v.ptr[at] & 0xC0) == 0x80)
            at--;
        buf_add(&c->scratch, bytes_slice(v, at, v.len));
        v.len = at;
    }
    return fn_out_scratch(c, i);
}

static bool pad(struct fn_call *c, idx_t i, bool left) {
    struct bytes v = fn_str(c, 0, i), with = fn_str(c, 2, i);
    int64_t size = fn_i64(c, 1, i);
    if (size < 0 || size > INT32_MAX)
        return bad_argument(c, i, "Target length must be in the range [0..2147483647]");
    if (with.len == 0)
        return bad_argument(c, i, "Padding string must not be empty");
    size_t have = fn_utf8_count(v), want = (size_t)size;
    if (have >= want)
        return fn_out_str(c, i, bytes_slice(v, 0, fn_utf8_offset(v, want)));
    if (want > (size_t)1 << 26)
        return bad_argument(c, i, "Target length is too large");
    buf_reset(&c->scratch);
    if (!left)
        buf_add(&c->scratch, v);
    size_t room = want - have, unit = fn_utf8_count(with);
    for (; room >= unit; room -= unit)
        buf_add(&c->scratch, with);
    buf_add(&c->scratch, bytes_slice(with, 0, fn_utf8_offset(with, room)));
    if (left)
        buf_add(&c->scratch, v);
    return fn_out_scratch(c, i);
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
    struct bytes v = fn_str(c, 0, i), by = fn_str(c, 1, i);
    int64_t want = fn_i64(c, 2, i);
    if (want <= 0)
        return bad_argument(c, i, "Index must be greater than zero");
    if (by.len == 0) { /* every character is a part */
        size_t n = fn_utf8_count(v);
        if ((uint64_t)want > MAX_OF(n, (size_t)1))
            return fn_out_null(c, i);
        return fn_out_str(c, i, part(v, n, want, 1, true));
    }
    for (; want > 1; want--) {
        ptrdiff_t at = bytes_find(v, by);
        if (at < 0)
            return fn_out_null(c, i);
        v = bytes_slice(v, (size_t)at + by.len, v.len);
    }
    ptrdiff_t at = bytes_find(v, by);
    return fn_out_str(c, i, at < 0 ? v : bytes_slice(v, 0, (size_t)at));
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
        if (mid < 0)
            return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                           "Key-value delimiter must appear exactly once in each entry. Bad "
                           "input: '%.*s'",
                           BYTES_ARG(entry));
        fn_list_add(c, keys ? bytes_slice(entry, 0, (size_t)mid)
                            : bytes_slice(entry, (size_t)mid + eq.len, entry.len));
    }
    return fn_list_end(c, i);
}
FN(split_keys) {
    return split_entries(c, i, true);
}
FN(split_values) {
    return split_entries(c, i, false);
}

/* ---- characters ---- */
FN(chr) {
    int64_t cp = fn_i64(c, 0, i);
    if (cp < 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Not a valid Unicode code point: %lld",
                       (long long)cp);
    buf_reset(&c->scratch);
    add_character(&c->scratch, (int32_t)cp);
    return fn_out_scratch(c, i);
}
FN(codepoint) {
    struct bytes v = fn_str(c, 0, i);
    size_t n;
    if (fn_utf8_count(v) != 1)
        return bad_argument(c, i, "Input string must be a single character string");
    return fn_out_i32(c, i, decode(v, 0, &n));
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
        out[(*ret)++] = decode(v, at, &n);
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
        r += decode(x, a, &n) != decode(y, b, &m);
        a += n;
        b += m;
    }
    if (a < x.len || b < y.len)
        return bad_argument(
            c, i, "The input strings to hamming_distance function must have the same length");
    return fn_out_i64(c, i, r);
}
FN(soundex) {
    static const char codes[] = "01230120022455012623010202";
    struct bytes v = fn_str(c, 0, i);
    char out[5] = "0000", last = 0;
    size_t n = 0;
    for (size_t k = 0; k < v.len && n < 4; k++) {
        unsigned char ch = (unsigned char)v.ptr[k] & ~0x20u;
        if (ch < 'A' || ch > 'Z')
            continue;
        char code = codes[ch - 'A'];
        if (n == 0)
            out[n++] = (char)ch;
        else if (code != '0' && code != last)
            out[n++] = code;
        if (ch != 'H' && ch != 'W')
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
    {"t_luhn_check", "VARCHAR", "BOOLEAN", call_luhn_check, 0, NULL},
};
const size_t fn_string_count = COUNT_OF(fn_string_table);
