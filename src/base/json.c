/* json.c - the reader: one pass, recursive descent, nodes from the arena.
 *
 * Speed comes from strings: sixteen bytes at a time are compared with quote, backslash and control
 * characters, and a string without escapes is a view into the input. Bytes above 0x7f are only
 * noted during the scan; such a string's UTF-8 is checked once its end is known. */
#include "base/json.h"
#include "base/base_int.h"
#include "base/encode.h"
#include "base/mem.h"
#include <stdlib.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define MAX_DEPTH 200

struct parser {
    struct arena *arena;
    const char *start;
    const char *at;
    const char *end;
    const char *problem; /* what is wrong at `at`; NULL with a failure: out of memory */
};

static bool problem(struct parser *p, const char *at, const char *what) {
    p->at = at;
    p->problem = what;
    return false;
}

static void skip_blanks(struct parser *p) {
    while (p->at < p->end &&
           (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')) {
        p->at++;
    }
}

static bool is_plain(uint8_t c) {
    return c >= 0x20 && c != '"' && c != '\\';
}

/* First byte that ends a plain run (quote, backslash, control), or `end`. *high is set when a byte
 * above 0x7f was seen, perhaps just behind the run. */
static const char *skip_plain(const char *at, const char *end, bool *high) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)at);
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        *high |= _mm_movemask_epi8(v) != 0;
        unsigned mask = (unsigned)_mm_movemask_epi8(stop);
        if (mask) {
            return at + __builtin_ctz(mask);
        }
    }
#elif defined(__aarch64__)
    for (; end - at >= 16; at += 16) {
        uint8x16_t v = vld1q_u8((const uint8_t *)at);
        uint8x16_t stop = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\')));
        stop = vorrq_u8(stop, vcltq_u8(v, vdupq_n_u8(0x20)));
        *high |= vmaxvq_u8(v) >= 0x80;
        uint64_t mask =
            vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(stop), 4)), 0);
        if (mask) {
            return at + (__builtin_ctzll(mask) >> 2);
        }
    }
#endif
    for (; at < end && is_plain((uint8_t)*at); at++) {
        *high |= (uint8_t)*at >= 0x80;
    }
    return at;
}

/* ---- escapes ---- */

static bool read_hex4(const char *at, const char *end, uint32_t *ret) {
    char raw[2];
    if (end - at < 4 || hex_decode(bytes_of(at, 4), raw) != 2) {
        return false;
    }
    *ret = (uint32_t)(uint8_t)raw[0] << 8 | (uint8_t)raw[1];
    return true;
}

static size_t put_utf8(uint32_t c, char *out) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, c >>= 6) {
        out[i] = (char)(0x80 | (c & 0x3f));
    }
    out[0] = (char)((len == 2 ? 0xc0 : len == 3 ? 0xe0 : 0xf0) | c);
    return len;
}

/* `at` is behind "\u". Returns the input bytes taken behind it, 0 when malformed. */
static size_t unescape_unicode(const char *at, const char *end, char **out) {
    uint32_t c, low;
    size_t taken = 4;
    if (!read_hex4(at, end, &c) || (c >= 0xdc00 && c < 0xe000)) {
        return 0;
    }
    if (c >= 0xd800 && c < 0xdc00) {
        if (end - at < 10 || at[4] != '\\' || at[5] != 'u' || !read_hex4(at + 6, end, &low) ||
            low < 0xdc00 || low >= 0xe000) {
            return 0;
        }
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        taken = 10;
    }
    *out += put_utf8(c, *out);
    return taken;
}

static char unescape_simple(char c) {
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return 0;
    }
}

/* Finds the closing quote of a string with escapes; a quote behind a backslash is not it. */
static const char *find_close(const char *at, const char *end, bool *high) {
    while (at < end && *at == '\\') {
        at = end - at >= 2 ? skip_plain(at + 2, end, high) : end;
    }
    return at;
}

/* `from` is the string's first byte, `at` its first backslash. An escape never grows when decoded,
 * so the raw length bounds the result. */
static bool read_escaped(struct parser *p, const char *from, const char *at, bool high,
                         struct bytes *ret) {
    const char *close = find_close(at, p->end, &high);
    if (close >= p->end || *close != '"') {
        return problem(p, close,
                       close >= p->end ? "unterminated string" : "control character in a string");
    }
    char *text = arena_alloc(p->arena, (size_t)(close - from) + 1);
    if (!text) {
        return false;
    }
    memcpy(text, from, (size_t)(at - from));
    char *out = text + (at - from);
    while (at < close) {
        if (*at != '\\') {
            bool ignored = false;
            const char *run_end = skip_plain(at, close, &ignored);
            memcpy(out, at, (size_t)(run_end - at));
            out += run_end - at;
            at = run_end;
            continue;
        }
        if (at[1] == 'u') {
            size_t taken = unescape_unicode(at + 2, close, &out);
            if (taken == 0) {
                return problem(p, at, "malformed \\u escape");
            }
            at += 2 + taken;
            continue;
        }
        *out = unescape_simple(at[1]);
        if (*out++ == 0) {
            return problem(p, at, "unknown escape");
        }
        at += 2;
    }
    *ret = bytes_of(text, (size_t)(out - text));
    if (high && !utf8_valid(*ret)) {
        return problem(p, from, "invalid UTF-8 in a string");
    }
    p->at = close + 1;
    return true;
}

/* p->at is behind the opening quote. */
static bool read_string(struct parser *p, struct bytes *ret) {
    const char *from = p->at;
    bool high = false;
    const char *at = skip_plain(from, p->end, &high);
    if (at >= p->end) {
        return problem(p, at, "unterminated string");
    }
    if (*at == '\\') {
        return read_escaped(p, from, at, high, ret);
    }
    if (*at != '"') {
        return problem(p, at, "control character in a string");
    }
    *ret = bytes_of(from, (size_t)(at - from));
    if (high && !utf8_valid(*ret)) {
        return problem(p, from, "invalid UTF-8 in a string");
    }
    p->at = at + 1;
    return true;
}

/* ---- numbers and words ---- */

static const char *skip_digits(const char *at, const char *end) {
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return at;
}

static bool read_number(struct parser *p, struct json *j) {
    const char *from = p->at, *at = from + (*from == '-');
    const char *digits = at;
    at = skip_digits(at, p->end);
    bool fine = at > digits && !(*digits == '0' && at - digits > 1);
    if (fine && at < p->end && *at == '.') {
        digits = at + 1;
        at = skip_digits(digits, p->end);
        fine = at > digits;
    }
    if (fine && at < p->end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < p->end && (*at == '+' || *at == '-');
        digits = at;
        at = skip_digits(digits, p->end);
        fine = at > digits;
    }
    if (!fine) {
        return problem(p, at, "malformed number");
    }
    j->kind = JSON_NUMBER;
    j->text = bytes_of(from, (size_t)(at - from));
    p->at = at;
    return true;
}

static bool read_word(struct parser *p, struct json *j, struct bytes word, enum json_kind kind) {
    if (!bytes_starts_with(bytes_of(p->at, (size_t)(p->end - p->at)), word)) {
        return problem(p, p->at, "unknown word");
    }
    j->kind = kind;
    j->text = bytes_of(p->at, word.len);
    p->at += word.len;
    return true;
}

/* ---- values ---- */

static bool read_value(struct parser *p, struct json *j, int depth);

static bool read_name(struct parser *p, struct bytes *ret) {
    if (p->at >= p->end || *p->at != '"') {
        return problem(p, p->at, "expected a member name in quotes");
    }
    p->at++;
    if (!read_string(p, ret)) {
        return false;
    }
    skip_blanks(p);
    if (p->at >= p->end || *p->at != ':') {
        return problem(p, p->at, "expected ':'");
    }
    p->at++;
    return true;
}

static bool read_child(struct parser *p, struct json *parent, struct json ***tail, int depth) {
    struct json *child = arena_calloc(p->arena, sizeof(*child));
    if (!child) {
        return false;
    }
    skip_blanks(p);
    if (parent->kind == JSON_OBJECT && !read_name(p, &child->name)) {
        return false;
    }
    if (!read_value(p, child, depth + 1)) {
        return false;
    }
    **tail = child;
    *tail = &child->next;
    parent->count++;
    return true;
}

static bool read_container(struct parser *p, struct json *j, enum json_kind kind, int depth) {
    const char *from = p->at++;
    char close = kind == JSON_OBJECT ? '}' : ']';
    struct json **tail = &j->first;
    if (depth >= MAX_DEPTH) {
        return problem(p, from, "nested too deeply");
    }
    j->kind = kind;
    skip_blanks(p);
    if (p->at >= p->end || *p->at != close) {
        for (;;) {
            if (!read_child(p, j, &tail, depth)) {
                return false;
            }
            skip_blanks(p);
            if (p->at >= p->end || *p->at != ',') {
                break;
            }
            p->at++;
        }
    }
    if (p->at >= p->end || *p->at != close) {
        return problem(p, p->at, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
    }
    p->at++;
    j->text = bytes_of(from, (size_t)(p->at - from));
    return true;
}

static bool read_value(struct parser *p, struct json *j, int depth) {
    skip_blanks(p);
    if (p->at >= p->end) {
        return problem(p, p->at, "a value is missing");
    }
    switch (*p->at) {
    case '{':
        return read_container(p, j, JSON_OBJECT, depth);
    case '[':
        return read_container(p, j, JSON_ARRAY, depth);
    case '"':
        p->at++;
        j->kind = JSON_STRING;
        return read_string(p, &j->text);
    case 't':
        return read_word(p, j, BYTES("true"), JSON_TRUE);
    case 'f':
        return read_word(p, j, BYTES("false"), JSON_FALSE);
    case 'n':
        return read_word(p, j, BYTES("null"), JSON_NULL);
    default:
        if (*p->at == '-' || (*p->at >= '0' && *p->at <= '9')) {
            return read_number(p, j);
        }
        return problem(p, p->at, "expected a value");
    }
}

int json_parse(struct arena *a, struct bytes in, struct json **ret, struct err *e) {
    struct parser p = {.arena = a, .start = in.ptr, .at = in.ptr, .end = in.ptr + in.len};
    struct json *root = arena_calloc(a, sizeof(*root));
    bool fine = root && read_value(&p, root, 0);
    if (fine) {
        skip_blanks(&p);
        fine = p.at == p.end || problem(&p, p.at, "text behind the value");
    }
    if (!fine && !p.problem) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    if (!fine) {
        return err_set(e, ERR_SERIALIZATION, "The JSON is malformed at byte %zu: %s.",
                       (size_t)(p.at - p.start), p.problem);
    }
    *ret = root;
    return 0;
}
