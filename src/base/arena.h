/* arena.h - memory that is freed all at once: one arena per request and per task.
 *
 * Not thread-safe; an arena belongs to one thread at a time. Zero-initialise through arena_init.
 * With TARN_ARENA_MALLOC=1 in the environment at arena_init each allocation is its own heap block,
 * so that sanitizers see overruns. A full arena is an ordinary failure: functions return NULL or an
 * empty view with `failed` set. */
#ifndef TARN_BASE_ARENA_H
#define TARN_BASE_ARENA_H

#include "base/bytes.h"
#include <stdarg.h>

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used;      /* bytes handed out */
    size_t limit;     /* 0: none */
    bool each_malloc; /* sanitizer mode */
    bool failed;      /* some allocation failed */
};

/* `limit_bytes` 0 means no limit. Allocates nothing yet. */
void arena_init(struct arena *a, size_t limit_bytes);
/* Frees all; the arena can be used again. Every pointer from it is dead. */
void arena_clear(struct arena *a);
/* `size` bytes aligned to 16, uninitialised / zeroed; NULL when out of memory or over the limit. */
void *arena_alloc(struct arena *a, size_t size) WARN_UNUSED;
void *arena_calloc(struct arena *a, size_t size) WARN_UNUSED;
/* NUL-terminated copies (the NUL is not counted in a view's len). NULL/empty view on failure. */
char *arena_strndup(struct arena *a, const char *str, size_t len) WARN_UNUSED;
char *arena_cstr(struct arena *a, struct bytes v) WARN_UNUSED;
struct bytes arena_copy(struct arena *a, struct bytes v) WARN_UNUSED;
struct bytes arena_fmt(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) WARN_UNUSED;
struct bytes arena_vfmt(struct arena *a, const char *fmt, va_list ap) WARN_UNUSED;

#define ARENA_NEW(a, type) ((type *)arena_calloc((a), sizeof(type)))
#define ARENA_NEW_N(a, type, n) ((type *)arena_calloc((a), sizeof(type) * (size_t)(n)))

#endif
