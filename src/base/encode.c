/* encode.c - hex, percent-encoding and UTF-8 checks. ASCII runs are skipped eight bytes at a time.
 */
#include "base/encode.h"
#include "base/base_int.h"

void hex_encode(struct bytes in, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < in.len; i++) {
        uint8_t byte = (uint8_t)in.ptr[i];
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

ptrdiff_t hex_decode(struct bytes in, char *out) {
    if (in.len % 2 != 0) {
        return -1;
    }
    for (size_t i = 0; i < in.len; i += 2) {
        int high = hex_value(in.ptr[i]), low = hex_value(in.ptr[i + 1]);
        if (high < 0 || low < 0) {
            return -1;
        }
        *out++ = (char)(high << 4 | low);
    }
    return (ptrdiff_t)(in.len / 2);
}

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void buf_add_uri(struct buf *b, struct bytes in, bool keep_slash) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < in.len; i++) {
        char c = in.ptr[i];
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            buf_add_char(b, c);
        } else {
            char escaped[3] = {'%', digits[(uint8_t)c >> 4], digits[(uint8_t)c & 15]};
            buf_add(b, bytes_of(escaped, 3));
        }
    }
}

bool uri_decode(struct arena *a, struct bytes in, bool plus_is_blank, struct bytes *ret) {
    char *out = arena_alloc(a, in.len + 1);
    size_t len = 0;
    if (!out) {
        return false;
    }
    for (size_t i = 0; i < in.len; i++) {
        char c = in.ptr[i];
        if (c == '%') {
            if (in.len - i < 3 || hex_decode(bytes_of(in.ptr + i + 1, 2), &c) < 0) {
                return false;
            }
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        out[len++] = c;
    }
    out[len] = '\0';
    *ret = bytes_of(out, len);
    return true;
}

/* Unicode 15, table 3-7: the second byte's range depends on the first. */
size_t utf8_sequence_len(const uint8_t *p, size_t avail) {
    uint8_t lead = p[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t len = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (len == 0 || avail < len) {
        return 0;
    }
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool utf8_valid(struct bytes in) {
    const uint8_t *p = (const uint8_t *)in.ptr;
    size_t left = in.len;
    while (left > 0) {
        uint64_t word;
        if (left >= 8 && (memcpy(&word, p, 8), (word & UINT64_C(0x8080808080808080)) == 0)) {
            p += 8;
            left -= 8;
            continue;
        }
        size_t len = utf8_sequence_len(p, left);
        if (len == 0) {
            return false;
        }
        p += len;
        left -= len;
    }
    return true;
}
