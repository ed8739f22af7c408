/* json_scan.c - a JSON scanner and compact writer. */
#include "duck/json_scan.h"
#include "base/mem.h"
#include "duck/fn_call.h"
#include <ctype.h>
#include <stdlib.h>

static inline bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline void blanks(struct json_scan *s) {
    while (s->at < s->t.len && is_blank(s->t.ptr[s->at]))
        s->at++;
}

char json_scan_kind(struct json_scan *s) {
    blanks(s);
    if (s->at >= s->t.len)
        return 0;
    char c = s->t.ptr[s->at];
    switch (c) {
    case '{':
    case '[':
    case '"':
    case 't':
    case 'f':
    case 'n':
        return c;
    default:
        return c == '-' || (c >= '0' && c <= '9') ? '0' : 0;
    }
}

bool json_scan_end(struct json_scan *s) {
    blanks(s);
    return s->at == s->t.len;
}

static inline bool take(struct json_scan *s, char c) {
    blanks(s);
    if (s->at >= s->t.len || s->t.ptr[s->at] != c)
        return false;
    s->at++;
    return true;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* From `at` on past what is no quote, backslash or control character, eight bytes at a time: a
 * byte's high bit is set in `stop` where it is one. Up to the first such byte that is exact; what
 * a borrow makes of the bytes after it does not matter. */
static inline size_t plain_bytes(struct bytes t, size_t at) {
    for (; at + 8 <= t.len; at += 8) {
        uint64_t w;
        memcpy(&w, t.ptr + at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        w = __builtin_bswap64(w);
#endif
        uint64_t quote = w ^ EACH('"'), slash = w ^ EACH('\\');
        uint64_t stop =
            ((quote - EACH(1)) & ~quote) | ((slash - EACH(1)) & ~slash) | ((w - EACH(0x20)) & ~w);
        stop &= EACH(0x80);
        if (stop)
            return at + (size_t)__builtin_ctzll(stop) / 8;
    }
    return at;
}

static bool scan_string(struct json_scan *s, struct bytes *ret) {
    if (!take(s, '"'))
        return false;
    size_t from = s->at, len = s->t.len, at = plain_bytes(s->t, from);
    const char *t = s->t.ptr;
    while (at < len && t[at] != '"') {
        if ((unsigned char)t[at] < 0x20)
            return false;
        at = t[at] == '\\' ? plain_bytes(s->t, at + 2) : at + 1;
    }
    s->at = at;
    if (at >= len)
        return false;
    *ret = bytes_of(t + from, at - from);
    s->at++;
    return true;
}

static bool digits(struct json_scan *s) {
    size_t from = s->at;
    while (s->at < s->t.len && s->t.ptr[s->at] >= '0' && s->t.ptr[s->at] <= '9')
        s->at++;
    return s->at > from;
}
static bool scan_number(struct json_scan *s) {
    if (s->t.ptr[s->at] == '-')
        s->at++;
    bool zero = s->at < s->t.len && s->t.ptr[s->at] == '0';
    size_t from = s->at;
    if (!digits(s) || (zero && s->at > from + 1))
        return false;
    if (s->at < s->t.len && s->t.ptr[s->at] == '.') {
        s->at++;
        if (!digits(s))
            return false;
    }
    if (s->at < s->t.len && (s->t.ptr[s->at] | 32) == 'e') {
        s->at++;
        if (s->at < s->t.len && (s->t.ptr[s->at] == '-' || s->t.ptr[s->at] == '+'))
            s->at++;
        return digits(s);
    }
    return true;
}
static bool scan_word(struct json_scan *s) {
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++)
        if (bytes_starts_with(bytes_slice(s->t, s->at, s->t.len), bytes_str(words[i]))) {
            s->at += strlen(words[i]);
            return true;
        }
    return false;
}

static bool skip(struct json_scan *s, int depth) {
    struct bytes v;
    bool bad = false;
    char kind = json_scan_kind(s);
    switch (kind) {
    case '"':
        return scan_string(s, &v);
    case '0':
        return scan_number(s);
    case 't':
    case 'f':
    case 'n':
        return scan_word(s);
    case '{':
    case '[':
        if (depth >= JSON_SCAN_DEPTH)
            return false;
        for (bool in = json_scan_enter(s, &bad); in; in = json_scan_next(s, &bad))
            if ((kind == '{' && !json_scan_name(s, &v)) || !skip(s, depth + 1))
                return false;
        return !bad;
    default:
        return false;
    }
}

bool json_scan_value_in(struct json_scan *s, int depth, struct bytes *ret_value) {
    blanks(s);
    size_t from = s->at;
    if (!skip(s, depth))
        return false;
    *ret_value = bytes_of(s->t.ptr + from, s->at - from);
    return true;
}
bool json_scan_value(struct json_scan *s, struct bytes *ret_value) {
    return json_scan_value_in(s, 0, ret_value);
}

bool json_scan_enter(struct json_scan *s, bool *ret_bad) {
    *ret_bad = false;
    char close = s->t.ptr[s->at++] == '{' ? '}' : ']';
    return !take(s, close);
}
bool json_scan_name(struct json_scan *s, struct bytes *ret_name) {
    blanks(s);
    return scan_string(s, ret_name) && take(s, ':');
}
bool json_scan_next(struct json_scan *s, bool *ret_bad) {
    if (take(s, ','))
        return true;
    *ret_bad = !take(s, '}') && !take(s, ']');
    return false;
}

/* ---- strings ---- */
static bool hex4(struct bytes t, size_t at, unsigned *ret) {
    *ret = 0;
    for (size_t i = at; i < at + 4; i++) {
        if (i >= t.len || !isxdigit((unsigned char)t.ptr[i]))
            return false;
        char c = t.ptr[i];
        *ret = *ret * 16 + (unsigned)(isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return true;
}
static void add_utf8(struct buf *b, unsigned cp) {
    char t[4];
    size_t n = 0;
    if (cp < 0x80)
        t[n++] = (char)cp;
    else if (cp < 0x800) {
        t[n++] = (char)(0xC0 | cp >> 6);
        t[n++] = (char)(0x80 | (cp & 63));
    } else if (cp < 0x10000) {
        t[n++] = (char)(0xE0 | cp >> 12);
        t[n++] = (char)(0x80 | (cp >> 6 & 63));
        t[n++] = (char)(0x80 | (cp & 63));
    } else {
        t[n++] = (char)(0xF0 | cp >> 18);
        t[n++] = (char)(0x80 | (cp >> 12 & 63));
        t[n++] = (char)(0x80 | (cp >> 6 & 63));
        t[n++] = (char)(0x80 | (cp & 63));
    }
    buf_add(b, bytes_of(t, n));
}
static bool add_unicode(struct bytes raw, size_t *at, struct buf *out) {
    unsigned cp, low;
    if (!hex4(raw, *at + 1, &cp))
        return false;
    *at += 4;
    if (cp >= 0xD800 && cp < 0xDC00 && *at + 2 < raw.len && raw.ptr[*at + 1] == '\\' &&
        raw.ptr[*at + 2] == 'u' && hex4(raw, *at + 3, &low) && low >= 0xDC00 && low < 0xE000) {
        cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
        *at += 6;
    }
    add_utf8(out, cp >= 0xD800 && cp < 0xE000 ? 0xFFFD : cp);
    return true;
}
bool json_unescape(struct bytes raw, struct buf *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] != '\\') {
            buf_add_char(out, raw.ptr[i]);
            continue;
        }
        if (++i == raw.len)
            return false;
        const char *p = raw.ptr[i] ? strchr(from, raw.ptr[i]) : NULL;
        if (p)
            buf_add_char(out, to[p - from]);
        else if (raw.ptr[i] != 'u' || !add_unicode(raw, &i, out))
            return false;
    }
    return true;
}
void json_quote(struct bytes text, struct buf *out) {
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *p = c ? strchr(from, c) : NULL;
        if (p) {
            buf_add_char(out, '\\');
            buf_add_char(out, to[p - from]);
        } else if ((unsigned char)c < 0x20) {
            buf_add_fmt(out, "\\u%04X", (unsigned char)c);
        } else {
            buf_add_char(out, c);
        }
    }
    buf_add_char(out, '"');
}

/* ---- compact writing ---- */
static bool compact(struct json_scan *s, struct buf *out, bool sorted, int depth);

static bool write_string(struct bytes raw, struct buf *out) {
    struct buf b = {0};
    bool ok = json_unescape(raw, &b);
    json_quote(buf_bytes(&b), out);
    out->failed |= b.failed;
    buf_clear(&b);
    return ok;
}
static bool write_number(struct bytes t, struct buf *out) {
    char text[40], copy[64];
    bool whole = true;
    for (size_t i = 0; i < t.len; i++)
        whole &= isdigit((unsigned char)t.ptr[i]) || t.ptr[i] == '-';
    if (whole) {
        buf_add(out, t);
        return true;
    }
    char *number = copy;
    if (t.len >= sizeof(copy) && !(number = mem_alloc(t.len + 1)))
        return false;
    memcpy(number, t.ptr, t.len);
    number[t.len] = 0;
    fn_java_double(strtod(number, NULL), false, text);
    if (number != copy)
        mem_free(number);
    buf_add_str(out, text);
    return true;
}

struct member {
    struct buf name, value;
    size_t order;
};
static int by_name(const void *x, const void *y) {
    const struct member *a = x, *b = y;
    int d = bytes_cmp(buf_bytes(&a->name), buf_bytes(&b->name));
    return d ? d : a->order < b->order ? -1 : 1;
}
static void write_members(struct member *m, size_t n, struct buf *out) {
    bool first = true;
    if (n > 1)
        qsort(m, n, sizeof(*m), by_name);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && bytes_eq(buf_bytes(&m[i].name), buf_bytes(&m[i + 1].name)))
            continue;
        buf_add_str(out, first ? "" : ",");
        json_quote(buf_bytes(&m[i].name), out);
        buf_add_char(out, ':');
        buf_add(out, buf_bytes(&m[i].value));
        first = false;
    }
}
static bool read_member(struct json_scan *s, struct member *m, size_t order, int depth) {
    struct bytes name;
    *m = (struct member){.order = order};
    return json_scan_name(s, &name) && json_unescape(name, &m->name) &&
           compact(s, &m->value, true, depth + 1);
}
static bool sorted_object(struct json_scan *s, struct buf *out, int depth) {
    struct member *m = NULL;
    size_t n = 0, room = 0;
    bool bad = false, ok = true;
    for (bool in = json_scan_enter(s, &bad); ok && in; in = json_scan_next(s, &bad)) {
        if (n == room) {
            struct member *grown = mem_realloc(m, (room = room ? room * 2 : 8) * sizeof(*m));
            if (!grown) {
                out->failed = true;
                break;
            }
            m = grown;
        }
        ok = read_member(s, &m[n], n, depth);
        out->failed |= m[n].name.failed || m[n].value.failed;
        n++;
    }
    buf_add_char(out, '{');
    write_members(m, ok ? n : 0, out);
    buf_add_char(out, '}');
    for (size_t i = 0; i < n; i++) {
        buf_clear(&m[i].name);
        buf_clear(&m[i].value);
    }
    mem_free(m);
    return ok && !bad;
}
static bool plain_members(struct json_scan *s, struct buf *out, bool sorted, int depth, char kind) {
    struct bytes name;
    bool bad = false, first = true;
    buf_add_char(out, kind);
    for (bool in = json_scan_enter(s, &bad); in; in = json_scan_next(s, &bad)) {
        buf_add_str(out, first ? "" : ",");
        first = false;
        if (kind == '{') {
            if (!json_scan_name(s, &name) || !write_string(name, out))
                return false;
            buf_add_char(out, ':');
        }
        if (!compact(s, out, sorted, depth + 1))
            return false;
    }
    buf_add_char(out, kind == '{' ? '}' : ']');
    return !bad;
}
static bool compact(struct json_scan *s, struct buf *out, bool sorted, int depth) {
    struct bytes v;
    char kind = json_scan_kind(s);
    if (kind == '{' || kind == '[') {
        if (depth >= JSON_SCAN_DEPTH)
            return false;
        return kind == '{' && sorted ? sorted_object(s, out, depth)
                                     : plain_members(s, out, sorted, depth, kind);
    }
    if (!kind || !json_scan_value(s, &v))
        return false;
    if (kind == '"')
        return write_string(bytes_slice(v, 1, v.len - 1), out);
    if (kind == '0')
        return write_number(v, out);
    buf_add(out, v);
    return true;
}
bool json_compact(struct json_scan *s, struct buf *out, bool sorted) {
    return compact(s, out, sorted, 0);
}
