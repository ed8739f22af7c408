/* Exclude patterns: any text expands or is refused, and matches any path in bounded time. The first
 * line is the pattern, the rest the path. */
#include "crawl/crawl_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes pattern, path, *items = NULL;
    struct arena a;
    struct err e = {0};
    size_t n = 0;
    if (size > 1024)
        return 0;
    path = bytes_cut(bytes_of(data, size), '\n', &pattern);
    arena_init(&a, 0);
    if (glob_expand(&a, pattern, &items, &n, &e)) {
        assert(e.code == ERR_INVALID_INPUT);
    } else {
        assert(n > 0);
        for (size_t i = 0; i < n; i++)
            glob_match(items[i], path);
        assert(glob_match(BYTES("**"), path));
    }
    arena_clear(&a);
    return 0;
}
