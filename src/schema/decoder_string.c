/* decoder_string.c - UTF-8, escapes, and the memory that unescaped strings live in.
 *
 * Most strings never come here: they have no escape and are ASCII, and the walker stores a view of
 * the record. Validation follows the table of well-formed sequences in the Unicode standard
 * (no surrogates, no overlong forms, nothing beyond U+10FFFF). Unescaped text goes to blocks that
 * are freed together; a failed record gives its part back. */
#include "schema/decoder_int.h"

#define BLOCK_SIZE ((size_t)64 << 10)

static bool is_tail(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

/* Length of the sequence at p (n bytes are there), or 0 when it is not well formed. */
static size_t sequence_len(const unsigned char *p, size_t n) {
    unsigned char c = p[0];
    if (c < 0x80) {
        return 1;
    }
    if (c < 0xE0) {
        return c >= 0xC2 && n >= 2 && is_tail(p[1]) ? 2 : 0;
    }
    if (c < 0xF0) {
        if (n < 3 || !is_tail(p[1]) || !is_tail(p[2])) {
            return 0;
        }
        return (c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] >= 0xA0) ? 0 : 3;
    }
    if (c > 0xF4 || n < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) {
        return 0;
    }
    return (c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] >= 0x90) ? 0 : 4;
}

size_t decoder_utf8_bad(const char *ptr, size_t len) {
    size_t i = 0;
    while (i < len) {
        if (len - i >= 8 && (load64(ptr + i) & UINT64_C(0x8080808080808080)) == 0) {
            i += 8;
            continue;
        }
        size_t n = sequence_len((const unsigned char *)ptr + i, len - i);
        if (n == 0) {
            return i;
        }
        i += n;
    }
    return len;
}

struct bytes decoder_first_chars(struct bytes text, size_t count) {
    size_t i = 0;
    while (i < text.len && count > 0) {
        i++;
        while (i < text.len && is_tail((unsigned char)text.ptr[i])) {
            i++;
        }
        count--;
    }
    return bytes_slice(text, 0, i);
}

/* ---- memory ---- */

static char *string_alloc(struct decoder *d, size_t size) {
    struct string_block *b = d->strings;
    if (!b || b->size - b->used < size) {
        size_t want = MAX_OF(size, BLOCK_SIZE);
        struct string_block *fresh = mem_alloc(sizeof(*fresh) + want);
        if (!fresh) {
            return NULL;
        }
        fresh->older = b;
        fresh->size = want;
        fresh->used = 0;
        d->strings = b = fresh;
    }
    return b->data + b->used;
}

void decoder_strings_rewind(struct decoder *d, struct string_mark mark) {
    while (d->strings != mark.block) {
        struct string_block *older = d->strings->older;
        mem_free(d->strings);
        d->strings = older;
    }
    if (d->strings) {
        d->strings->used = mark.used;
    }
}

void decoder_reset_strings(struct decoder *d) {
    struct string_block *first = d->strings;
    while (first && first->older) {
        first = first->older;
    }
    /* One block stays, unless it was made for one huge string. */
    bool keep = first && first->size == BLOCK_SIZE;
    decoder_strings_rewind(d, (struct string_mark){keep ? first : NULL, 0});
}

/* ---- escapes ---- */

/* The closing quote at or after `at`, which is no part of an escape; NULL when there is none. */
static const char *find_close(const char *at, const char *end) {
    while (at < end && *at != '"') {
        at += *at == '\\' ? 2 : 1;
    }
    return at < end ? at : NULL;
}

/* Four hex digits, or -1. */
static int hex4(const char *p, const char *end) {
    if (end - p < 4) {
        return -1;
    }
    int v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i], low = c | 0x20;
        int digit = c - '0' < 10u ? (int)(c - '0') : low - 'a' < 6u ? (int)(low - 'a') + 10 : -1;
        if (digit < 0) {
            return -1;
        }
        v = v << 4 | digit;
    }
    return v;
}

static char *put_utf8(char *out, uint32_t c) {
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

/* p is after "\u"; a high surrogate takes the low one with it. Returns the place after, or NULL. */
static const char *unicode_escape(const char *p, const char *end, char **out) {
    int c = hex4(p, end);
    if (c < 0) {
        return NULL;
    }
    p += 4;
    uint32_t code = (uint32_t)c;
    if (code >= 0xD800 && code < 0xE000) {
        int low =
            code < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2, end) : -1;
        if (low < 0xDC00 || low > 0xDFFF) {
            return NULL;
        }
        code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        p += 6;
    }
    *out = put_utf8(*out, code);
    return p;
}

/* p is after the backslash. */
static const char *one_escape(const char *p, const char *end, char **out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (p == end) {
        return NULL;
    }
    if (*p == 'u') {
        return unicode_escape(p + 1, end, out);
    }
    const char *at = *p ? strchr(from, *p) : NULL;
    if (!at) {
        return NULL;
    }
    *(*out)++ = to[at - from];
    return p + 1;
}

static const char *unescape_into(struct run *r, const char *p, const char *close, char **out) {
    while (p < close) {
        if (*p == '\\') {
            const char *next = one_escape(p + 1, close, out);
            if (!next) {
                return decoder_fail(r, DECODER_MALFORMED, p, "A string has a wrong escape.");
            }
            p = next;
        } else if ((unsigned char)*p < 0x20) {
            return decoder_fail(r, DECODER_MALFORMED, p,
                                "A string has a control character that is not escaped.");
        } else {
            *(*out)++ = *p++;
        }
    }
    return p;
}

const char *decoder_unescape(struct run *r, const char *from, const char *at, struct bytes *ret) {
    const char *close = find_close(at, r->end);
    if (!close) {
        return decoder_fail_syntax(r, r->end, "the closing quote of a string");
    }
    /* No escape is shorter than what it stands for. */
    char *memory = string_alloc(r->d, (size_t)(close - from));
    if (!memory) {
        return decoder_fail(r, DECODER_NO_MEMORY, from, "Out of memory.");
    }
    size_t bad = decoder_utf8_bad(from, (size_t)(close - from));
    if (bad != (size_t)(close - from)) {
        return decoder_fail(r, DECODER_MALFORMED, from + bad, "A string is not valid UTF-8.");
    }
    char *out = memory;
    if (!unescape_into(r, from, close, &out)) {
        return NULL;
    }
    r->d->strings->used += (size_t)(out - memory);
    *ret = bytes_of(memory, (size_t)(out - memory));
    return close + 1;
}
