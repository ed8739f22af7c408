/* glob.c - exclude patterns as Glue documents them.
 *
 * "*" stays within a folder, "**" crosses folders, "?" is one character, "[a-z]" and "[!a-z]" one
 * of a set, "\" takes the next character as it is; "{a,b}" is expanded before matching, so a
 * pattern is a plain walk with one point of return per kind of star. */
#include "crawl/crawl_int.h"

#define EXPANSIONS_MAX 1000

static int add(struct arena *a, struct bytes v, struct bytes **items, size_t *count,
               struct err *e) {
    if (*count >= EXPANSIONS_MAX)
        return err_set(e, ERR_INVALID_INPUT, "An exclude pattern has more than %d alternatives.",
                       EXPANSIONS_MAX);
    struct bytes *grown = ARENA_NEW_N(a, struct bytes, *count + 1);
    if (!grown || !v.ptr)
        return err_set(e, ERR_NOMEM, NULL);
    if (*count)
        memcpy(grown, *items, *count * sizeof *grown);
    grown[(*count)++] = v;
    *items = grown;
    return 0;
}

int glob_expand(struct arena *a, struct bytes p, struct bytes **items, size_t *count,
                struct err *e) {
    size_t open = 0, close;
    for (; open < p.len && p.ptr[open] != '{'; open++)
        open += p.ptr[open] == '\\';
    if (open >= p.len)
        return add(a, p, items, count, e);
    for (close = open; close < p.len && p.ptr[close] != '}'; close++)
        close += p.ptr[close] == '\\';
    if (close >= p.len)
        return err_set(e, ERR_INVALID_INPUT, "The exclude pattern '%.*s' has an open {.",
                       BYTES_ARG(p));
    struct bytes rest = bytes_slice(p, open + 1, close), one;
    int rc = 0;
    do {
        rest = bytes_cut(rest, ',', &one);
        struct bytes whole = arena_fmt(a, "%.*s%.*s%.*s", (int)open, p.ptr, BYTES_ARG(one),
                                       (int)(p.len - close - 1), p.ptr + close + 1);
        rc = whole.ptr ? glob_expand(a, whole, items, count, e) : err_set(e, ERR_NOMEM, NULL);
    } while (!rc && rest.ptr);
    return rc;
}

/* One pattern element against one character; *used is the element's length. */
static bool one_fits(struct bytes p, char c, size_t *used) {
    *used = 1;
    if (p.ptr[0] == '?')
        return c != '/';
    if (p.ptr[0] == '\\' && p.len > 1) {
        *used = 2;
        return p.ptr[1] == c;
    }
    ptrdiff_t end = p.ptr[0] == '[' ? bytes_find_char(bytes_slice(p, 2, p.len), ']') : -1;
    if (end < 0)
        return p.ptr[0] == c;
    struct bytes set = bytes_slice(p, 1, (size_t)end + 2);
    *used = (size_t)end + 3;
    bool negate = set.ptr[0] == '!' || set.ptr[0] == '^', in = false;
    for (size_t i = negate; i < set.len; i++) {
        bool range = i + 2 < set.len && set.ptr[i + 1] == '-';
        in |= range ? set.ptr[i] <= c && c <= set.ptr[i + 2] : set.ptr[i] == c;
        i += range ? 2 : 0;
    }
    return in != negate && c != '/';
}

bool glob_match(struct bytes p, struct bytes path) {
    size_t at = 0, i = 0, used;
    size_t star = SIZE_MAX, star_i = 0, deep = SIZE_MAX, deep_i = 0;
    while (i < path.len || at < p.len) {
        bool two = at + 1 < p.len && p.ptr[at] == '*' && p.ptr[at + 1] == '*';
        if (two) {
            at = deep = at + 2;
            deep_i = i;
            star = SIZE_MAX;
        } else if (at < p.len && p.ptr[at] == '*') {
            star = ++at;
            star_i = i;
        } else if (at < p.len && i < path.len &&
                   one_fits(bytes_slice(p, at, p.len), path.ptr[i], &used)) {
            at += used;
            i++;
        } else if (star != SIZE_MAX && star_i < path.len && path.ptr[star_i] != '/') {
            at = star;
            i = ++star_i;
        } else if (deep != SIZE_MAX && deep_i < path.len) {
            at = deep;
            i = ++deep_i;
            star = SIZE_MAX;
        } else {
            return false;
        }
    }
    return true;
}
