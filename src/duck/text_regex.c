/* text_regex.c - RegexSerDe and GrokSerDe: a line that the whole expression matches gives one text
 * for each of its groups; any other line gives NULLs. Java's expressions are PCRE2's for all that
 * log formats use. RegexSerDe takes groups by place; grok (text_grok.c) by name, anywhere in the
 * line. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/mem.h"
#include "duck/text_scan.h"
#include <pcre2.h>

#define MATCH_LIMIT 10000000

struct regex {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    uint32_t *groups; /* of each column; 0: none */
};

static int regex_bad(struct err *e, const struct text_scan *s, int code, size_t at) {
    char why[120] = "";
    pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
    return err_set_named(e, ERR_SQL, "HIVE_INVALID_METADATA", 0,
                         "The regular expression \"%.*s\" is wrong at character %zu: %s",
                         BYTES_ARG(bytes_slice(s->regex, 0, MIN_OF(s->regex.len, (size_t)300))),
                         at + 1, why);
}

static int find_groups(struct text_local *l, struct regex *r, struct err *e) {
    const struct text_scan *s = l->scan;
    uint32_t count = 0;
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &count);
    r->groups = ARENA_NEW_N(&l->arena, uint32_t, s->column_count + 1);
    if (!r->groups)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < s->column_count; i++) {
        char *name = arena_cstr(&l->arena, s->columns[i].key);
        int number = name && *name ? pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name)
                     : s->columns[i].field < count ? (int)s->columns[i].field + 1
                                                   : 0;
        r->groups[i] = number > 0 ? (uint32_t)number : 0;
    }
    return l->arena.failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

static int regex_begin(struct text_local *l, struct err *e) {
    const struct text_scan *s = l->scan;
    struct regex *r = ARENA_NEW(&l->arena, struct regex);
    int code = 0;
    PCRE2_SIZE at = 0;
    l->state = r;
    if (!r)
        return err_set(e, ERR_NOMEM, NULL);
    r->code = pcre2_compile((PCRE2_SPTR)s->regex.ptr, s->regex.len,
                            PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOTALL | PCRE2_DUPNAMES |
                                (s->ignore_case ? PCRE2_CASELESS : 0),
                            &code, &at, NULL);
    if (!r->code)
        return regex_bad(e, s, code, at);
    (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* else it is interpreted */
    r->match = pcre2_match_data_create_from_pattern(r->code, NULL);
    r->limits = pcre2_match_context_create(NULL);
    if (!r->match || !r->limits)
        return err_set(e, ERR_NOMEM, NULL);
    pcre2_set_match_limit(r->limits, MATCH_LIMIT);
    return find_groups(l, r, e);
}

static void regex_end(struct text_local *l) {
    struct regex *r = l->state;
    if (!r)
        return;
    pcre2_match_data_free(r->match);
    pcre2_match_context_free(r->limits);
    pcre2_code_free(r->code);
}

static bool store_group(struct text_local *l, const struct regex *r, size_t i, struct bytes line,
                        size_t row) {
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->match);
    const struct type *t = l->scan->columns[i].type;
    uint32_t g = r->groups[i];
    if (!g || at[2 * g] == PCRE2_UNSET) {
        text_store_null(t, &l->vecs[i], row);
        return true;
    }
    return text_store(l, t, bytes_slice(line, at[2 * g], at[2 * g + 1]), &l->vecs[i], row);
}

static int regex_row(struct text_local *l, struct bytes line, size_t row, struct err *e) {
    const struct regex *r = l->state;
    int n = pcre2_match(r->code, (PCRE2_SPTR)(line.len ? line.ptr : ""), line.len, 0,
                        l->scan->is_search ? 0 : PCRE2_ANCHORED | PCRE2_ENDANCHORED, r->match,
                        r->limits);
    if (n < 0 && n != PCRE2_ERROR_NOMATCH)
        return err_set_named(e, ERR_SQL, "HIVE_CURSOR_ERROR", 0,
                             "The regular expression needs too many steps for a line that begins "
                             "with \"%.*s\"",
                             BYTES_ARG(bytes_slice(line, 0, MIN_OF(line.len, (size_t)80))));
    for (size_t i = 0; i < l->scan->column_count; i++) {
        if (!l->wanted[i])
            continue;
        if (n < 0)
            text_store_null(l->scan->columns[i].type, &l->vecs[i], row);
        else if (!store_group(l, r, i, line, row))
            return err_set(e, ERR_NOMEM, NULL);
    }
    return 0;
}

const struct text_format text_format_regex = {
    .name = "regex", .begin = regex_begin, .row = regex_row, .end = regex_end};
