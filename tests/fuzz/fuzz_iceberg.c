/* fuzz_iceberg.c - any document is changed or refused with a sentence; what comes out is a document
 * that can be changed again. */
#include "base/mem.h"
#include "catalog/iceberg.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int change(struct arena *a, struct bytes old, const struct iceberg_edit *x,
                  struct iceberg_document *ret) {
    struct err e = {0};
    int rc = iceberg_change(a, old, BYTES("s3://b/t/metadata/00000-x.metadata.json"), x,
                            1700000000000, ret, &e);
    if (rc && !e.text[0])
        abort();
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct bytes text = bytes_of(data, size);
    struct bytes type = bytes_slice(text, 0, MIN_OF(size, 40));
    struct iceberg_column added = {BYTES("added"), type, BYTES("new")};
    struct iceberg_column plain = {BYTES("plain"), BYTES("map<string,array<int>>"), {0}};
    struct iceberg_property properties[] = {{BYTES("k"), BYTES("v")}, {BYTES("gone"), {0}}};
    const struct iceberg_edit edits[] = {
        {.add = &added, .add_count = 1},
        {.add = &plain, .add_count = 1},
        {.drop = BYTES("a")},
        {.change = BYTES("a"), .to = {BYTES("b"), BYTES("bigint"), {0}}, .after = BYTES("c")},
        {.properties = properties, .property_count = 2}};
    arena_init(&a, (size_t)64 << 20);
    for (size_t i = 0; i < COUNT_OF(edits); i++) {
        struct iceberg_document once, twice;
        if (change(&a, text, &edits[i], &once) == 0 && i == 4 &&
            change(&a, once.json, &edits[i], &twice))
            abort();
    }
    struct iceberg_new in = {.location = BYTES("s3://b/t"),
                             .columns = &added,
                             .column_count = 1,
                             .properties = properties,
                             .property_count = 2};
    struct iceberg_document made, more;
    struct err e = {0};
    if (iceberg_make(&a, &in, &made, &e) == 0 && change(&a, made.json, &edits[1], &more))
        abort();
    arena_clear(&a);
    return 0;
}
