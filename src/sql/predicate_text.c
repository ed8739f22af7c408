/* predicate_text.c - LIKE and text functions over values.
 *
 * Where the engine's own function is meant (not one of ours), text that is not ASCII is left to it.
 */
#include "duck/text_edit.h"
#include "sql/predicate_int.h"
#include <ctype.h>

/* ---- LIKE: '%' any text, '_' any one character ---- */
struct like {
    struct bytes text, pattern;
    char escape; /* 0: none */
};
/* One pattern element at p: the byte it stands for, or '%' and '_' with *ret_wild. */
static char element(const struct like *l, size_t p, bool *ret_wild, size_t *ret_size) {
    char c = l->pattern.ptr[p];
    *ret_size = 1;
    if (l->escape && c == l->escape) {
        *ret_size = 2;
        *ret_wild = false;
        return l->pattern.ptr[p + 1];
    }
    *ret_wild = c == '%' || c == '_';
    return c;
}

/* Greedy with one point to come back to: the last '%'. */
static bool matches(const struct like *l) {
    size_t t = 0, p = 0, back_t = 0, back_p = SIZE_MAX, size = 1;
    bool wild = false;
    while (t < l->text.len) {
        char c = p < l->pattern.len ? element(l, p, &wild, &size) : 0;
        bool here = p < l->pattern.len;
        if (here && wild && c == '%') {
            back_p = p += size;
            back_t = t;
        } else if (here && wild) {
            t += fn_utf8_size(l->text.ptr[t]);
            p += size;
        } else if (here && c == l->text.ptr[t]) {
            t++;
            p += size;
        } else if (back_p != SIZE_MAX) {
            back_t += fn_utf8_size(l->text.ptr[back_t]);
            t = back_t;
            p = back_p;
        } else {
            return false;
        }
    }
    while (p < l->pattern.len && element(l, p, &wild, &size) == '%' && wild)
        p += size;
    return p == l->pattern.len;
}

/* The escape stands before '%', '_' or itself only: elsewhere Trino fails. */
static bool good_escapes(const struct like *l) {
    for (size_t p = 0; l->escape && p < l->pattern.len; p++) {
        if (l->pattern.ptr[p] != l->escape)
            continue;
        if (++p == l->pattern.len || (l->pattern.ptr[p] != '%' && l->pattern.ptr[p] != '_' &&
                                      l->pattern.ptr[p] != l->escape))
            return false;
    }
    return true;
}

static enum eval fn_like(struct evaluation *ev, const struct sql_node *x,
                         const struct sql_value *args, struct sql_value *ret) {
    struct like l = {args[0].text, args[1].text, 0};
    (void)ev;
    if (x->arg_count > 2) {
        if (args[2].text.len != 1 || (unsigned char)args[2].text.ptr[0] >= 0x80)
            return EVAL_UNKNOWN;
        l.escape = args[2].text.ptr[0];
    }
    return good_escapes(&l) ? value_truth(x, matches(&l), ret) : EVAL_UNKNOWN;
}

/* ---- pieces ---- */
static enum eval fn_length(struct evaluation *ev, const struct sql_node *x,
                           const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    if (args[0].type->kind != ST_VARCHAR || !text_is_ascii(args[0].text))
        return EVAL_UNKNOWN;
    return value_whole(x->type, (int64_t)args[0].text.len, ret);
}
static enum eval fn_lower(struct evaluation *ev, const struct sql_node *x,
                          const struct sql_value *args, struct sql_value *ret) {
    char *t = arena_strndup(ev->a, args[0].text.ptr, args[0].text.len);
    if (!t || !text_is_ascii(args[0].text))
        return EVAL_UNKNOWN;
    for (size_t i = 0; i < args[0].text.len; i++)
        t[i] = (char)tolower((unsigned char)t[i]);
    return value_text_of(x, bytes_of(t, args[0].text.len), ret);
}
static enum eval fn_trim(struct evaluation *ev, const struct sql_node *x,
                         const struct sql_value *args, struct sql_value *ret) {
    struct bytes v = args[0].text;
    (void)ev;
    if (!strstr(x->fn->sql, "rtrim"))
        v = text_trim_left(v);
    if (!strstr(x->fn->sql, "ltrim"))
        v = text_trim_right(v);
    return value_text_of(x, v, ret);
}
static enum eval fn_substr(struct evaluation *ev, const struct sql_node *x,
                           const struct sql_value *args, struct sql_value *ret) {
    int64_t n = x->arg_count > 2 ? args[2].whole : INT64_MAX;
    (void)ev;
    if (args[0].type->kind != ST_VARCHAR)
        return EVAL_UNKNOWN;
    return value_text_of(x, text_substr(args[0].text, args[1].whole, n), ret);
}
static enum eval fn_split_part(struct evaluation *ev, const struct sql_node *x,
                               const struct sql_value *args, struct sql_value *ret) {
    struct bytes part;
    (void)ev;
    if (args[2].whole <= 0)
        return EVAL_FAILED;
    return text_split_part(args[0].text, args[1].text, args[2].whole, &part)
               ? value_text_of(x, part, ret)
               : value_null(x, ret);
}

/* ---- positions ---- */
static enum eval position(const struct sql_node *x, struct bytes v, struct bytes what, int64_t nth,
                          struct sql_value *ret) {
    if (nth == 0)
        return EVAL_FAILED;
    return value_whole(x->type, text_position(v, what, nth), ret);
}
static enum eval fn_strpos(struct evaluation *ev, const struct sql_node *x,
                           const struct sql_value *args, struct sql_value *ret) {
    bool swapped = strchr(x->fn->sql, '2') < strchr(x->fn->sql, '1');
    struct bytes v = args[swapped].text, what = args[!swapped].text;
    (void)ev;
    return what.len && text_is_ascii(v) ? position(x, v, what, 1, ret) : EVAL_UNKNOWN;
}
static enum eval fn_nth_position(struct evaluation *ev, const struct sql_node *x,
                                 const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    return position(x, args[0].text, args[1].text, args[2].whole, ret);
}
static enum eval fn_starts_with(struct evaluation *ev, const struct sql_node *x,
                                const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    return value_truth(x, bytes_starts_with(args[0].text, args[1].text), ret);
}
static enum eval fn_ends_with(struct evaluation *ev, const struct sql_node *x,
                              const struct sql_value *args, struct sql_value *ret) {
    (void)ev;
    return value_truth(x, bytes_ends_with(args[0].text, args[1].text), ret);
}

/* ---- new texts ---- */
static enum eval built(struct evaluation *ev, const struct sql_node *x, struct buf *b,
                       struct sql_value *ret) {
    struct bytes t = b->len ? arena_copy(ev->a, buf_bytes(b)) : BYTES("");
    enum eval rc = buf_ok(b) ? value_text_of(x, t, ret) : EVAL_UNKNOWN;
    buf_clear(b);
    return rc;
}
static enum eval fn_upper(struct evaluation *ev, const struct sql_node *x,
                          const struct sql_value *args, struct sql_value *ret) {
    struct buf b = {0};
    text_upper(args[0].text, &b);
    return built(ev, x, &b, ret);
}
static enum eval fn_reverse(struct evaluation *ev, const struct sql_node *x,
                            const struct sql_value *args, struct sql_value *ret) {
    struct buf b = {0};
    text_reverse(args[0].text, &b);
    return built(ev, x, &b, ret);
}
static enum eval fn_replace(struct evaluation *ev, const struct sql_node *x,
                            const struct sql_value *args, struct sql_value *ret) {
    struct buf b = {0};
    text_replace(args[0].text, args[1].text, x->arg_count > 2 ? args[2].text : BYTES(""), &b);
    return built(ev, x, &b, ret);
}
static enum eval fn_pad(struct evaluation *ev, const struct sql_node *x,
                        const struct sql_value *args, struct sql_value *ret) {
    struct buf b = {0};
    const char *why;
    if (args[1].whole > 10000)
        return EVAL_UNKNOWN;
    if (text_pad(args[0].text, args[1].whole, args[2].text, strstr(x->fn->sql, "lpad") != NULL, &b,
                 &why))
        return built(ev, x, &b, ret);
    buf_clear(&b);
    return EVAL_FAILED;
}
/* NULL when any is. */
static enum eval sp_concat(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret) {
    struct buf b = {0};
    struct sql_value v;
    bool null = x->arg_count < 2;
    for (size_t i = 0; i < x->arg_count; i++) {
        enum eval rc = predicate_eval(ev, x->args[i], &v);
        if (!rc && v.type->kind != ST_VARCHAR && !v.is_null)
            rc = EVAL_UNKNOWN;
        if (rc) {
            buf_clear(&b);
            return rc;
        }
        null |= v.is_null;
        if (!v.is_null)
            buf_add(&b, v.text);
    }
    if (!null)
        return built(ev, x, &b, ret);
    buf_clear(&b);
    return value_null(x, ret);
}

#define STRICT(sql, name)                                                                          \
    { sql, fn_##name, NULL, NULL }

const struct eval_fn eval_texts[] = {
    STRICT("($1 LIKE $2)", like),
    STRICT("($1 LIKE $2 ESCAPE $3)", like),
    STRICT("length($1)", length),
    STRICT("lower($1)", lower),
    STRICT("t_upper($1)", upper),
    STRICT("t_trim($1)", trim),
    STRICT("t_ltrim($1)", trim),
    STRICT("t_rtrim($1)", trim),
    STRICT("t_substr($*)", substr),
    STRICT("t_split_part($*)", split_part),
    STRICT("strpos($1, $2)", strpos),
    STRICT("strpos($2, $1)", strpos),
    STRICT("t_strpos($*)", nth_position),
    STRICT("starts_with($1, $2)", starts_with),
    STRICT("ends_with($1, $2)", ends_with),
    STRICT("t_reverse($1)", reverse),
    STRICT("t_replace($1, $2, CAST('' AS VARCHAR))", replace),
    STRICT("t_replace($*)", replace),
    STRICT("t_lpad($*)", pad),
    STRICT("t_rpad($*)", pad),
    {"@concat", NULL, sp_concat, NULL},
    {"t_regexp_like($*)", fn_regexp_like, NULL, regexp_prepare},
    {"t_regexp_extract($1, $2, CAST(0 AS BIGINT))", fn_regexp_extract, NULL, regexp_prepare},
    {"t_regexp_extract($*)", fn_regexp_extract, NULL, regexp_prepare},
};
const size_t eval_text_count = COUNT_OF(eval_texts);
