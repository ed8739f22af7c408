/* fuzz_json.c - whatever the reader accepts, the writer's text reads back to the same text. */
#include "base/json.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_tree(struct buf *b, const struct json *j) {
    struct jsonw w = jsonw_to(b);
    jsonw_tree(&w, j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct json *j, *again;
    struct buf first = {0}, second = {0};
    int64_t value;
    arena_init(&a, 0);
    a.each_malloc = true;
    if (json_parse(&a, bytes_of(data, size), &j, NULL) == 0) {
        (void)json_to_i64(j, &value);
        (void)json_get_f64(j, "a", 0);
        write_tree(&first, j);
        if (json_parse(&a, buf_bytes(&first), &again, NULL) != 0) {
            abort();
        }
        write_tree(&second, again);
        if (!bytes_eq(buf_bytes(&first), buf_bytes(&second))) {
            abort();
        }
    }
    buf_clear(&first);
    buf_clear(&second);
    arena_clear(&a);
    return 0;
}
