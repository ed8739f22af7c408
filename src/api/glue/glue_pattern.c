/* glue_pattern.c - the name patterns of GetTables and GetUserDefinedFunctions.
 *
 * Clients send regular expressions and Hive's patterns ("*name*", "a|b*"): a star with nothing
 * before it that it could repeat sensibly (the start, a letter, a digit, '_' or '-') means
 * "anything". The whole name has to match, in any case. */
#include "api/glue/glue_int.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct glue_pattern {
    pcre2_code *code;
    pcre2_match_data *match;
};

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

static struct bytes widen_stars(struct api_call *call, struct bytes x) {
    char *out = arena_alloc(call->arena, 2 * x.len + 1), last = 0;
    size_t n = 0;
    for (size_t i = 0; out && i < x.len; i++) {
        char c = x.ptr[i];
        bool escaped = i >= 2 && x.ptr[i - 2] == '\\';
        if (c == '*' && !escaped && (last == 0 || last == '*' || last == '|' || is_name_char(last)))
            out[n++] = '.';
        out[n++] = c;
        last = c;
    }
    return bytes_of(out, n);
}

int glue_pattern_new(struct api_call *call, struct bytes text, const char *member,
                     struct glue_pattern **ret) {
    int why;
    PCRE2_SIZE at;
    *ret = NULL;
    if (text.len == 0)
        return 0;
    struct bytes x = widen_stars(call, text);
    struct glue_pattern *p = mem_calloc(1, sizeof *p);
    if (!x.ptr || !p) {
        mem_free(p);
        return glue_out_of_memory(call);
    }
    *ret = p;
    p->code = pcre2_compile((PCRE2_SPTR)x.ptr, x.len,
                            PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_CASELESS | PCRE2_UTF, &why,
                            &at, NULL);
    if (!p->code)
        return err_set(&call->err, ERR_INVALID_INPUT,
                       "%s is not a valid regular expression at offset %zu.", member, (size_t)at);
    p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
    return p->match ? 0 : glue_out_of_memory(call);
}

void glue_pattern_free(struct glue_pattern **p) {
    if (!*p)
        return;
    pcre2_match_data_free((*p)->match);
    pcre2_code_free((*p)->code);
    mem_free(*p);
    *p = NULL;
}

bool glue_pattern_pass(const struct glue_pattern *p, struct bytes name) {
    return !p || pcre2_match(p->code, (PCRE2_SPTR)name.ptr, name.len, 0, 0, p->match, NULL) >= 0;
}
