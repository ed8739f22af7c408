/* fuzz_facts.c - facts of a file as the catalogue may hold them: parsed, every leaf and range read.
 */
#include "base/mem.h"
#include "query/facts_int.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t sum_of(const struct file_facts *f, const struct facts_leaf *leaf) {
    int64_t sum = 0;
    for (size_t g = 0; g < f->group_count; g++) {
        sum ^= leaf->bytes[g] ^ f->group_rows[g];
        const struct facts_range *r = leaf->ranges ? &leaf->ranges[g] : NULL;
        if (r && r->known && leaf->kind == FACTS_TEXT)
            sum ^= bytes_cmp(r->min.s, r->max.s);
        else if (r && r->known)
            sum ^= r->min.i ^ r->max.i ^ r->nulls;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct file_facts *f = NULL;
    int64_t sum = 0;
    if (facts_parse(bytes_of(data, size), 1, &f, NULL))
        return 0;
    for (size_t i = 0; i < f->leaf_count; i++) {
        size_t hint = i;
        bool nested;
        sum ^= sum_of(f, &f->leaves[i]);
        if (!facts_leaf_of(f, f->leaves[i].name, &hint, &nested))
            abort();
    }
    volatile int64_t read = sum;
    (void)read;
    mem_free(f);
    return 0;
}
