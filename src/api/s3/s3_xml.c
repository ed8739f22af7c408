/* s3_xml.c - XML as S3 uses it: elements and text. The reader takes one step per call: an opening
 * tag, a closing tag, or the decoded text between two tags. Attributes, comments, declarations are
 * skipped; document types are refused, so no entity can expand. */
#include "api/s3/s3_int.h"
#include "base/encode.h"

#define MAX_DEPTH 32

/* ---- writing ---- */

static void add_escaped(struct buf *b, struct bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char ch = (unsigned char)text.ptr[i];
        switch (ch) {
        case '&':
            buf_add_str(b, "&amp;");
            break;
        case '<':
            buf_add_str(b, "&lt;");
            break;
        case '>':
            buf_add_str(b, "&gt;");
            break;
        case '"':
            buf_add_str(b, "&quot;");
            break;
        default:
            if (ch < 0x20)
                buf_add_fmt(b, "&#x%x;", ch);
            else
                buf_add_char(b, (char)ch);
        }
    }
}

void xml_start(struct buf *b, const char *root) {
    buf_add_fmt(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"" S3_XMLNS "\">", root);
}

void xml_open(struct buf *b, const char *tag) {
    buf_add_fmt(b, "<%s>", tag);
}

void xml_close(struct buf *b, const char *tag) {
    buf_add_fmt(b, "</%s>", tag);
}

void xml_text(struct buf *b, const char *tag, struct bytes text) {
    xml_open(b, tag);
    add_escaped(b, text);
    xml_close(b, tag);
}

void xml_cstr(struct buf *b, const char *tag, const char *text) {
    xml_text(b, tag, bytes_str(text));
}

void xml_i64(struct buf *b, const char *tag, int64_t n) {
    buf_add_fmt(b, "<%s>%lld</%s>", tag, (long long)n, tag);
}

void xml_time(struct buf *b, const char *tag, int64_t wall_ms) {
    char text[32];
    clock_format_iso(wall_ms, text);
    xml_cstr(b, tag, text);
}

void xml_etag(struct buf *b, const char *etag) {
    buf_add_fmt(b, "<ETag>&quot;%s&quot;</ETag>", etag);
}

/* ---- reading ---- */

static void skip(struct xml_reader *r, size_t n) {
    r->rest = bytes_slice(r->rest, n, r->rest.len);
}

/* Past `end`; false when it is missing. */
static bool skip_past(struct xml_reader *r, struct bytes end) {
    ptrdiff_t at = bytes_find(r->rest, end);
    if (at < 0)
        return false;
    skip(r, (size_t)at + end.len);
    return true;
}

static void add_code_point(struct buf *b, uint32_t c) {
    if (c < 0x80) {
        buf_add_char(b, (char)c);
    } else if (c < 0x800) {
        buf_add_char(b, (char)(0xC0 | c >> 6));
        buf_add_char(b, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_add_char(b, (char)(0xE0 | c >> 12));
        buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_add_char(b, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_add_char(b, (char)(0xF0 | c >> 18));
        buf_add_char(b, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_add_char(b, (char)(0x80 | (c & 0x3F)));
    }
}

/* "#10" or "#xA". */
static bool add_reference(struct buf *b, struct bytes name) {
    bool hex = name.len > 1 && name.ptr[1] == 'x';
    uint32_t n = 0;
    size_t i = hex ? 2 : 1;
    if (i >= name.len || name.len > 9)
        return false;
    for (; i < name.len; i++) {
        char ch = name.ptr[i], low = (char)(ch | 0x20);
        if (ch >= '0' && ch <= '9')
            n = n * (hex ? 16 : 10) + (uint32_t)(ch - '0');
        else if (hex && low >= 'a' && low <= 'f')
            n = n * 16 + (uint32_t)(low - 'a' + 10);
        else
            return false;
    }
    if (n == 0 || n > 0x10FFFF || (n >= 0xD800 && n < 0xE000))
        return false;
    add_code_point(b, n);
    return true;
}

static bool add_entity(struct buf *b, struct bytes name) {
    static const struct {
        const char *name;
        char ch;
    } entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    if (name.len > 0 && name.ptr[0] == '#')
        return add_reference(b, name);
    for (size_t i = 0; i < COUNT_OF(entities); i++)
        if (bytes_eq_str(name, entities[i].name)) {
            buf_add_char(b, entities[i].ch);
            return true;
        }
    return false;
}

static enum xml_event decode_text(struct xml_reader *r, struct bytes raw) {
    struct buf out = {0};
    bool ok = true;
    while (ok && raw.len > 0) {
        ptrdiff_t at = bytes_find_char(raw, '&');
        size_t plain = at < 0 ? raw.len : (size_t)at;
        buf_add(&out, bytes_slice(raw, 0, plain));
        raw = bytes_slice(raw, plain, raw.len);
        if (raw.len == 0)
            break;
        ptrdiff_t end = bytes_find_char(raw, ';');
        ok = end > 0 && add_entity(&out, bytes_slice(raw, 1, (size_t)end));
        raw = bytes_slice(raw, ok ? (size_t)end + 1 : 0, raw.len);
    }
    r->value = arena_copy(r->arena, buf_bytes(&out));
    ok = ok && buf_ok(&out) && !r->arena->failed && utf8_valid(r->value);
    buf_clear(&out);
    return ok ? XML_TEXT : XML_BAD;
}

static bool is_name_end(char ch) {
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n' || ch == '/' || ch == '>';
}

/* At "<name ..." or "</name>". */
static enum xml_event read_tag(struct xml_reader *r) {
    bool closing = r->rest.len > 1 && r->rest.ptr[1] == '/';
    size_t from = closing ? 2 : 1, to = from;
    while (to < r->rest.len && !is_name_end(r->rest.ptr[to]))
        to++;
    struct bytes name = bytes_slice(r->rest, from, to);
    ptrdiff_t end = bytes_find_char(r->rest, '>');
    if (end < 0 || name.len == 0)
        return XML_BAD;
    bool empty = !closing && r->rest.ptr[end - 1] == '/';
    skip(r, (size_t)end + 1);
    ptrdiff_t colon = bytes_find_char(name, ':');
    r->value = bytes_slice(name, colon < 0 ? 0 : (size_t)colon + 1, name.len);
    r->depth += closing ? -1 : 1;
    if (r->depth < 0 || r->depth > MAX_DEPTH)
        return XML_BAD;
    r->close_next = empty;
    return closing ? XML_CLOSE : XML_OPEN;
}

enum xml_event xml_next(struct xml_reader *r) {
    if (r->close_next) {
        r->close_next = false;
        r->depth--;
        return XML_CLOSE;
    }
    while (r->rest.len > 0) {
        if (bytes_starts_with(r->rest, BYTES("<?"))) {
            if (!skip_past(r, BYTES("?>")))
                return XML_BAD;
        } else if (bytes_starts_with(r->rest, BYTES("<!--"))) {
            if (!skip_past(r, BYTES("-->")))
                return XML_BAD;
        } else if (bytes_starts_with(r->rest, BYTES("<!"))) {
            return XML_BAD;
        } else if (r->rest.ptr[0] == '<') {
            return read_tag(r);
        } else {
            ptrdiff_t at = bytes_find_char(r->rest, '<');
            struct bytes raw = bytes_slice(r->rest, 0, at < 0 ? r->rest.len : (size_t)at);
            skip(r, raw.len);
            if (r->depth > 0)
                return decode_text(r, raw);
            if (bytes_trim(raw).len > 0)
                return XML_BAD;
        }
    }
    return r->depth == 0 ? XML_END : XML_BAD;
}
