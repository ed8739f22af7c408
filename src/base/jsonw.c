/* jsonw.c - the writer. One bit of state suffices: whether the next value or name needs a comma
 * before it. Strings are copied in runs of bytes that need no escape. */
#include "base/base_int.h"
#include "base/encode.h"
#include "base/json.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void before_value(struct jsonw *w) {
    if (w->need_comma) {
        buf_add_char(w->out, ',');
    }
    w->need_comma = true;
}

static void open_with(struct jsonw *w, char c) {
    before_value(w);
    buf_add_char(w->out, c);
    w->need_comma = false;
}

static void close_with(struct jsonw *w, char c) {
    buf_add_char(w->out, c);
    w->need_comma = true;
}

void jsonw_object(struct jsonw *w) {
    open_with(w, '{');
}

void jsonw_end_object(struct jsonw *w) {
    close_with(w, '}');
}

void jsonw_array(struct jsonw *w) {
    open_with(w, '[');
}

void jsonw_end_array(struct jsonw *w) {
    close_with(w, ']');
}

/* ---- strings ---- */

/* Length of the run at `p` that can be copied as it is; valid multi-byte sequences included. */
static size_t plain_run(const uint8_t *p, size_t len) {
    size_t at = 0;
    while (at < len) {
        uint8_t c = p[at];
        size_t step =
            c < 0x80 ? c >= 0x20 && c != '"' && c != '\\' : utf8_sequence_len(p + at, len - at);
        if (step == 0) {
            break;
        }
        at += step;
    }
    return at;
}

/* One byte that needs help: an escape, or U+FFFD for a malformed one. */
static void add_special(struct buf *b, uint8_t c) {
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (c >= 0x80) {
        buf_add(b, BYTES("\xef\xbf\xbd"));
    } else if (c >= 0x20) {
        buf_add(b, bytes_of((char[2]){'\\', (char)c}, 2));
    } else if (letters[c]) {
        buf_add(b, bytes_of((char[2]){'\\', letters[c]}, 2));
    } else {
        buf_add_fmt(b, "\\u%04x", c);
    }
}

static void add_quoted(struct buf *b, struct bytes v) {
    buf_add_char(b, '"');
    while (v.len > 0) {
        size_t run = plain_run((const uint8_t *)v.ptr, v.len);
        buf_add(b, bytes_of(v.ptr, run));
        if (run < v.len) {
            add_special(b, (uint8_t)v.ptr[run++]);
        }
        v = bytes_slice(v, run, v.len);
    }
    buf_add_char(b, '"');
}

void jsonw_name_bytes(struct jsonw *w, struct bytes name) {
    before_value(w);
    add_quoted(w->out, name);
    buf_add_char(w->out, ':');
    w->need_comma = false;
}

void jsonw_name(struct jsonw *w, const char *name) {
    jsonw_name_bytes(w, bytes_str(name));
}

void jsonw_str(struct jsonw *w, struct bytes v) {
    before_value(w);
    add_quoted(w->out, v);
}

void jsonw_cstr(struct jsonw *w, const char *v) {
    if (v) {
        jsonw_str(w, bytes_str(v));
    } else {
        jsonw_null(w);
    }
}

void jsonw_base64(struct jsonw *w, struct bytes v) {
    before_value(w);
    buf_add_char(w->out, '"');
    buf_add_base64(w->out, v);
    buf_add_char(w->out, '"');
}

/* ---- other values ---- */

static void add_u64(struct buf *b, uint64_t v) {
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    buf_add(b, bytes_of(digits + at, sizeof(digits) - at));
}

void jsonw_u64(struct jsonw *w, uint64_t v) {
    before_value(w);
    add_u64(w->out, v);
}

void jsonw_i64(struct jsonw *w, int64_t v) {
    before_value(w);
    if (v < 0) {
        buf_add_char(w->out, '-');
    }
    add_u64(w->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* A decimal of up to 15 digits survives the way through a normal double, so if 15 digits read back
 * there is no shorter text than theirs without trailing zeros; else 16 or 17 do. Subnormals hold
 * fewer digits and are tried from 1. */
void jsonw_f64(struct jsonw *w, double v) {
    char text[40];
    if (!isfinite(v)) {
        jsonw_null(w);
        return;
    }
    for (int digits = fabs(v) < DBL_MIN ? 1 : DBL_DIG; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    before_value(w);
    buf_add_str(w->out, text);
}

void jsonw_time_ms(struct jsonw *w, int64_t ms) {
    uint64_t magnitude = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    before_value(w);
    buf_add_fmt(w->out, "%s%llu.%03llu", ms < 0 ? "-" : "", (unsigned long long)(magnitude / 1000),
                (unsigned long long)(magnitude % 1000));
}

void jsonw_bool(struct jsonw *w, bool v) {
    before_value(w);
    buf_add_str(w->out, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w) {
    before_value(w);
    buf_add_str(w->out, "null");
}

void jsonw_raw(struct jsonw *w, struct bytes json_text) {
    before_value(w);
    buf_add(w->out, json_text);
}

void jsonw_tree(struct jsonw *w, const struct json *j) {
    switch (j->kind) {
    case JSON_NULL:
        jsonw_null(w);
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        jsonw_bool(w, j->kind == JSON_TRUE);
        break;
    case JSON_NUMBER:
        jsonw_raw(w, j->text);
        break;
    case JSON_STRING:
        jsonw_str(w, j->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        open_with(w, j->kind == JSON_OBJECT ? '{' : '[');
        JSON_FOR_EACH(child, j) {
            if (j->kind == JSON_OBJECT) {
                jsonw_name_bytes(w, child->name);
            }
            jsonw_tree(w, child);
        }
        close_with(w, j->kind == JSON_OBJECT ? '}' : ']');
        break;
    }
}

/* ---- name and value ---- */

void jsonw_kv_str(struct jsonw *w, const char *name, struct bytes v) {
    jsonw_name(w, name);
    jsonw_str(w, v);
}

void jsonw_kv_cstr(struct jsonw *w, const char *name, const char *v) {
    jsonw_name(w, name);
    jsonw_cstr(w, v);
}

void jsonw_kv_i64(struct jsonw *w, const char *name, int64_t v) {
    jsonw_name(w, name);
    jsonw_i64(w, v);
}

void jsonw_kv_u64(struct jsonw *w, const char *name, uint64_t v) {
    jsonw_name(w, name);
    jsonw_u64(w, v);
}

void jsonw_kv_bool(struct jsonw *w, const char *name, bool v) {
    jsonw_name(w, name);
    jsonw_bool(w, v);
}

void jsonw_kv_time_ms(struct jsonw *w, const char *name, int64_t ms) {
    jsonw_name(w, name);
    jsonw_time_ms(w, ms);
}

void jsonw_kv_raw(struct jsonw *w, const char *name, struct bytes json_text) {
    jsonw_name(w, name);
    jsonw_raw(w, json_text);
}
