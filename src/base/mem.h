/* mem.h - the heap, behind one seam so that tests can fail the nth allocation and count leaks.
 *
 * All heap memory of Tarn's own code comes from here; memory that a library hands out is freed by
 * that library's function. Every function may be called from any thread. */
#ifndef TARN_BASE_MEM_H
#define TARN_BASE_MEM_H

#include "base/compiler.h"

/* Returns `size` bytes, or NULL when memory is short. The caller owns them; free with mem_free. */
void *mem_alloc(size_t size) WARN_UNUSED;

/* As mem_alloc, zeroed; NULL also when count * size overflows. */
void *mem_calloc(size_t count, size_t size) WARN_UNUSED;

/* Grows or shrinks. On failure returns NULL and `ptr` stays valid and owned by the caller. */
void *mem_realloc(void *ptr, size_t size) WARN_UNUSED;

/* A NUL-terminated copy of `len` bytes of `str`; NULL when memory is short. */
char *mem_strndup(const char *str, size_t len) WARN_UNUSED;

/* Frees; NULL is fine. */
void mem_free(void *ptr);

/* Gives what was freed back to the system: after something large, not in a loop. */
void mem_trim(void);

/* Test twin: the nth allocation from now fails once (1 = the next); 0 switches it off. */
void mem_test_fail_nth(int64_t nth);

/* Test twin: blocks handed out and not yet freed, in this process. */
int64_t mem_test_live_blocks(void);

#endif
