/* GetPartitions' filter: any text is an expression or an error, and evaluates on any values. */
#include "api/glue/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const types[] = {"string", "int", "decimal(10,2)", "timestamp"};
    struct expression_key keys[COUNT_OF(types)] = {
        {.name = BYTES("dt")}, {.name = BYTES("n")}, {.name = BYTES("p")}, {.name = BYTES("t")}};
    struct bytes values[COUNT_OF(types)];
    const struct expression *x;
    struct arena a;
    struct err e;
    arena_init(&a, 0);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (type_parse(&a, bytes_str(types[i]), &keys[i].type, NULL))
            return 0;
        values[i] = bytes_of(data, size < i * 5 ? size : i * 5);
    }
    if (expression_parse(&a, bytes_of(data, size), keys, COUNT_OF(keys), &x, &e) == 0) {
        expression_match(x, values, COUNT_OF(values));
        expression_match(x, values, 1);
    } else {
        assert(e.code == ERR_INVALID_INPUT);
    }
    arena_clear(&a);
    return 0;
}
