/* mem.c - malloc behind a seam.
 *
 * Two process-wide atomic counters serve the tests: blocks alive, and a countdown to the allocation
 * that shall fail. They are the only mutable state here; relaxed order suffices for both. */
#include "base/mem.h"
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic int64_t live_blocks;
static _Atomic int64_t fail_countdown;

static bool must_fail(void) {
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0) {
        return false;
    }
    return atomic_fetch_sub_explicit(&fail_countdown, 1, memory_order_relaxed) == 1;
}

static void *count_block(void *ptr) {
    if (ptr) {
        atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
    }
    return ptr;
}

void *mem_alloc(size_t size) {
    return must_fail() ? NULL : count_block(malloc(size ? size : 1));
}

void *mem_calloc(size_t count, size_t size) {
    if (must_fail()) {
        return NULL;
    }
    bool empty = count == 0 || size == 0;
    return count_block(empty ? calloc(1, 1) : calloc(count, size));
}

void *mem_realloc(void *ptr, size_t size) {
    if (must_fail()) {
        return NULL;
    }
    void *moved = realloc(ptr, size ? size : 1);
    return ptr ? moved : count_block(moved);
}

char *mem_strndup(const char *str, size_t len) {
    char *copy = len < SIZE_MAX ? mem_alloc(len + 1) : NULL;
    if (!copy) {
        return NULL;
    }
    if (len > 0) {
        memcpy(copy, str, len);
    }
    copy[len] = '\0';
    return copy;
}

void mem_free(void *ptr) {
    if (ptr) {
        atomic_fetch_sub_explicit(&live_blocks, 1, memory_order_relaxed);
        free(ptr);
    }
}

void mem_trim(void) {
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

void mem_test_fail_nth(int64_t nth) {
    atomic_store(&fail_countdown, nth);
}

int64_t mem_test_live_blocks(void) {
    return atomic_load(&live_blocks);
}
