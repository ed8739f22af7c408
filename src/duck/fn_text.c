/* fn_text.c - values as Trino's text: floating point, timestamps, intervals.
 *
 * Floating point is written with the fewest digits that read back to the same value: 15 digits if
 * they do, else 16, else 17. CAST to varchar is always scientific ("3.77E1"), JSON and results use
 * Java's Double.toString ("37.7", "1.0E7"). */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/text_value.h"
#include "duck/time_text.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The digits without trailing zeros and the exponent of d.ddd. v is finite and not 0. */
static size_t shortest(double v, bool is_real, char digits[20], int *ret_exponent) {
    char text[40];
    int from = is_real ? 6 : 15, to = is_real ? 9 : 17;
    for (int n = from; n <= to; n++) {
        snprintf(text, sizeof(text), "%.*e", n - 1, fabs(v));
        if (is_real ? strtof(text, NULL) == (float)fabs(v) : strtod(text, NULL) == fabs(v))
            break;
    }
    char *e = strchr(text, 'e');
    size_t count = 0;
    *ret_exponent = atoi(e + 1);
    for (const char *p = text; p < e; p++)
        if (*p != '.')
            digits[count++] = *p;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

static bool special(double v, char out[40]) {
    if (isnan(v))
        strcpy(out, "NaN");
    else if (isinf(v))
        strcpy(out, v < 0 ? "-Infinity" : "Infinity");
    else
        return false;
    return true;
}

static void scientific(double v, bool is_real, char out[40]) {
    char d[20];
    int e = 0;
    size_t n;
    if (special(v, out))
        return;
    if (v == 0) {
        strcpy(out, signbit(v) ? "-0E0" : "0E0");
        return;
    }
    n = shortest(v, is_real, d, &e);
    snprintf(out, 40, "%s%c.%.*sE%d", signbit(v) ? "-" : "", d[0], n > 1 ? (int)n - 1 : 1,
             n > 1 ? d + 1 : "0", e);
}

void fn_scientific(double v, char out[40]) {
    scientific(v, false, out);
}

/* At most seven digits, half to even, of the shortest text. */
void text_of_real(double v, char out[40]) {
    fn_java_double(v, true, out);
    if (!isfinite(v) || v == 0) {
        scientific(v, true, out);
        return;
    }
    char text[40];
    snprintf(text, sizeof(text), "%.6e", strtod(out, NULL));
    char *e = strchr(text, 'e');
    int exponent = atoi(e + 1);
    size_t n = (size_t)(e - text);
    while (text[n - 1] == '0' && text[n - 2] != '.')
        n--;
    snprintf(out, 40, "%.*sE%d", (int)n, text, exponent);
}

void fn_java_double(double v, bool is_real, char out[40]) {
    char d[20];
    int e = 0;
    if (special(v, out))
        return;
    if (v == 0) {
        strcpy(out, signbit(v) ? "-0.0" : "0.0");
        return;
    }
    size_t n = shortest(v, is_real, d, &e);
    if (e < -3 || e >= 7) {
        scientific(v, is_real, out);
        return;
    }
    char *p = out;
    if (v < 0)
        *p++ = '-';
    if (e < 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = -1; i > e; i--)
            *p++ = '0';
        memcpy(p, d, n);
        p[n] = 0;
        return;
    }
    for (int i = 0; i <= e; i++)
        *p++ = (size_t)i < n ? d[i] : '0';
    *p++ = '.';
    if ((int)n <= e + 1)
        *p++ = '0';
    for (size_t i = (size_t)e + 1; i < n; i++)
        *p++ = d[i];
    *p = 0;
}

static double read_real(struct fn_call *c, idx_t i) {
    return ((const float *)c->args[0])[i];
}
FN(double_text) {
    char t[40];
    scientific(fn_f64(c, 0, i), false, t);
    return fn_out_str(c, i, bytes_str(t));
}
FN(real_text) {
    char t[40];
    text_of_real(read_real(c, i), t);
    return fn_out_str(c, i, bytes_str(t));
}
static bool json_double(struct fn_call *c, idx_t i, double v, bool is_real) {
    char t[40], quoted[44];
    fn_java_double(v, is_real, t);
    if (isfinite(v))
        return fn_out_str(c, i, bytes_str(t));
    snprintf(quoted, sizeof(quoted), "\"%s\"", t);
    return fn_out_str(c, i, bytes_str(quoted));
}
FN(double_json) {
    return json_double(c, i, fn_f64(c, 0, i), false);
}
FN(real_json) {
    return json_double(c, i, read_real(c, i), true);
}

/* ---- timestamps ---- */
static bool is_special_timestamp(int64_t v) {
    return v == INT64_MAX || v == -INT64_MAX;
}

static bool out_timestamp(struct fn_call *c, idx_t i, char between, const char *name) {
    int64_t v = fn_i64(c, 0, i);
    int digits = fn_i32(c, 1, i);
    if (is_special_timestamp(v))
        return fn_fail(c, i, name, "Timestamp out of range");
    buf_reset(&c->scratch);
    time_text_add_timestamp((picos128)time_text_round(v, digits) * PICOS_MICRO, digits, between,
                            &c->scratch);
    return fn_out_scratch(c, i);
}
FN(timestamp_text) {
    return out_timestamp(c, i, ' ', "INVALID_CAST_ARGUMENT");
}
FN(iso8601) {
    return out_timestamp(c, i, 'T', "INVALID_FUNCTION_ARGUMENT");
}
FN(round_timestamp) {
    return fn_out_i64(c, i, time_text_round(fn_i64(c, 0, i), fn_i32(c, 1, i)));
}

/* ---- intervals ---- */
FN(interval_day_text) {
    char t[48];
    int64_t v = fn_i64(c, 0, i);
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    snprintf(t, sizeof(t), "%s%" PRIu64 " %02d:%02d:%02d.%03d", v < 0 ? "-" : "", u / 86400000,
             (int)(u / 3600000 % 24), (int)(u / 60000 % 60), (int)(u / 1000 % 60), (int)(u % 1000));
    return fn_out_str(c, i, bytes_str(t));
}
FN(interval_year_text) {
    char t[32];
    int64_t v = fn_i32(c, 0, i), u = v < 0 ? -v : v;
    snprintf(t, sizeof(t), "%s%d-%d", v < 0 ? "-" : "", (int)(u / 12), (int)(u % 12));
    return fn_out_str(c, i, bytes_str(t));
}
FN(whole_days) {
    int64_t v = fn_i64(c, 0, i);
    if (v % 86400000 != 0)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT",
                       "Cannot add hour, minutes or seconds to a date");
    if (v / 86400000 > INT32_MAX || v / 86400000 < INT32_MIN)
        return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Interval out of range");
    return fn_out_i32(c, i, (int32_t)(v / 86400000));
}
FN(fit) {
    struct bytes v = fn_str(c, 0, i);
    int n = fn_i32(c, 1, i);
    if (fn_utf8_count(v) > (size_t)n)
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT",
                       "Value %.*s cannot be represented as varchar(%d)", BYTES_ARG(v), n);
    return fn_out_str(c, i, v);
}

/* Text for a varchar(n) or char(n) column: blanks at the end may go, nothing else. */
FN(fit_text) {
    struct bytes v = fn_str(c, 0, i), to = fn_str(c, 3, i);
    struct bytes kept = v;
    while (kept.len && kept.ptr[kept.len - 1] == ' ')
        kept.len--;
    int64_t limit = fn_i64(c, 1, i), points = 0;
    size_t end = 0;
    for (; end < v.len; end++) {
        if (((unsigned char)v.ptr[end] & 0xC0) != 0x80 && points++ == limit)
            break;
    }
    if (kept.len > end)
        return fn_fail(c, i, "INVALID_CAST_ARGUMENT",
                       "Cannot truncate non-space characters when casting from %.*s to %.*s on "
                       "INSERT",
                       BYTES_ARG(fn_str(c, 2, i)), BYTES_ARG(to));
    bool is_char = bytes_starts_with(to, BYTES("char"));
    return fn_out_str(c, i, is_char ? kept : bytes_slice(v, 0, end));
}

const struct duck_function fn_text_table[] = {
    {"t_fit_text", "VARCHAR, BIGINT, VARCHAR, VARCHAR", "VARCHAR", call_fit_text, 0, NULL},
    {"t_double_text", "DOUBLE", "VARCHAR", call_double_text, 0, NULL},
    {"t_real_text", "FLOAT", "VARCHAR", call_real_text, 0, NULL},
    {"t_double_json", "DOUBLE", "VARCHAR", call_double_json, 0, NULL},
    {"t_real_json", "FLOAT", "VARCHAR", call_real_json, 0, NULL},
    {"t_timestamp_text", "TIMESTAMP, INTEGER", "VARCHAR", call_timestamp_text, 0, NULL},
    {"t_iso8601", "TIMESTAMP, INTEGER", "VARCHAR", call_iso8601, 0, NULL},
    {"t_round_timestamp", "TIMESTAMP, INTEGER", "TIMESTAMP", call_round_timestamp, 0, NULL},
    {"t_interval_day_text", "BIGINT", "VARCHAR", call_interval_day_text, 0, NULL},
    {"t_interval_year_text", "INTEGER", "VARCHAR", call_interval_year_text, 0, NULL},
    {"t_whole_days", "BIGINT", "INTEGER", call_whole_days, 0, NULL},
    {"t_fit", "VARCHAR, INTEGER", "VARCHAR", call_fit, 0, NULL},
    {"t_try_fit", "VARCHAR, INTEGER", "VARCHAR", call_fit, 0, FN_TRY},
};
const size_t fn_text_count = COUNT_OF(fn_text_table);
