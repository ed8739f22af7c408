/* decoder_walk.h - the walk over one JSON document; a template that each instruction set compiles.
 *
 * The file that includes it has defined scan_string and key_matches; everything below is the same
 * for all, inlined around them. One function per JSON shape; each takes the place of its first byte
 * and returns the place after its last, or NULL with the fault filled.
 *
 * Members are predicted: each shape keeps, per field, how its member was last spelled (a slot), and
 * which slot followed. If the text at hand starts with the predicted spelling, blanks and colon
 * included, its name is known without looking at it. A wrong guess first tries the slot after it
 * (a member left out), then reads the name, finds the field by hash, and corrects the prediction.
 * The value of a member that no column wants is predicted to be what it was the last time.
 */
#ifndef TARN_SCHEMA_DECODER_WALK_H
#define TARN_SCHEMA_DECODER_WALK_H

#include "schema/decoder_int.h"

#define SKIPPED_MISSES 8
#define ALWAYS_INLINE inline __attribute__((always_inline))

static const char *walk_value(struct run *r, const char *p, struct node *n, struct decoder_vec *v,
                              size_t row, size_t depth);
static const char *walk_skip(struct run *r, const char *p, size_t depth);

static inline bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
static inline const char *skip_blanks(const char *p, const char *end) {
    while (p < end && (unsigned char)*p <= ' ' && is_blank(*p)) {
        p++;
    }
    return p;
}

/* p is after the opening quote. *ret: the content, checked, unescaped when it has to be. */
static ALWAYS_INLINE const char *walk_string_here(struct run *r, const char *p, struct bytes *ret) {
    uint64_t high = 0;
    const char *at = scan_string(p, r->end, &high);
    if (__builtin_expect(high != 0, 0)) {
        size_t bad = decoder_utf8_bad(p, (size_t)(at - p));
        if (bad != (size_t)(at - p)) {
            return decoder_fail(r, DECODER_MALFORMED, p + bad, "A string is not valid UTF-8.");
        }
    }
    if (__builtin_expect(at < r->end && *at == '"', 1)) {
        *ret = bytes_of(p, (size_t)(at - p));
        return at + 1;
    }
    if (at < r->end && *at == '\\') {
        return decoder_unescape(r, p, at, ret);
    }
    if (at < r->end) {
        return decoder_fail(r, DECODER_MALFORMED, at,
                            "A string has a control character that is not escaped.");
    }
    return decoder_fail_syntax(r, at, "the closing quote of a string");
}

static const char *walk_string(struct run *r, const char *p, struct bytes *ret) {
    return walk_string_here(r, p, ret);
}

/* After a string, p is inside the record or at its end: what may be read from text.ptr. */
static inline size_t readable(const struct run *r, struct bytes text) {
    bool inside =
        (uintptr_t)text.ptr >= (uintptr_t)r->begin && (uintptr_t)text.ptr < (uintptr_t)r->end;
    return inside ? (size_t)(r->end - text.ptr) : text.len;
}

/* ---- skipping: full validation, nothing kept ---- */

static const char *skip_literal(struct run *r, const char *p) {
    static const struct bytes words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if ((size_t)(r->end - p) >= words[i].len && memcmp(p, words[i].ptr, words[i].len) == 0) {
            return p + words[i].len;
        }
    }
    /* Cut off in the middle of a word, the end is what is wrong. */
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (p < r->end &&
            memcmp(p, words[i].ptr, MIN_OF((size_t)(r->end - p), words[i].len)) == 0) {
            p = r->end;
        }
    }
    return decoder_fail_syntax(r, p, "a value");
}

/* After an element: a comma (true in *ret_more) or the closing bracket. */
static inline const char *walk_comma(struct run *r, const char *p, char close, bool *ret_more) {
    if (p < r->end && *p != ',' && *p != close) {
        p = skip_blanks(p, r->end);
    }
    if (p < r->end && (*p == ',' || *p == close)) {
        *ret_more = *p == ',';
        return p + 1;
    }
    return decoder_fail_syntax(r, p, close == '}' ? "',' or '}'" : "',' or ']'");
}

/* A quoted name, and the colon. *ret: the name. Returns the place of the value. */
static const char *walk_name(struct run *r, const char *p, struct bytes *ret) {
    p = skip_blanks(p, r->end);
    if (p == r->end || *p != '"') {
        return decoder_fail_syntax(r, p, "a member's name in quotes");
    }
    p = walk_string(r, p + 1, ret);
    if (!p) {
        return NULL;
    }
    p = skip_blanks(p, r->end);
    if (p == r->end || *p != ':') {
        return decoder_fail_syntax(r, p, "':'");
    }
    return skip_blanks(p + 1, r->end);
}

static const char *too_deep(struct run *r, const char *p) {
    return decoder_fail(r, DECODER_TOO_DEEP, p, "The record is nested more than %zu levels deep.",
                        r->d->max_depth);
}

/* p is at the opening bracket; depth counts the brackets around it. */
static const char *skip_nested(struct run *r, const char *p, size_t depth) {
    char close = *p == '{' ? '}' : ']';
    if (depth >= r->d->max_depth) {
        return too_deep(r, p);
    }
    p = skip_blanks(p + 1, r->end);
    if (p < r->end && *p == close) {
        return p + 1;
    }
    for (bool more = true; more;) {
        struct bytes name;
        p = close == '}' ? walk_name(r, p, &name) : skip_blanks(p, r->end);
        p = p ? walk_skip(r, p, depth + 1) : NULL;
        p = p ? walk_comma(r, p, close, &more) : NULL;
        if (!p) {
            return NULL;
        }
    }
    return p;
}

static const char *walk_skip(struct run *r, const char *p, size_t depth) {
    if (p == r->end) {
        return decoder_fail_syntax(r, p, "a value");
    }
    if (*p == '"') {
        struct bytes text;
        return walk_string(r, p + 1, &text);
    }
    if (*p == '{' || *p == '[') {
        return skip_nested(r, p, depth);
    }
    if (*p == '-' || (unsigned char)(*p - '0') < 10) {
        struct number n;
        const char *bad = p, *end = number_scan(p, r->end, &n, &bad);
        return end ? end : decoder_fail_syntax(r, bad, "a digit of a number");
    }
    return skip_literal(r, p);
}

/* ---- values ---- */

/* A well-formed value of the wrong kind, or a malformed one: whichever it is. */
static const char *COLD walk_mismatch(struct run *r, const char *p, const struct node *n,
                                      size_t depth) {
    const char *end = walk_skip(r, p, depth);
    return end ? decoder_fail_type(r, p, bytes_of(p, (size_t)(end - p)), n) : NULL;
}

/* A string, number or boolean in quotes for a column that has a faster way without. */
static const char *walk_quoted(struct run *r, const char *p, const struct node *n,
                               struct decoder_vec *v, size_t row) {
    struct bytes text;
    const char *end = walk_string(r, p + 1, &text);
    return end && decoder_text_value(r, p, text, n, v, row) ? end : NULL;
}

static ALWAYS_INLINE const char *walk_text(struct run *r, const char *p, const struct node *n,
                                           struct decoder_vec *v, size_t row, size_t depth) {
    struct bytes text;
    const char *end;
    if (*p == '"') {
        end = walk_string_here(r, p + 1, &text);
    } else {
        end = walk_skip(r, p, depth);
        text = bytes_of(p, end ? (size_t)(end - p) : 0);
    }
    if (!end) {
        return NULL;
    }
    if (n->kind == TYPE_VARCHAR || n->kind == TYPE_CHAR) {
        if (text.len > (size_t)n->type->length) {
            text = decoder_first_chars(text, (size_t)n->type->length);
        }
    }
    store_string(v, row, text, readable(r, text));
    return end;
}

/* Up to 15 digits, the usual case; NULL: let the slow way decide. */
static ALWAYS_INLINE const char *integer_fast(const char *p, const char *end, int64_t *ret) {
    bool negative = *p == '-';
    if (end - p < 24) {
        return NULL;
    }
    p += negative;
    uint64_t t, value;
    unsigned n = count_digits8(p, &t);
    if (n == 0 || ((t & 0xFF) == 0 && n > 1)) {
        return NULL;
    }
    value = join_digits8(t, n);
    p += n;
    if (n == 8) {
        static const uint32_t tens[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
        n = count_digits8(p, &t);
        if (n == 8) {
            return NULL;
        }
        value = n ? value * tens[n] + join_digits8(t, n) : value;
        p += n;
    }
    if (*p == '.' || (*p | 0x20) == 'e') {
        return NULL;
    }
    *ret = negative ? -(int64_t)value : (int64_t)value;
    return p;
}

/* Up to 7 digits and 7 more after the point: both the digits and the power of ten are exact, so one
 * division rounds correctly. NULL: let the slow way decide. */
static ALWAYS_INLINE const char *double_fast(const char *p, const char *end, double *ret) {
    static const uint32_t tens[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    bool negative = *p == '-';
    if (end - p < 24) {
        return NULL;
    }
    p += negative;
    uint64_t t;
    unsigned n = count_digits8(p, &t), places = 0;
    if (n == 0 || n == 8 || ((t & 0xFF) == 0 && n > 1)) {
        return NULL;
    }
    uint64_t digits = join_digits8(t, n);
    p += n;
    if (*p == '.') {
        places = count_digits8(++p, &t);
        if (places == 0 || places == 8) {
            return NULL;
        }
        digits = digits * tens[places] + join_digits8(t, places);
        p += places;
    }
    if ((*p | 0x20) == 'e') {
        return NULL;
    }
    double v = (double)digits / tens[places];
    *ret = negative ? -v : v;
    return p;
}

static ALWAYS_INLINE const char *walk_number(struct run *r, const char *p, const struct node *n,
                                             struct decoder_vec *v, size_t row, size_t depth) {
    if (*p == '-' || (unsigned char)(*p - '0') < 10) {
        if (n->kind >= TYPE_TINYINT && n->kind <= TYPE_BIGINT) {
            int64_t value;
            const char *end = integer_fast(p, r->end, &value);
            if (end && decoder_store_int(n->kind, v, row, value)) {
                vec_set_valid(v, row);
                return end;
            }
        } else if (n->kind == TYPE_DOUBLE) {
            const char *end = double_fast(p, r->end, &((double *)v->data)[row]);
            if (end) {
                vec_set_valid(v, row);
                return end;
            }
        }
        return decoder_number_value(r, p, n, v, row);
    }
    return *p == '"' ? walk_quoted(r, p, n, v, row) : walk_mismatch(r, p, n, depth);
}

static ALWAYS_INLINE const char *walk_time(struct run *r, const char *p, const struct node *n,
                                           struct decoder_vec *v, size_t row, size_t depth) {
    if (*p == '"') {
        const char *end = time_scan_fast(p, r->end, &((int64_t *)v->data)[row]);
        if (end) {
            vec_set_valid(v, row);
            return end;
        }
    }
    return walk_number(r, p, n, v, row, depth);
}

static ALWAYS_INLINE const char *walk_boolean(struct run *r, const char *p, const struct node *n,
                                              struct decoder_vec *v, size_t row, size_t depth) {
    if (*p == '"') {
        return walk_quoted(r, p, n, v, row);
    }
    if (*p != 't' && *p != 'f') {
        return walk_mismatch(r, p, n, depth);
    }
    bool yes = *p == 't';
    ((uint8_t *)v->data)[row] = yes;
    vec_set_valid(v, row);
    if (r->end - p >= 8) { /* no branch on the value: nobody can guess it */
        static const uint64_t words[2] = {UINT64_C(0x65736c6166), UINT64_C(0x65757274)};
        static const uint64_t masks[2] = {UINT64_C(0xFFFFFFFFFF), UINT64_C(0xFFFFFFFF)};
        if ((load64(p) & masks[yes]) == words[yes]) {
            return p + 5 - yes;
        }
    }
    return skip_literal(r, p);
}

/* ---- nested columns ---- */

/* Room for one more element; its row in *ret_row. */
static inline bool list_append(struct run *r, const char *p, struct decoder_vec *child,
                               size_t *ret_row) {
    if (child->size == child->capacity && child->grow(child, child->size + 1) != 0) {
        (void)decoder_fail(r, DECODER_NO_MEMORY, p, "Out of memory.");
        return false;
    }
    *ret_row = child->size++;
    return true;
}

static const char *walk_array(struct run *r, const char *p, struct node *n, struct decoder_vec *v,
                              size_t row, size_t depth) {
    if (*p != '[') {
        return walk_mismatch(r, p, n, depth);
    }
    if (depth >= r->d->max_depth) {
        return too_deep(r, p);
    }
    struct decoder_vec *child = &v->children[0];
    size_t first = child->size, at;
    p = skip_blanks(p + 1, r->end);
    bool more = p == r->end || *p != ']';
    p += !more;
    while (more) {
        p = skip_blanks(p, r->end);
        if (!list_append(r, p, child, &at)) {
            return NULL;
        }
        p = walk_value(r, p, &n->children[0], child, at, depth + 1);
        p = p ? walk_comma(r, p, ']', &more) : NULL;
        if (!p) {
            return NULL;
        }
    }
    ((struct decoder_list *)v->data)[row] = (struct decoder_list){first, child->size - first};
    vec_set_valid(v, row);
    return p;
}

/* One entry; of equal keys the first keeps its place and the last gives the value. */
static const char *walk_entry(struct run *r, const char *p, struct node *n,
                              struct decoder_vec *entries, size_t first, size_t depth) {
    struct bytes name;
    size_t at, place;
    p = skip_blanks(p, r->end);
    const char *start = p;
    p = walk_name(r, p, &name);
    if (!p || !list_append(r, p, entries, &at) ||
        !decoder_text_value(r, start, name, &n->children[0], &entries->children[0], at)) {
        return NULL;
    }
    if (!decoder_map_place(n, &entries->children[0], first, at, &place)) {
        return decoder_fail(r, DECODER_NO_MEMORY, p, "Out of memory.");
    }
    if (place != at) {
        entries->size--;
    }
    vec_set_valid(entries, place);
    return walk_value(r, p, &n->children[1], &entries->children[1], place, depth + 1);
}

static const char *walk_map(struct run *r, const char *p, struct node *n, struct decoder_vec *v,
                            size_t row, size_t depth) {
    if (*p != '{') {
        return walk_mismatch(r, p, n, depth);
    }
    if (depth >= r->d->max_depth) {
        return too_deep(r, p);
    }
    struct decoder_vec *entries = &v->children[0];
    size_t first = entries->size;
    p = skip_blanks(p + 1, r->end);
    bool more = p == r->end || *p != '}';
    p += !more;
    while (more) {
        p = walk_entry(r, p, n, entries, first, depth);
        p = p ? walk_comma(r, p, '}', &more) : NULL;
        if (!p) {
            return NULL;
        }
    }
    ((struct decoder_list *)v->data)[row] = (struct decoder_list){first, entries->size - first};
    vec_set_valid(v, row);
    return p;
}

/* ---- objects ---- */

/* The slot with this spelling, a free one, or, when all are taken, the one that the hash says. */
static struct slot *unknown_slot(const struct shape *s, uint32_t hash, struct bytes spelling) {
    struct slot *unknown = s->slots + s->count, *home = &unknown[hash % UNKNOWN_SLOTS];
    for (size_t i = 0; i < UNKNOWN_SLOTS; i++) {
        struct slot *slot = &unknown[(hash + i) % UNKNOWN_SLOTS];
        if (slot->len == 0 || bytes_eq(bytes_of(slot->text, slot->len), spelling)) {
            return slot;
        }
    }
    home->skipped->len = 0;
    return home;
}

/* Reads the member's name and learns: the slot, and that it follows `before`. */
static const char *COLD learn_member(struct run *r, const char *p, struct shape *s,
                                     struct slot *before, struct slot **ret) {
    struct bytes name;
    uint32_t hash;
    const char *value = walk_name(r, p, &name);
    if (!value) {
        return NULL;
    }
    int32_t field = decoder_find_field(r->d, s, name, &hash);
    size_t len = (size_t)(value - p);
    struct slot *slot = field >= 0 ? &s->slots[field] : unknown_slot(s, hash, bytes_of(p, len));
    slot->field = field;
    slot->len = len <= SLOT_TEXT ? (uint32_t)len : 0;
    slot->mask = len >= 32 ? UINT32_MAX : (UINT32_C(1) << len) - 1;
    memcpy(slot->text, p, slot->len);
    before->next = slot;
    *ret = slot;
    return value;
}

static inline const char *walk_member(struct run *r, const char *p, struct shape *s,
                                      struct slot **at) {
    struct slot *guess = (*at)->next;
    if (__builtin_expect(!key_matches(guess, p, r->end), 0)) {
        guess = guess->next;
        if (!key_matches(guess, p, r->end)) {
            return learn_member(r, p, s, *at, at);
        }
    }
    *at = guess;
    return skip_blanks(p + guess->len, r->end);
}

static inline bool ends_value(char c) {
    return c == ',' || c == '}' || is_blank(c);
}

/* The value of an unknown member; `depth` counts the brackets around it. */
static inline const char *walk_unknown(struct run *r, const char *p, struct skipped *last,
                                       size_t depth) {
    if (last->pause) {
        last->pause--;
        return walk_skip(r, p, depth);
    }
    if (last->len && (size_t)(r->end - p) > last->len && memcmp(p, last->text, last->len) == 0 &&
        ends_value(p[last->len])) {
        last->misses = 0;
        return p + last->len;
    }
    const char *end = walk_skip(r, p, depth);
    size_t len = end ? (size_t)(end - p) : 0;
    bool give_up = ++last->misses == SKIPPED_MISSES || len > SKIPPED_TEXT;
    last->len = give_up ? 0 : (uint8_t)len;
    memcpy(last->text, p, last->len);
    if (give_up) {
        last->misses = 0;
        last->pause = UINT8_MAX;
    }
    return end;
}

static inline void null_the_absent(const struct shape *s, struct decoder_vec *vecs, size_t row) {
    for (size_t w = 0; w < s->words; w++) {
        uint64_t absent = s->all[w] & ~s->seen[w];
        while (absent) {
            size_t i = w * 64 + (size_t)__builtin_ctzll(absent);
            decoder_null_value(&s->nodes[i], &vecs[i], row);
            absent &= absent - 1;
        }
    }
}

static const char *walk_struct(struct run *r, const char *p, struct node *n, struct decoder_vec *v,
                               size_t row, size_t depth);

static const char *walk_null(struct run *r, const char *p, const struct node *n,
                             struct decoder_vec *v, size_t row) {
    decoder_null_value(n, v, row);
    return skip_literal(r, p);
}

static ALWAYS_INLINE const char *walk_kind(struct run *r, const char *p, struct node *n,
                                           struct decoder_vec *v, size_t row, size_t depth) {
    switch (n->kind) {
    case TYPE_STRING:
    case TYPE_VARCHAR:
    case TYPE_CHAR:
    case TYPE_BINARY:
        return walk_text(r, p, n, v, row, depth);
    case TYPE_BOOLEAN:
        return walk_boolean(r, p, n, v, row, depth);
    case TYPE_TIMESTAMP:
        return walk_time(r, p, n, v, row, depth);
    case TYPE_DATE:
        return *p == '"' ? walk_quoted(r, p, n, v, row) : walk_mismatch(r, p, n, depth);
    case TYPE_ARRAY:
        return walk_array(r, p, n, v, row, depth);
    case TYPE_MAP:
        return walk_map(r, p, n, v, row, depth);
    case TYPE_STRUCT:
        return walk_struct(r, p, n, v, row, depth);
    default:
        return walk_number(r, p, n, v, row, depth);
    }
}

static ALWAYS_INLINE const char *walk_value_here(struct run *r, const char *p, struct node *n,
                                                 struct decoder_vec *v, size_t row, size_t depth) {
    if (p == r->end) {
        return decoder_fail_syntax(r, p, "a value");
    }
    return *p == 'n' ? walk_null(r, p, n, v, row) : walk_kind(r, p, n, v, row, depth);
}
static const char *walk_value(struct run *r, const char *p, struct node *n, struct decoder_vec *v,
                              size_t row, size_t depth) {
    return walk_value_here(r, p, n, v, row, depth);
}

/* p is after the opening brace; `depth` counts that brace. */
static const char *walk_members(struct run *r, const char *p, struct shape *s,
                                struct decoder_vec *vecs, size_t row, size_t depth) {
    struct slot *at = s->head;
    memset(s->seen, 0, s->words * sizeof(*s->seen));
    p = skip_blanks(p, r->end);
    bool more = p == r->end || *p != '}';
    p += !more;
    while (more) {
        p = walk_member(r, p, s, &at);
        if (!p) {
            return NULL;
        }
        if (at->field >= 0) {
            size_t i = (size_t)at->field;
            s->seen[i >> 6] |= UINT64_C(1) << (i & 63);
            p = walk_value_here(r, p, &s->nodes[i], &vecs[i], row, depth);
            if (!p && depth == 1) {
                r->fault->column = r->d->names[i];
            }
        } else {
            p = walk_unknown(r, p, at->skipped, depth);
        }
        p = p ? walk_comma(r, p, '}', &more) : NULL;
        if (!p) {
            return NULL;
        }
    }
    null_the_absent(s, vecs, row);
    return p;
}

static const char *walk_struct(struct run *r, const char *p, struct node *n, struct decoder_vec *v,
                               size_t row, size_t depth) {
    if (*p != '{') {
        return walk_mismatch(r, p, n, depth);
    }
    if (depth >= r->d->max_depth) {
        return too_deep(r, p);
    }
    vec_set_valid(v, row);
    return walk_members(r, p + 1, n->shape, v->children, row, depth + 1);
}

/* A whole document at p, which is no blank. */
static inline const char *walk_document(struct run *r, const char *p, struct decoder_vec *vecs,
                                        size_t row) {
    if (*p == '{') {
        return walk_members(r, p + 1, &r->d->root, vecs, row, 1);
    }
    if (!walk_skip(r, p, 0)) {
        return NULL;
    }
    return decoder_fail(r, DECODER_NOT_OBJECT, p, "A record must be a JSON object; this is %s.",
                        *p == '['   ? "an array"
                        : *p == '"' ? "a string"
                                    : "a number or literal");
}

#endif
