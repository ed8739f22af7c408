/* fn_special.c - ipaddress, ipprefix and uuid: text, bytes and networks.
 *
 * An address is 16 bytes, IPv4 as ::ffff:a.b.c.d, so that bytes compare as addresses do. A prefix
 * is its first address and a byte for its length, which counts IPv4's own 32 bits. Text is read as
 * strictly as Java's parsers do; of several runs of zero groups the first longest is shown as "::".
 * Source: https://trino.io/docs/current/functions/ipaddress.html, RFC 4291, RFC 5952 */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <ctype.h>
#include <stdio.h>

struct address {
    unsigned char b[16];
};
static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const unsigned char *b) {
    return memcmp(b, v4_prefix, sizeof(v4_prefix)) == 0;
}

/* ---- reading ---- */
static bool read_octet(struct bytes t, size_t *at, unsigned char *ret) {
    size_t from = *at;
    int v = 0;
    while (*at < t.len && isdigit((unsigned char)t.ptr[*at]) && *at - from < 3)
        v = 10 * v + (t.ptr[(*at)++] - '0');
    if (*at == from || v > 255 || (t.ptr[from] == '0' && *at - from > 1))
        return false;
    *ret = (unsigned char)v;
    return true;
}

static bool read_v4(struct bytes t, unsigned char *ret) {
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        if (i && (at >= t.len || t.ptr[at++] != '.'))
            return false;
        if (!read_octet(t, &at, ret + i))
            return false;
    }
    return at == t.len;
}

static int hex_digit(char c) {
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10
                                        : -1;
}

/* Groups up to the end or "::"; IPv4 may be the last two. How many bytes, -1 when malformed. */
static int read_groups(struct bytes t, size_t *at, unsigned char *ret) {
    int n = 0;
    while (*at < t.len) {
        size_t from = *at;
        unsigned v = 0;
        while (*at < t.len && hex_digit(t.ptr[*at]) >= 0)
            v = v << 4 | (unsigned)hex_digit(t.ptr[(*at)++]);
        if (*at < t.len && t.ptr[*at] == '.') {
            if (n > 12 || !read_v4(bytes_slice(t, from, t.len), ret + n))
                return -1;
            *at = t.len;
            return n + 4;
        }
        if (*at == from || *at - from > 4 || n > 14)
            return -1;
        ret[n++] = (unsigned char)(v >> 8);
        ret[n++] = (unsigned char)v;
        if (*at == t.len)
            return n;
        if (t.ptr[(*at)++] != ':' || *at == t.len)
            return -1;
        if (t.ptr[*at] == ':')
            return n; /* `at` is on the second colon */
    }
    return n;
}

static bool read_v6(struct bytes t, struct address *ret) {
    unsigned char head[16], tail[16];
    size_t at = 0;
    int front = 0, back = 0;
    bool gap = t.len >= 2 && t.ptr[0] == ':' && t.ptr[1] == ':';
    if (gap) {
        at = 1;
    } else {
        front = read_groups(t, &at, head);
        gap = at < t.len;
    }
    if (front < 0 || (!gap && front != 16))
        return false;
    if (gap) {
        at++; /* the second colon */
        if (at < t.len)
            back = read_groups(t, &at, tail);
        if (back < 0 || at != t.len || front + back > 14)
            return false;
    }
    *ret = (struct address){{0}};
    memcpy(ret->b, head, (size_t)front);
    memcpy(ret->b + 16 - back, tail, (size_t)back);
    return true;
}

static bool read_address(struct bytes t, struct address *ret) {
    memcpy(ret->b, v4_prefix, sizeof(v4_prefix));
    return memchr(t.ptr, ':', t.len) ? read_v6(t, ret) : read_v4(t, ret->b + 12);
}

/* ---- writing ---- */
static void write_address(const unsigned char *b, struct buf *out) {
    int best = -1, best_len = 1;
    if (is_v4(b)) {
        buf_add_fmt(out, "%d.%d.%d.%d", b[12], b[13], b[14], b[15]);
        return;
    }
    for (int i = 0, len = 0; i < 8; i++) {
        len = b[2 * i] || b[2 * i + 1] ? 0 : len + 1;
        if (len > best_len) {
            best_len = len;
            best = i - len + 1;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            buf_add_str(out, "::");
            i += best_len - 1;
            continue;
        }
        if (i && i != best + best_len)
            buf_add_char(out, ':');
        else if (i && best < 0)
            buf_add_char(out, ':');
        buf_add_fmt(out, "%x", b[2 * i] << 8 | b[2 * i + 1]);
    }
}

FN(ip_text) {
    c->scratch.len = 0;
    write_address((const unsigned char *)fn_str(c, 0, i).ptr, &c->scratch);
    return fn_out_scratch(c, i);
}

FN(cast_ipaddress) {
    struct address a;
    struct bytes t = fn_str(c, 0, i);
    if (!read_address(t, &a))
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast value to IPADDRESS: %.*s",
                       (int)MIN_OF(t.len, (size_t)400), t.ptr);
    return fn_out_str(c, i, bytes_of((char *)a.b, 16));
}

FN(ip_of_bytes) {
    struct bytes t = fn_str(c, 0, i);
    char b[16];
    if (t.len == 16)
        return fn_out_str(c, i, t);
    if (t.len != 4)
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Invalid IP address binary length: %zu",
                       t.len);
    memcpy(b, v4_prefix, sizeof(v4_prefix));
    memcpy(b + 12, t.ptr, 4);
    return fn_out_str(c, i, bytes_of(b, 16));
}

/* ---- networks ---- */
/* Bits of the 16 bytes that a length names. */
static int full_length(const unsigned char *b, int length) {
    return is_v4(b) ? length + 96 : length;
}

/* The bits behind `length` become 0, or 1. */
static void fill(unsigned char *b, int length, bool ones) {
    for (int k = length; k < 128; k++) {
        unsigned char bit = (unsigned char)(0x80 >> k % 8);
        b[k / 8] = (unsigned char)(ones ? b[k / 8] | bit : b[k / 8] & ~bit);
    }
}

static bool same_network(const unsigned char *a, const unsigned char *b, int length) {
    int whole = length / 8, rest = length % 8;
    if (memcmp(a, b, (size_t)whole) != 0)
        return false;
    return !rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool bad(struct fn_call *c, idx_t i, const char *what) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s", what);
}

/* contains(cidr, address) */
FN(cidr_contains) {
    struct bytes t = fn_str(c, 0, i), base;
    struct address a, masked;
    int64_t length;
    const char *slash = t.len ? memchr(t.ptr, '/', t.len) : NULL;
    if (!slash)
        return bad(c, i, "Invalid CIDR");
    base = bytes_of(t.ptr, (size_t)(slash - t.ptr));
    if (!read_address(base, &a))
        return bad(c, i, "Invalid network IP address");
    if (!bytes_to_i64(bytes_slice(t, base.len + 1, t.len), &length) || length < 0)
        return bad(c, i, "Invalid prefix length");
    bool v4 = !memchr(base.ptr, ':', base.len);
    if (length > (v4 ? 32 : 128))
        return bad(c, i, "Invalid CIDR");
    masked = a;
    fill(masked.b, (int)length + (v4 ? 96 : 0), false);
    if (v4 && memcmp(masked.b, a.b, 16) != 0)
        return bad(c, i, "Invalid CIDR");
    return fn_out_bool(
        c, i,
        same_network(a.b, (const unsigned char *)fn_str(c, 1, i).ptr, (int)length + (v4 ? 96 : 0)));
}

static bool out_prefix(struct fn_call *c, idx_t i, const struct address *a, int length) {
    char b[17];
    struct address first = *a;
    fill(first.b, full_length(a->b, length), false);
    memcpy(b, first.b, 16);
    b[16] = (char)length;
    return fn_out_str(c, i, bytes_of(b, 17));
}

FN(ip_prefix) {
    struct address a;
    int64_t length = fn_i64(c, 1, i);
    memcpy(a.b, fn_str(c, 0, i).ptr, 16);
    int most = is_v4(a.b) ? 32 : 128;
    if (length < 0 || length > most)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "IPv%d subnet size must be in range [0, %d]", most == 32 ? 4 : 6, most);
    return out_prefix(c, i, &a, (int)length);
}

FN(ip_to_prefix) {
    struct address a;
    memcpy(a.b, fn_str(c, 0, i).ptr, 16);
    return out_prefix(c, i, &a, is_v4(a.b) ? 32 : 128);
}

FN(cast_ipprefix) {
    struct bytes t = fn_str(c, 0, i);
    struct address a;
    int64_t length = -1;
    const char *slash = t.len ? memchr(t.ptr, '/', t.len) : NULL;
    size_t at = slash ? (size_t)(slash - t.ptr) : 0;
    bool ok = slash && read_address(bytes_slice(t, 0, at), &a) &&
              bytes_to_i64(bytes_slice(t, at + 1, t.len), &length);
    if (!ok || length < 0 || length > (is_v4(a.b) ? 32 : 128))
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast value to IPPREFIX: %.*s",
                       (int)MIN_OF(t.len, (size_t)400), t.ptr);
    return out_prefix(c, i, &a, (int)length);
}

FN(ipprefix_text) {
    const unsigned char *b = (const unsigned char *)fn_str(c, 0, i).ptr;
    c->scratch.len = 0;
    write_address(b, &c->scratch);
    buf_add_fmt(&c->scratch, "/%d", b[16]);
    return fn_out_scratch(c, i);
}

FN(subnet_min) {
    return fn_out_str(c, i, bytes_slice(fn_str(c, 0, i), 0, 16));
}

FN(subnet_max) {
    const unsigned char *b = (const unsigned char *)fn_str(c, 0, i).ptr;
    struct address a;
    memcpy(a.b, b, 16);
    fill(a.b, full_length(b, b[16]), true);
    return fn_out_str(c, i, bytes_of((char *)a.b, 16));
}

/* is_subnet_of(prefix, address or prefix) */
FN(subnet_of) {
    const unsigned char *b = (const unsigned char *)fn_str(c, 0, i).ptr;
    struct bytes other = fn_str(c, 1, i);
    bool narrower = other.len == 16 || (unsigned char)other.ptr[16] >= b[16];
    return fn_out_bool(
        c, i, narrower && same_network(b, (const unsigned char *)other.ptr, full_length(b, b[16])));
}

/* ---- uuid ---- */
static bool out_uuid(struct fn_call *c, idx_t i, const unsigned char *b) {
    uint64_t high = 0, low = 0;
    for (int k = 0; k < 8; k++) {
        high = high << 8 | b[k];
        low = low << 8 | b[8 + k];
    }
    /* DuckDB flips the first bit, so that its signed order is that of the bytes */
    ((duckdb_hugeint *)c->out_data)[i] =
        (duckdb_hugeint){.lower = low, .upper = (int64_t)(high ^ UINT64_C(1) << 63)};
    return true;
}

FN(cast_uuid) {
    struct bytes t = fn_str(c, 0, i);
    unsigned char b[16];
    if (t.len != 36)
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Invalid UUID string length: %zu", t.len);
    bool ok = true;
    for (size_t k = 0, n = 0; ok && k < 36; k++) {
        bool dash = k == 8 || k == 13 || k == 18 || k == 23;
        int digit = hex_digit(t.ptr[k]);
        ok = dash ? t.ptr[k] == '-' : digit >= 0;
        if (!dash && ok) {
            b[n / 2] = (unsigned char)(n % 2 ? b[n / 2] | digit : digit << 4);
            n++;
        }
    }
    return ok ? out_uuid(c, i, b)
              : fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Cannot cast value to UUID: %.*s",
                        (int)t.len, t.ptr);
}

FN(uuid_of_bytes) {
    struct bytes t = fn_str(c, 0, i);
    if (t.len != 16)
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT", "Invalid UUID binary length: %zu", t.len);
    return out_uuid(c, i, (const unsigned char *)t.ptr);
}

FN(uuid_bytes) {
    duckdb_hugeint v = ((const duckdb_hugeint *)c->args[0])[i];
    uint64_t high = (uint64_t)v.upper ^ UINT64_C(1) << 63;
    char b[16];
    for (int k = 0; k < 8; k++) {
        b[k] = (char)(high >> (56 - 8 * k) & 0xff);
        b[8 + k] = (char)(v.lower >> (56 - 8 * k) & 0xff);
    }
    return fn_out_str(c, i, bytes_of(b, 16));
}

#define CAST(name, from, to)                                                                       \
    {"t_" #name, from, to, call_##name, 0, NULL}, {                                                \
        "t_try_" #name, from, to, call_##name, DUCK_FN_NULLS, FN_TRY                               \
    }
const struct duck_function fn_special_table[] = {
    CAST(cast_ipaddress, "VARCHAR", "BLOB"),
    CAST(ip_of_bytes, "BLOB", "BLOB"),
    CAST(cast_ipprefix, "VARCHAR", "BLOB"),
    CAST(cast_uuid, "VARCHAR", "UUID"),
    CAST(uuid_of_bytes, "BLOB", "UUID"),
    {"t_uuid_bytes", "UUID", "BLOB", call_uuid_bytes, 0, NULL},
    {"t_ip_text", "BLOB", "VARCHAR", call_ip_text, 0, NULL},
    {"t_ipprefix_text", "BLOB", "VARCHAR", call_ipprefix_text, 0, NULL},
    {"t_cidr_contains", "VARCHAR, BLOB", "BOOLEAN", call_cidr_contains, 0, NULL},
    {"t_ip_prefix", "BLOB, BIGINT", "BLOB", call_ip_prefix, 0, NULL},
    {"t_ip_to_prefix", "BLOB", "BLOB", call_ip_to_prefix, 0, NULL},
    {"t_subnet_min", "BLOB", "BLOB", call_subnet_min, 0, NULL},
    {"t_subnet_max", "BLOB", "BLOB", call_subnet_max, 0, NULL},
    {"t_subnet_of", "BLOB, BLOB", "BOOLEAN", call_subnet_of, 0, NULL},
};
const size_t fn_special_count = COUNT_OF(fn_special_table);
