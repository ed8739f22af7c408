/* fn_url.c - parts of URLs by the grammar of RFC 3986, as java.net.URI reads it: NULL when it is
 * not a URI. */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <ctype.h>

struct url {
    struct bytes scheme, host, port, path, query, fragment;
    bool has_query, has_fragment, has_host;
};

static bool valid_characters(struct bytes v) {
    for (size_t i = 0; i < v.len; i++) {
        unsigned char ch = (unsigned char)v.ptr[i];
        if (ch <= 0x20 || ch == 0x7F || strchr("\"<>\\^`{|}", ch))
            return false;
        if (ch == '%' && (i + 2 >= v.len || !isxdigit((unsigned char)v.ptr[i + 1]) ||
                          !isxdigit((unsigned char)v.ptr[i + 2])))
            return false;
    }
    return true;
}

static bool take_scheme(struct bytes *v, struct url *u) {
    size_t n = 0;
    while (n < v->len && (isalnum((unsigned char)v->ptr[n]) || strchr("+-.", v->ptr[n])))
        n++;
    if (n == 0 || n >= v->len || v->ptr[n] != ':')
        return true;
    if (!isalpha((unsigned char)v->ptr[0]))
        return false;
    u->scheme = bytes_slice(*v, 0, n);
    *v = bytes_slice(*v, n + 1, v->len);
    return true;
}

static void take_authority(struct bytes *v, struct url *u) {
    if (!bytes_starts_with(*v, BYTES("//")))
        return;
    *v = bytes_slice(*v, 2, v->len);
    size_t n = 0;
    while (n < v->len && !strchr("/?#", v->ptr[n]))
        n++;
    struct bytes a = bytes_slice(*v, 0, n);
    *v = bytes_slice(*v, n, v->len);
    ptrdiff_t at = bytes_find_char(a, '@');
    if (at >= 0)
        a = bytes_slice(a, (size_t)at + 1, a.len);
    size_t host = a.len;
    for (size_t i = a.len; i > 0 && a.ptr[i - 1] != ']'; i--)
        if (a.ptr[i - 1] == ':')
            host = i - 1;
    u->host = bytes_slice(a, 0, host);
    u->port = host < a.len ? bytes_slice(a, host + 1, a.len) : (struct bytes){0};
    u->has_host = u->host.len > 0;
}

static bool parse_url(struct bytes v, struct url *u) {
    *u = (struct url){0};
    if (!valid_characters(v) || !take_scheme(&v, u))
        return false;
    take_authority(&v, u);
    ptrdiff_t at = bytes_find_char(v, '#');
    if (at >= 0) {
        u->has_fragment = true;
        u->fragment = bytes_slice(v, (size_t)at + 1, v.len);
        v = bytes_slice(v, 0, (size_t)at);
    }
    if ((at = bytes_find_char(v, '?')) >= 0) {
        u->has_query = true;
        u->query = bytes_slice(v, (size_t)at + 1, v.len);
        v = bytes_slice(v, 0, (size_t)at);
    }
    u->path = v;
    for (size_t i = 0; i < u->port.len; i++)
        if (!isdigit((unsigned char)u->port.ptr[i]))
            u->has_host = false;
    return true;
}

static int hex(char ch) {
    return ch <= '9' ? ch - '0' : (ch | 32) - 'a' + 10;
}
/* Percent escapes; with `plus`, '+' is a blank. False on a bad escape. */
static bool unescape(struct bytes v, bool plus, struct buf *out) {
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] == '%') {
            if (i + 2 >= v.len || !isxdigit((unsigned char)v.ptr[i + 1]) ||
                !isxdigit((unsigned char)v.ptr[i + 2]))
                return false;
            buf_add_char(out, (char)(hex(v.ptr[i + 1]) * 16 + hex(v.ptr[i + 2])));
            i += 2;
        } else {
            buf_add_char(out, plus && v.ptr[i] == '+' ? ' ' : v.ptr[i]);
        }
    }
    return true;
}

static bool out_decoded(struct fn_call *c, idx_t i, struct bytes v) {
    buf_reset(&c->scratch);
    if (!unescape(v, false, &c->scratch))
        return fn_out_null(c, i);
    return fn_out_scratch(c, i);
}

FN(url_part) {
    struct url u;
    struct bytes part = fn_str(c, 1, i);
    if (!parse_url(fn_str(c, 0, i), &u))
        return fn_out_null(c, i);
    switch (part.len ? part.ptr[0] : 0) {
    case 'h':
        return u.has_host ? fn_out_str(c, i, u.host) : fn_out_null(c, i);
    case 'q':
        return u.has_query ? out_decoded(c, i, u.query) : fn_out_str(c, i, BYTES(""));
    case 'f':
        return u.has_fragment ? out_decoded(c, i, u.fragment) : fn_out_str(c, i, BYTES(""));
    default:
        if (bytes_eq(part, BYTES("protocol")))
            return u.scheme.len ? fn_out_str(c, i, u.scheme) : fn_out_str(c, i, BYTES(""));
        if (bytes_eq(part, BYTES("port")))
            return u.has_host && u.port.len ? fn_out_str(c, i, u.port) : fn_out_null(c, i);
        return out_decoded(c, i, u.path);
    }
}
FN(url_parameter) {
    struct url u;
    struct bytes want = fn_str(c, 1, i), pair;
    if (!parse_url(fn_str(c, 0, i), &u) || !u.has_query)
        return fn_out_null(c, i);
    struct bytes rest = u.query;
    while (rest.ptr) {
        rest = bytes_cut(rest, '&', &pair);
        ptrdiff_t eq = bytes_find_char(pair, '=');
        struct bytes name = eq < 0 ? pair : bytes_slice(pair, 0, (size_t)eq);
        if (!bytes_eq(name, want))
            continue;
        return out_decoded(c, i, eq < 0 ? BYTES("") : bytes_slice(pair, (size_t)eq + 1, pair.len));
    }
    return fn_out_null(c, i);
}
FN(url_encode) {
    struct bytes v = fn_str(c, 0, i);
    buf_reset(&c->scratch);
    for (size_t k = 0; k < v.len; k++) {
        unsigned char ch = (unsigned char)v.ptr[k];
        if (isalnum(ch) || (ch && strchr("-_.*", ch)))
            buf_add_char(&c->scratch, (char)ch);
        else if (ch == ' ')
            buf_add_char(&c->scratch, '+');
        else
            buf_add_fmt(&c->scratch, "%%%02X", ch);
    }
    return fn_out_scratch(c, i);
}
FN(url_decode) {
    buf_reset(&c->scratch);
    if (!unescape(fn_str(c, 0, i), true, &c->scratch))
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "URLDecoder: Illegal hex characters in escape (%%) pattern");
    return fn_out_scratch(c, i);
}

const struct duck_function fn_url_table[] = {
    {"t_url_part", "VARCHAR, VARCHAR", "VARCHAR", call_url_part, 0, NULL},
    {"t_url_parameter", "VARCHAR, VARCHAR", "VARCHAR", call_url_parameter, 0, NULL},
    {"t_url_encode", "VARCHAR", "VARCHAR", call_url_encode, 0, NULL},
    {"t_url_decode", "VARCHAR", "VARCHAR", call_url_decode, 0, NULL},
};
const size_t fn_url_count = COUNT_OF(fn_url_table);
