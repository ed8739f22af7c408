/* json_path_regex.c - like_regex: XQuery's regular expressions through PCRE2.
 *
 * What PCRE2 knows and XQuery does not is refused by name, so that a pattern means the same
 * everywhere. */
#include "duck/json_path_int.h"

static const char *behind_parenthesis(struct bytes t, size_t at) {
    char c = at < t.len ? t.ptr[at] : 0, next = at + 1 < t.len ? t.ptr[at + 1] : 0;
    if (c == '<')
        return next == '=' || next == '!'
                   ? "lookbehind assertions ((?<=...), (?<!...)) are not valid XQuery regex syntax"
                   : "named groups ((?<name>...)) are not valid XQuery regex syntax";
    if (c == '>')
        return "atomic groups ((?>...)) are not valid XQuery regex syntax";
    if (c == '(')
        return "conditional groups ((?(cond)...)) are not valid XQuery regex syntax";
    if (c == 'P')
        return "Python-style named groups ((?P<name>...)) are not valid XQuery regex syntax";
    if (c == '=' || c == '!')
        return "lookahead assertions ((?=...), (?!...)) are not valid XQuery regex syntax";
    if (c && strchr("-imsx", c))
        return "inline regex flags ((?i), (?ims:...), (?-i)) are not valid XQuery regex syntax; "
               "pass flags as the like_regex flag argument";
    return NULL;
}
/* Why XQuery would not take the pattern; NULL: it would. */
static const char *not_xquery(struct bytes t) {
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i], next = i + 1 < t.len ? t.ptr[i + 1] : 0;
        if (c == '\\') {
            if (next == 'x' && (i + 2 >= t.len || t.ptr[i + 2] != '{'))
                return "\\xHH numeric escape is not valid XQuery regex syntax; use \\x{HHHH}";
            if (next == 'u')
                return "\\uHHHH numeric escape is not valid XQuery regex syntax; use \\x{HHHH}";
            i++;
            continue;
        }
        if (c == '[' && next == '[' && i + 2 < t.len && t.ptr[i + 2] == ':')
            return "POSIX bracket classes ([[:class:]]) are not valid XQuery regex syntax; use "
                   "\\p{IsClass}";
        const char *why = c == '(' && next == '?' ? behind_parenthesis(t, i + 2) : NULL;
        if (why)
            return why;
        if (next == '+' && strchr("*+?}", c) && c)
            return "possessive quantifiers (*+, ++, ?+, }+) are not valid XQuery regex syntax";
    }
    return NULL;
}

static int invalid(struct err *e, const char *what, const char *why) {
    return err_set_named(e, ERR_SQL, "INVALID_PATH", 0, "invalid like_regex %s in JSON path: %s",
                         what, why);
}
static int flags_of(struct bytes flags, uint32_t *ret, struct err *e) {
    static const char letters[] = "imsx";
    static const uint32_t options[] = {PCRE2_CASELESS, PCRE2_MULTILINE, PCRE2_DOTALL,
                                       PCRE2_EXTENDED};
    for (size_t i = 0; i < flags.len; i++) {
        const char *p = flags.ptr[i] ? strchr(letters, flags.ptr[i]) : NULL;
        if (!p)
            return invalid(e, "flags", "invalid XQuery regular expression flag");
        if (*ret & options[p - letters])
            return invalid(e, "flags", "duplicate XQuery regular expression flag");
        *ret |= options[p - letters];
    }
    return 0;
}

int path_compile_regex(struct json_path *p, struct path_node *node, struct bytes pattern,
                       struct bytes flags, struct err *e) {
    uint32_t options = PCRE2_UTF;
    int code;
    PCRE2_SIZE at;
    int rc = flags_of(flags, &options, e);
    if (rc)
        return rc;
    const char *why = not_xquery(pattern);
    if (why)
        return invalid(e, "pattern", why);
    node->regex = pcre2_compile((PCRE2_SPTR)(pattern.ptr ? pattern.ptr : ""), pattern.len, options,
                                &code, &at, NULL);
    if (!node->regex) {
        PCRE2_UCHAR text[200];
        pcre2_get_error_message(code, text, sizeof(text));
        return invalid(e, "pattern", (const char *)text);
    }
    node->next_regex = p->regexes;
    p->regexes = node;
    node->match = pcre2_match_data_create_from_pattern(node->regex, NULL);
    return node->match ? 0 : err_set(e, ERR_NOMEM, NULL);
}
