/* fold.c - works out the constants that partition predicates are made of: literals, dates moved by
 * whole days, and dates as text. Everything else is left to the engine. */
#include "sql/fold.h"
#include "sql/literal.h"
#include <ctype.h>
#include <inttypes.h>

static bool fold_literal(const struct bound *x, struct sql_const *ret) {
    if (x->is_null || !x->value.ptr)
        return false;
    *ret = (struct sql_const){x->type, x->value};
    return true;
}

static bool widens(const struct sql_type *from, const struct sql_type *to) {
    if (sql_type_is_integer(from) && sql_type_is_integer(to))
        return from->kind <= to->kind;
    return from->kind == ST_VARCHAR && to->kind == ST_VARCHAR && to->length >= from->length;
}

static bool fold_cast(struct arena *a, const struct bound *x, struct sql_const *ret) {
    struct sql_const v;
    int64_t days;
    if (!sql_fold(a, x->args[0], &v))
        return false;
    *ret = (struct sql_const){x->type, v.text};
    if (widens(v.type, x->type))
        return true;
    if (v.type->kind == ST_DATE && x->type->kind == ST_VARCHAR && x->type->length >= 10)
        return true;
    if (v.type->kind == ST_DATE && x->type->kind == ST_TIMESTAMP) {
        ret->text = arena_fmt(a, "%.*s 00:00:00", BYTES_ARG(v.text));
        return true;
    }
    bool to_date = x->type->kind == ST_DATE;
    if (to_date && v.type->kind == ST_VARCHAR && time_text_parse_date(v.text, &days)) {
        ret->text = time_text_date(a, days);
        return true;
    }
    if (to_date &&
        (v.type->kind == ST_TIMESTAMP || (v.type->kind == ST_TIMESTAMP_TZ && !v.type->zone.len))) {
        ret->text = bytes_slice(v.text, 0, 10);
        return true;
    }
    return false;
}

static bool fold_day_shift(struct arena *a, const struct bound *x, bool back,
                           struct sql_const *ret) {
    struct sql_const d, ms;
    int64_t days, shift;
    if (!sql_fold(a, x->args[0], &d) || !sql_fold(a, x->args[1], &ms) ||
        !time_text_parse_date(d.text, &days) || !bytes_to_i64(ms.text, &shift) ||
        shift % 86400000 != 0 || shift / 86400000 > 1000000 || shift / 86400000 < -1000000)
        return false;
    shift /= 86400000;
    *ret = (struct sql_const){x->type, time_text_date(a, back ? days - shift : days + shift)};
    return true;
}

static bool fold_date_add(struct arena *a, const struct bound *x, struct sql_const *ret) {
    struct sql_const unit, n, d;
    int64_t days, shift;
    if (x->type->kind != ST_DATE || !sql_fold(a, x->args[0], &unit) ||
        !sql_fold(a, x->args[1], &n) || !sql_fold(a, x->args[2], &d) ||
        !time_text_parse_date(d.text, &days) || !bytes_to_i64(n.text, &shift))
        return false;
    bool week = bytes_eq_nocase(unit.text, BYTES("week"));
    if ((!week && !bytes_eq_nocase(unit.text, BYTES("day"))) || shift > 1000000 || shift < -1000000)
        return false;
    *ret = (struct sql_const){x->type, time_text_date(a, days + shift * (week ? 7 : 1))};
    return true;
}

/* date_format of a constant with %Y %m %d %H %i %s and plain text. */
static bool fold_date_format(struct arena *a, const struct bound *x, struct sql_const *ret) {
    struct sql_const v, f;
    struct time_text t;
    if (!sql_fold(a, x->args[0], &v) || !sql_fold(a, x->args[1], &f) ||
        (v.type->kind != ST_TIMESTAMP && (v.type->kind != ST_TIMESTAMP_TZ || v.type->zone.len)) ||
        !time_text_parse_timestamp(v.text, &t))
        return false;
    struct bytes full = time_text_timestamp(a, t.micros, 0); /* 2020-01-02 03:04:05 */
    struct buf b = {0};
    bool ok = full.len == 19;
    for (size_t i = 0; ok && i < f.text.len; i++) {
        if (f.text.ptr[i] != '%') {
            buf_add_char(&b, f.text.ptr[i]);
            continue;
        }
        static const char specs[] = "YmdHis";
        static const size_t at[] = {0, 5, 8, 11, 14, 17};
        const char *s = ++i < f.text.len ? strchr(specs, f.text.ptr[i]) : NULL;
        ok = s && *s;
        if (ok)
            buf_add(&b, bytes_slice(full, at[s - specs], at[s - specs] + (*s == 'Y' ? 4 : 2)));
    }
    *ret = (struct sql_const){x->type, arena_copy(a, buf_bytes(&b))};
    ok = ok && buf_ok(&b) && ret->text.len > 0;
    buf_clear(&b);
    return ok;
}

bool sql_fold(struct arena *a, const struct bound *x, struct sql_const *ret) {
    if (x->kind == BX_LITERAL)
        return fold_literal(x, ret);
    if (x->kind == BX_CAST && !x->is_try)
        return fold_cast(a, x, ret);
    if (x->kind != BX_CALL || !x->sql)
        return false;
    if (strcmp(x->sql, "($1 - t_whole_days($2))") == 0)
        return fold_day_shift(a, x, true, ret);
    if (strcmp(x->sql, "($1 + t_whole_days($2))") == 0)
        return fold_day_shift(a, x, false, ret);
    if (strcmp(x->sql, "@date_add") == 0)
        return fold_date_add(a, x, ret);
    if (strncmp(x->sql, "t_date_format(", 14) == 0)
        return fold_date_format(a, x, ret);
    return false;
}
