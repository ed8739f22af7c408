/* fuzz_warehouse.c - any bytes as a warehouse file: an error with a position, never a crash. */
#include "stack/warehouse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct warehouse *w;
    struct err e = {0};
    arena_init(&a, MIB(64));
    if (warehouse_parse(&a, bytes_of(data, size), BYTES("/x"), &w, &e) == 0) {
        for (size_t i = 0; i < w->table_count; i++) {
            if (!w->tables[i].location.len) {
                __builtin_trap();
            }
        }
    } else if (e.text[0] == 0) {
        __builtin_trap();
    }
    arena_clear(&a);
    return 0;
}
