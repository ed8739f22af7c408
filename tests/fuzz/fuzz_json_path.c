/* Paths of SQL/JSON: the first line is the path, the rest the document. Any text compiles or is
 * refused with a place in it; a compiled path gives items or a reason over any document, twice the
 * same. */
#include "duck/json_path.h"

static void evaluate(const struct json_path *path, struct bytes document) {
    size_t counts[2] = {0, 0};
    bool ok[2];
    for (int round = 0; round < 2; round++) {
        struct arena a;
        struct err why = {0};
        struct json_tree *input;
        struct json_items items = {0};
        arena_init(&a, (size_t)64 << 20);
        ok[round] = json_tree_parse(&a, document, &input) &&
                    json_path_evaluate(path, &a, input, NULL, 0, &items, &why);
        counts[round] = items.count;
        for (size_t i = 0; ok[round] && i < items.count && i < 100; i++) {
            struct buf out = {0};
            json_tree_write(items.items[i], &out);
            buf_clear(&out);
        }
        arena_clear(&a);
    }
    assert(ok[0] == ok[1] && counts[0] == counts[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes all = bytes_of(data, size), document = BYTES("[1, {\"a\": \"x\"}]");
    struct json_path *path = NULL;
    struct err e = {0};
    ptrdiff_t end = bytes_find_char(all, '\n');
    struct bytes text = end < 0 ? all : bytes_slice(all, 0, (size_t)end);
    if (end >= 0)
        document = bytes_slice(all, (size_t)end + 1, all.len);
    if (json_path_compile(text, &path, &e)) {
        assert(e.code == ERR_SQL || e.code == ERR_NOMEM);
        assert(e.column >= 0 && (size_t)e.column <= text.len + 1);
        return 0;
    }
    evaluate(path, document);
    json_path_free(&path);
    assert(!path);
    return 0;
}
