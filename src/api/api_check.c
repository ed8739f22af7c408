/* api_check.c - parameter checks from an operation's table, with AWS's sentences.
 *
 * First the types: the first wrong one is a SerializationException. Then every constraint, all
 * violations in one ValidationException:
 *   2 validation errors detected: Value null at 'streamName' failed to satisfy constraint: Member
 *   must not be null; Value '0' at 'limit' failed ... */
#include "api/api_int.h"
#include "base/mem.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_SHOWN 10

/* ---- patterns ---- */

static int compare_patterns(const void *x, const void *y) {
    const struct api_pattern *p = x, *q = y;
    return p->param < q->param ? -1 : p->param > q->param;
}

static size_t count_patterns(const struct api_router *r) {
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        for (const struct api_op *op = r->services[i]->ops; op && op->name; op++)
            for (const struct api_param *p = op->params; p && p->name; p++)
                n += p->pattern != NULL;
    return n;
}

static int compile(struct api_router *r, const struct api_param *p, struct err *e) {
    int code = 0;
    PCRE2_SIZE at = 0;
    struct api_pattern *slot = &r->patterns[r->pattern_count];
    slot->param = p;
    slot->code = pcre2_compile((PCRE2_SPTR)p->pattern, PCRE2_ZERO_TERMINATED,
                               PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_DOTALL, &code,
                               &at, NULL);
    if (!slot->code)
        return err_set(e, ERR_INTERNAL, "pattern of %s does not compile: %s", p->name, p->pattern);
    r->pattern_count++;
    return 0;
}

int api_patterns_compile(struct api_router *r, struct err *e) {
    r->patterns = mem_calloc(count_patterns(r) + 1, sizeof(*r->patterns));
    if (!r->patterns)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < r->count; i++)
        for (const struct api_op *op = r->services[i]->ops; op && op->name; op++)
            for (const struct api_param *p = op->params; p && p->name; p++) {
                int rc = p->pattern ? compile(r, p, e) : 0;
                if (rc)
                    return rc;
            }
    qsort(r->patterns, r->pattern_count, sizeof(*r->patterns), compare_patterns);
    return 0;
}

void api_patterns_free(struct api_router *r) {
    for (size_t i = 0; i < r->pattern_count; i++)
        pcre2_code_free(r->patterns[i].code);
    mem_free(r->patterns);
    r->patterns = NULL;
    r->pattern_count = 0;
}

/* Running out of memory or of match steps counts as no match. */
static bool matches(const struct api_router *r, const struct api_param *p, struct bytes text) {
    struct api_pattern key = {.param = p};
    const struct api_pattern *found =
        bsearch(&key, r->patterns, r->pattern_count, sizeof(key), compare_patterns);
    assert(found); /* every pattern was compiled by api_router_new */
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (!data)
        return false;
    int n = pcre2_match(found->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0,
                        PCRE2_NO_UTF_CHECK, data, NULL);
    pcre2_match_data_free(data);
    return n >= 0;
}

/* ---- types ---- */

static const char *type_name(enum api_type t) {
    static const char *const names[] = {"a String", "an Integer", "a Boolean", "a Timestamp",
                                        "a Blob",   "a List",     "a Map",     "a Structure"};
    return names[t];
}

static bool kind_fits(const struct json *v, enum api_type t) {
    int64_t n;
    switch (t) {
    case API_STRING:
    case API_BLOB:
        return v->kind == JSON_STRING;
    case API_INTEGER:
        return json_to_i64(v, &n);
    case API_BOOLEAN:
        return v->kind == JSON_TRUE || v->kind == JSON_FALSE;
    case API_TIMESTAMP:
        return v->kind == JSON_NUMBER || v->kind == JSON_STRING;
    case API_LIST:
        return v->kind == JSON_ARRAY;
    case API_MAP:
    case API_STRUCT:
        return v->kind == JSON_OBJECT;
    }
    return false;
}

static int wrong_type(struct err *e, const struct api_param *p, const struct json *v) {
    if (v->kind == JSON_ARRAY)
        return err_set(e, ERR_SERIALIZATION, "Start of list found where not expected (%s)",
                       p->name);
    if (v->kind == JSON_OBJECT)
        return err_set(e, ERR_SERIALIZATION,
                       "Start of structure or map found where not expected. (%s)", p->name);
    const char *kind = v->kind == JSON_STRING   ? "STRING_VALUE"
                       : v->kind == JSON_NUMBER ? "NUMBER_VALUE"
                       : v->kind == JSON_TRUE   ? "TRUE_VALUE"
                                                : "FALSE_VALUE";
    return err_set(e, ERR_SERIALIZATION, "%s can not be converted to %s (%s)", kind,
                   type_name(p->type), p->name);
}

/* ---- constraints ---- */

struct report {
    struct buf text;
    int count;
};

static void add_value(struct buf *out, const struct json *v) {
    if (!v) {
        buf_add_str(out, "null");
        return;
    }
    size_t shown = MIN_OF(v->text.len, (size_t)256);
    while (shown < v->text.len && shown > 0 && ((unsigned char)v->text.ptr[shown] & 0xC0) == 0x80)
        shown--; /* not through a UTF-8 sequence */
    buf_add_char(out, '\'');
    buf_add(out, bytes_slice(v->text, 0, shown));
    buf_add_str(out, shown < v->text.len ? "...'" : "'");
}

static void violation(struct report *rep, const struct api_param *p, const struct json *v,
                      const char *fmt, ...) PRINTF_LIKE(4, 5);
static void violation(struct report *rep, const struct api_param *p, const struct json *v,
                      const char *fmt, ...) {
    char must[512];
    if (rep->count++ >= MAX_SHOWN)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(must, sizeof(must), fmt, ap);
    va_end(ap);
    buf_add_str(&rep->text, rep->count > 1 ? "; Value " : "Value ");
    add_value(&rep->text, v);
    buf_add_fmt(&rep->text, " at '%c%s' failed to satisfy constraint: Member must %s",
                tolower((unsigned char)p->name[0]), p->name + 1, must);
}

static int64_t count_chars(struct bytes text) {
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

/* What min and max are about. */
static int64_t measure(const struct api_param *p, const struct json *v) {
    int64_t n = 0;
    switch (p->type) {
    case API_STRING:
        return count_chars(v->text);
    case API_BLOB:
        return (int64_t)(v->text.len / 4 * 3) -
               (v->text.len && bytes_ends_with(v->text, BYTES("="))) -
               bytes_ends_with(v->text, BYTES("=="));
    case API_INTEGER:
        return json_to_i64(v, &n) ? n : 0;
    default:
        return (int64_t)v->count;
    }
}

static void check_range(struct report *rep, const struct api_param *p, const struct json *v) {
    const char *what = p->type == API_INTEGER ? "value" : "length";
    if (p->min == 0 && p->max == 0)
        return;
    int64_t n = measure(p, v);
    if (n < p->min)
        violation(rep, p, v, "have %s greater than or equal to %lld", what, (long long)p->min);
    else if (n > p->max)
        violation(rep, p, v, "have %s less than or equal to %lld", what, (long long)p->max);
}

/* A pattern made of words and bars only is an enumeration. */
static bool is_enumeration(const char *pattern) {
    bool bar = false;
    for (; *pattern; pattern++) {
        if (!isalnum((unsigned char)*pattern) && *pattern != '_' && *pattern != '|')
            return false;
        bar |= *pattern == '|';
    }
    return bar;
}

static void pattern_violation(struct report *rep, const struct api_param *p, const struct json *v) {
    char list[400];
    size_t n = 0;
    if (!is_enumeration(p->pattern)) {
        violation(rep, p, v, "satisfy regular expression pattern: %s", p->pattern);
        return;
    }
    for (const char *c = p->pattern; *c && n < sizeof(list) - 3; c++) {
        list[n++] = *c == '|' ? ',' : *c;
        if (*c == '|')
            list[n++] = ' ';
    }
    list[n] = 0;
    violation(rep, p, v, "satisfy enum value set: [%s]", list);
}

static void check_param(const struct api_router *r, struct report *rep, const struct api_param *p,
                        const struct json *v) {
    if (!v) {
        if (p->required)
            violation(rep, p, v, "not be null");
        return;
    }
    if (p->pattern && !matches(r, p, v->text))
        pattern_violation(rep, p, v);
    check_range(rep, p, v);
}

int api_check_params(const struct api_router *r, struct api_call *call) {
    struct report rep = {0};
    for (const struct api_param *p = call->op->params; p && p->name; p++) {
        const struct json *v = json_get(call->in, p->name);
        if (v && !kind_fits(v, p->type))
            return wrong_type(&call->err, p, v);
    }
    for (const struct api_param *p = call->op->params; p && p->name; p++)
        check_param(r, &rep, p, json_get(call->in, p->name));
    int rc = 0;
    if (rep.count > 0) {
        int shown = MIN_OF(rep.count, MAX_SHOWN);
        const char *text = buf_cstr(&rep.text);
        rc = err_set(&call->err, call->service->invalid ? call->service->invalid : ERR_VALIDATION,
                     "%d validation error%s detected: %s", shown, shown == 1 ? "" : "s",
                     text ? text : "");
    }
    buf_clear(&rep.text);
    return rc;
}
