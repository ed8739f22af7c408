/* arena.c - bump allocation from a chain of growing blocks.
 *
 *   head ──▶ [next|size|used|........free] ──▶ [older block] ──▶ NULL
 *
 * Only the head is bumped. Blocks double from 4 KiB to 256 KiB; an allocation larger than a quarter
 * of the next block gets a block of its own behind the head, so that the head's room is not lost.
 */
#include "base/arena.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_MIN KIB(4)
#define BLOCK_MAX KIB(256)
#define ALIGNMENT 16

struct arena_block {
    struct arena_block *next;
    size_t size; /* of data */
    size_t used;
    size_t pad_;
    _Alignas(ALIGNMENT) char data[];
};

void arena_init(struct arena *a, size_t limit_bytes) {
    const char *each = getenv("TARN_ARENA_MALLOC");
    *a = (struct arena){.limit = limit_bytes, .each_malloc = each && strcmp(each, "1") == 0};
}

void arena_clear(struct arena *a) {
    while (a->head) {
        struct arena_block *next = a->head->next;
        mem_free(a->head);
        a->head = next;
    }
    a->used = 0;
    a->failed = false;
}

static struct arena_block *block_new(size_t size) {
    struct arena_block *b = mem_alloc(sizeof(*b) + size);
    if (b) {
        b->next = NULL;
        b->size = size;
        b->used = 0;
    }
    return b;
}

/* A block with room for `size`: alone behind the head when large, else the new head. */
static struct arena_block *add_block(struct arena *a, size_t size) {
    size_t next_size = a->head ? MIN_OF(a->head->size * 2, BLOCK_MAX) : BLOCK_MIN;
    next_size = MAX_OF(next_size, BLOCK_MIN);
    bool alone = a->each_malloc || size > next_size / 4;
    struct arena_block *b = block_new(alone ? size : next_size);
    if (!b) {
        return NULL;
    }
    if (alone && a->head) {
        b->next = a->head->next;
        a->head->next = b;
    } else {
        b->next = a->head;
        a->head = b;
    }
    return b;
}

static void *fail(struct arena *a) {
    a->failed = true;
    return NULL;
}

void *arena_alloc(struct arena *a, size_t size) {
    if (size > SIZE_MAX / 4) {
        return fail(a);
    }
    size_t rounded =
        a->each_malloc ? size : ((size ? size : 1) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (a->limit && (rounded > a->limit || a->used > a->limit - rounded)) {
        return fail(a);
    }
    struct arena_block *b = a->head;
    if (!b || a->each_malloc || b->size - b->used < rounded) {
        b = add_block(a, rounded);
        if (!b) {
            return fail(a);
        }
    }
    void *ptr = b->data + b->used;
    b->used += rounded;
    a->used += rounded;
    return ptr;
}

void *arena_calloc(struct arena *a, size_t size) {
    void *ptr = arena_alloc(a, size);
    return ptr ? memset(ptr, 0, size) : NULL;
}

char *arena_strndup(struct arena *a, const char *str, size_t len) {
    char *copy = arena_alloc(a, len + 1);
    if (copy) {
        if (len > 0) {
            memcpy(copy, str, len);
        }
        copy[len] = '\0';
    }
    return copy;
}

char *arena_cstr(struct arena *a, struct bytes v) {
    return arena_strndup(a, v.ptr, v.len);
}

struct bytes arena_copy(struct arena *a, struct bytes v) {
    char *copy = arena_strndup(a, v.ptr, v.len);
    return copy ? bytes_of(copy, v.len) : (struct bytes){0};
}

struct bytes arena_vfmt(struct arena *a, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *text = len >= 0 ? arena_alloc(a, (size_t)len + 1) : fail(a);
    if (!text) {
        return (struct bytes){0};
    }
    (void)vsnprintf(text, (size_t)len + 1, fmt, ap);
    return bytes_of(text, (size_t)len);
}

struct bytes arena_fmt(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    struct bytes text = arena_vfmt(a, fmt, ap);
    va_end(ap);
    return text;
}
