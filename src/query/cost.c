/* cost.c - how many bytes a scan reads, and what Athena would bill for a query.
 *
 * A scan of Parquet reads the column chunks of the leaves it uses in the row groups it keeps; of
 * other formats, and of files whose footer is not known, the whole file. Source of the price rule:
 * https://aws.amazon.com/athena/pricing/ (5 dollars per terabyte scanned, rounded up to the nearest
 * megabyte, 10 megabytes at least for a query; statements that read no data are free). */
#include "query/query_int.h"

int64_t plan_column_bytes(const struct plan_scan *s, const struct plan_file *f, size_t column) {
    int64_t sum = -1;
    if (!f->facts)
        return -1;
    for (size_t i = 0; i < f->facts->leaf_count; i++) {
        const struct facts_leaf *leaf = &f->facts->leaves[i];
        if (!facts_is_below(leaf->name, s->table->info.columns[column].name))
            continue;
        sum = MAX_OF(sum, 0);
        bool read = plan_reads_leaf(s, column, leaf->name);
        for (size_t g = 0; read && g < f->facts->group_count; g++)
            sum += plan_keeps_group(f, g) ? leaf->bytes[g] : 0;
    }
    return sum;
}

static uint64_t file_bytes(const struct plan_scan *s, const struct plan_file *f) {
    uint64_t sum = 0;
    if (s->table->format != FORMAT_PARQUET || !f->facts)
        return f->size_bytes;
    for (size_t i = 0; i < s->table->data_count; i++) {
        int64_t n = s->scan->column_used[i] ? plan_column_bytes(s, f, i) : 0;
        sum += n > 0 ? (uint64_t)n : 0;
    }
    return sum;
}

uint64_t plan_scan_bytes(const struct plan_scan *s) {
    uint64_t sum = 0;
    for (size_t i = 0; i < s->file_count; i++)
        sum += file_bytes(s, &s->files[i]);
    for (size_t i = 0; i < s->tail_count; i++)
        sum += s->tails[i].data_bytes;
    return sum;
}

uint64_t plan_billed_bytes(const struct plan *p, uint64_t bytes) {
    if (p->scan_count == 0)
        return 0;
    return MAX_OF((bytes + MIB(1) - 1) / MIB(1) * MIB(1), MIB(10));
}

double plan_price_usd(uint64_t billed_bytes) {
    return (double)billed_bytes * 5.0 / (double)(MIB(1) * MIB(1));
}
