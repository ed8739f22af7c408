/* err.c - fills error records from the one table in err.h. Texts too long are cut, never refused.
 */
#include "base/err.h"
#include "base/bytes.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct err_entry {
    const char *name;
    int status;
    const char *text;
};

static const struct err_entry *entry_of(int code) {
    static const struct err_entry table[ERR_COUNT] = {[ERR_OK] = {"OK", 200, "No error."},
#define X(suffix, aws_name, http, words) [ERR_NEG_##suffix] = {aws_name, http, words},
                                                      ERR_TABLE(X)
#undef X
    };
    bool known = code <= 0 && code > -(int)ERR_COUNT;
    return &table[known ? -code : ERR_NEG_INTERNAL];
}

const char *err_name(int code) {
    return entry_of(code)->name;
}

int err_status(int code) {
    return entry_of(code)->status;
}

static int fill(struct err *e, int code, const char *name, int status, const char *fmt,
                va_list ap) {
    const struct err_entry *entry = entry_of(code);
    if (!e) {
        return code;
    }
    char text[sizeof(e->text)]; /* arguments may point into *e */
    if (fmt) {
        (void)vsnprintf(text, sizeof(text), fmt, ap);
    } else {
        (void)snprintf(text, sizeof(text), "%s", entry->text);
    }
    *e = (struct err){.code = code, .status = status ? status : entry->status};
    (void)snprintf(e->name, sizeof(e->name), "%s", name ? name : entry->name);
    memcpy(e->text, text, sizeof(text));
    return code;
}

int err_set(struct err *e, int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fill(e, code, NULL, 0, fmt, ap);
    va_end(ap);
    return code;
}

int err_set_named(struct err *e, int code, const char *name, int status, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fill(e, code, name, status, fmt, ap);
    va_end(ap);
    return code;
}

int err_set_errno(struct err *e, int code, int errno_value, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fill(e, code, NULL, 0, fmt, ap);
    va_end(ap);
    if (e) {
        char reason[128];
        size_t at = strlen(e->text);
        const char *words = strerror_r(errno_value, reason, sizeof(reason));
        (void)snprintf(e->text + at, sizeof(e->text) - at, ": %s", words);
    }
    return code;
}

void err_prefix(struct err *e, const char *fmt, ...) {
    if (!e) {
        return;
    }
    char text[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    size_t at = len < 0 ? 0 : MIN_OF((size_t)len, sizeof(text) - 1);
    struct bytes parts[] = {BYTES(": "), bytes_str(e->text)};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        size_t len_part = MIN_OF(parts[i].len, sizeof(text) - 1 - at);
        memcpy(text + at, parts[i].ptr, len_part);
        at += len_part;
    }
    text[at] = '\0';
    memcpy(e->text, text, sizeof(text));
}
