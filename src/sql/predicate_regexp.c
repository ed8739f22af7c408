/* predicate_regexp.c - regexp_like and regexp_extract over values.
 *
 * The pattern, a constant, is compiled once, as the engine compiles it (duck/fn_regexp.c). A match
 * may take few steps only: what takes more is the engine's. All of PCRE2's memory is the arenas'.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "sql/predicate_int.h"
#include <pcre2.h>

#define MAX_STEPS 20000
#define MAX_HEAP_KB 256
#define MAX_PATTERN 1000

static void *allocate(size_t size, void *arena) {
    return arena_alloc(arena, size);
}
static void release(void *p, void *arena) {
    (void)p;
    (void)arena;
}

bool regexp_prepare(struct arena *a, struct sql_node *x) {
    const struct sql_node *p = x->arg_count > 1 ? x->args[1] : NULL;
    int code;
    PCRE2_SIZE at;
    if (!p || p->kind != NODE_VALUE || p->value.is_null || p->value.text.len > MAX_PATTERN)
        return false;
    struct bytes t = p->value.text;
    pcre2_general_context *memory = pcre2_general_context_create(allocate, release, a);
    pcre2_compile_context *context = memory ? pcre2_compile_context_create(memory) : NULL;
    if (!context)
        return false;
    x->state = pcre2_compile((PCRE2_SPTR)(t.ptr ? t.ptr : ""), t.len,
                             PCRE2_UTF | PCRE2_NO_UTF_CHECK, &code, &at, context);
    return x->state != NULL;
}

/* EVAL_OK: *ret_match, or NULL when there is none. */
static enum eval match(struct evaluation *ev, const struct sql_node *x, struct bytes v,
                       pcre2_match_data **ret_match) {
    pcre2_general_context *memory = pcre2_general_context_create(allocate, release, ev->a);
    pcre2_match_context *context = memory ? pcre2_match_context_create(memory) : NULL;
    pcre2_match_data *m = context ? pcre2_match_data_create_from_pattern(x->state, memory) : NULL;
    if (!m)
        return EVAL_UNKNOWN;
    pcre2_set_match_limit(context, MAX_STEPS);
    pcre2_set_heap_limit(context, MAX_HEAP_KB);
    int n = pcre2_match(x->state, (PCRE2_SPTR)(v.ptr ? v.ptr : ""), v.len, 0, PCRE2_NO_UTF_CHECK, m,
                        context);
    *ret_match = n >= 0 ? m : NULL;
    return n >= 0 || n == PCRE2_ERROR_NOMATCH ? EVAL_OK : EVAL_UNKNOWN;
}

enum eval fn_regexp_like(struct evaluation *ev, const struct sql_node *x,
                         const struct sql_value *args, struct sql_value *ret) {
    pcre2_match_data *m;
    enum eval rc = match(ev, x, args[0].text, &m);
    return rc ? rc : value_truth(x, m != NULL, ret);
}

enum eval fn_regexp_extract(struct evaluation *ev, const struct sql_node *x,
                            const struct sql_value *args, struct sql_value *ret) {
    pcre2_match_data *m;
    int64_t n = x->arg_count > 2 ? args[2].whole : 0;
    enum eval rc = match(ev, x, args[0].text, &m);
    if (rc)
        return rc;
    uint32_t groups = 0;
    if (pcre2_pattern_info(x->state, PCRE2_INFO_CAPTURECOUNT, &groups) || n < 0 || n > groups)
        return EVAL_UNKNOWN;
    PCRE2_SIZE *o = m ? pcre2_get_ovector_pointer(m) : NULL;
    if (!o || o[2 * n] == PCRE2_UNSET)
        return value_null(x, ret);
    return o[2 * n + 1] < o[2 * n]
               ? EVAL_UNKNOWN
               : value_text_of(x, bytes_slice(args[0].text, o[2 * n], o[2 * n + 1]), ret);
}
